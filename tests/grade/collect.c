/*
 * collect: the files of a submission that somebody else has made, and nothing
 * else of it.
 *
 *	collect SUBMISSION OUT STAGE/FILE...
 *
 * Each FILE is looked for in SUBMISSION/stages/STAGE, SUBMISSION/STAGE and
 * SUBMISSION itself, in this order, and copied to OUT/STAGE/FILE, without a
 * byte order mark and with newlines as Unix has them. Only a regular file of at
 * most MOST_BYTES is taken, by a path without a symbolic link. For each comes a
 * line on standard output, separated by tabs:
 *
 *	STAGE FILE taken PATH
 *	STAGE FILE missing -
 *	STAGE FILE refused WHY
 *
 * Exits 0 when each file has got its line, else 125.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "options.h"
#include "syscalls.h"

/* An answer of the course has at most 20 KB; nobody types so much more. */
#define MOST_BYTES (256 << 10)

static const struct option_spec specs[] = {{0}};

/* What is there, not opened yet: to open a FIFO or a device may do things. */
static int look(int submission, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int fd;

	do
		fd = sys_openat2(submission, path, &how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return fd;
}

/* Why it is not taken; NULL: it is. */
static const char *objection(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return "a symbolic link";
	if (S_ISDIR(st->st_mode))
		return "a directory";
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_nlink > 1)
		return "it has other names too (a hard link): submit a copy";
	if (st->st_size > MOST_BYTES)
		return "larger than 256 KiB";
	return NULL;
}

/* All of it, or one byte more than may be: then it has grown. -1: errno. */
static ssize_t read_all(int fd, char *text, size_t room)
{
	size_t length = 0;
	ssize_t n = 1;

	while (length < room && n > 0) {
		n = read(fd, text + length, room - length);
		if (n > 0)
			length += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	return n < 0 ? -1 : (ssize_t)length;
}

/* As an editor on Unix would have saved it; the new length. */
static size_t normalise(char *text, size_t length)
{
	size_t from = 0, to = 0;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		from = 3;
	for (; from < length; from++)
		if (text[from] != '\r' || from + 1 == length ||
		    text[from + 1] != '\n')
			text[to++] = text[from];
	return to;
}

/* OUT/STAGE/FILE, anew. Ours alone: what fails here is no student's fault. */
static void save(int out, const char *name, const char *text, size_t length)
{
	const char *slash = strchr(name, '/');
	char stage[NAME_MAX + 1];
	size_t done = 0;
	ssize_t n = 0;
	int fd;

	snprintf(stage, sizeof(stage), "%.*s", (int)(slash - name), name);
	if (mkdirat(out, stage, 0755) < 0 && errno != EEXIST) {
		failed("mkdir", "%s", stage);
		die(EXIT_OURS);
	}
	fd = openat(out, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		failed("create", "%s", name);
		die(EXIT_OURS);
	}
	while (done < length && n >= 0) {
		n = write(fd, text + done, length - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 0;
	}
	if (n < 0 || close(fd) < 0) {
		failed("write", "%s", name);
		die(EXIT_OURS);
	}
}

/* Nobody has seen the file: that says nothing about who has handed it in. */
static _Noreturn void unseen(const char *operation, const char *path)
{
	failed(operation, "%s", path);
	die(EXIT_OURS);
}

/* Why not; NULL: OUT has a copy of the file `from`, which `fd` looks at. */
static const char *take(int fd, const char *from, int out, const char *name)
{
	static char text[MOST_BYTES + 1];
	const char *why;
	char path[40];
	struct stat st;
	ssize_t length;
	int file;

	if (fstat(fd, &st) < 0)
		unseen("stat", from);
	why = objection(&st);
	if (why)
		return why;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		unseen("open", from);
	length = read_all(file, text, sizeof(text));
	if (length < 0)
		unseen("read", from);
	close(file);
	if (length > MOST_BYTES)
		return "larger than 256 KiB";
	save(out, name, text, normalise(text, (size_t)length));
	return NULL;
}

static void say(const char *name, const char *what, const char *more)
{
	const char *slash = strchr(name, '/');

	printf("%.*s\t%s\t%s\t%s\n", (int)(slash - name), name, slash + 1, what,
	       more);
}

static void collect(int submission, int out, const char *name)
{
	const char *const paths[] = {"stages/", "", NULL};
	const char *why = NULL;
	char path[PATH_MAX];

	for (int i = 0; i < 3; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s%s", paths[i] ? paths[i] : "",
			 paths[i] ? name : strchr(name, '/') + 1);
		fd = look(submission, path);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (fd >= 0) {
			why = take(fd, path, out, name);
			close(fd);
		} else if (errno == ELOOP) {
			why = "by way of a symbolic link";
		} else {
			unseen("open", path);
		}
		if (why)
			say(name, "refused", why);
		else
			say(name, "taken", path);
		return;
	}
	say(name, "missing", "-");
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		failed("open", "%s", path);
		die(EXIT_OURS);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "SUBMISSION OUT STAGE/FILE...",
		.summary = "Copies the files of a submission that the course "
			   "knows.",
		.specs = specs,
		.argv = argv + 1,
	};
	int submission, out;

	next_option(&options);
	if (argc < 4)
		bad_usage("SUBMISSION, OUT and STAGE/FILE are needed");
	for (char **name = argv + 3; *name; name++)
		if (!strchr(*name, '/'))
			bad_usage("%s: expected STAGE/FILE", *name);
	submission = open_directory(argv[1]);
	out = open_directory(argv[2]);
	for (char **name = argv + 3; *name; name++)
		collect(submission, out, *name);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		failed("write", "standard output");
		die(EXIT_OURS);
	}
	return 0;
}
