/*
 * watch DIR -- CMD...: runs CMD, and again each time that a file in DIR or in
 * a directory right below it is saved. inotify(7)
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "spawn.h"

/* An editor writes several files for one save: they are waited for. */
#define QUIET_MILLISECONDS 50

/* A file was written, or another one was moved to its name. */
#define SAVED (IN_CLOSE_WRITE | IN_MOVED_TO)

/* What is no directory needs none. */
static int watch(int notices, const char *dir)
{
	if (inotify_add_watch(notices, dir, SAVED | IN_ONLYDIR) < 0 &&
	    errno != ENOTDIR)
		return failed("inotify_add_watch", "%s", dir);
	return 0;
}

static int watch_below(int notices, const char *dir)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *stream = opendir(dir);
	int result = stream ? watch(notices, dir) : failed("open", "%s", dir);

	while (result == 0 && (errno = 0, entry = readdir(stream)) != NULL) {
		/* Not every file system says what it is: then watch() does. */
		if (entry->d_name[0] == '.' ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		result = watch(notices, path);
	}
	if (result == 0 && errno != 0)
		result = failed("read", "%s", dir);
	if (stream)
		closedir(stream);
	return result;
}

/* Sources alone: editors make files of other names beside them. */
static bool is_source(const struct inotify_event *event)
{
	size_t length = event->len ? strlen(event->name) : 0;

	return length > 2 && event->name[0] != '.' &&
	       event->name[length - 2] == '.' &&
	       strchr("ch", event->name[length - 1]) != NULL;
}

/* Waits for events; 1 when a source is among them, 0, or -1. */
static int wait_for_save(int notices)
{
	char buffer[16 * 1024]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t size = read(notices, buffer, sizeof(buffer));
	int found = 0;

	if (size < 0)
		return errno == EINTR ? 0 : failed("read", "inotify");
	for (char *at = buffer; at < buffer + size;) {
		const struct inotify_event *event = (void *)at;

		/* Of what did not fit nobody knows what it was. */
		found |= is_source(event) || event->mask & IN_Q_OVERFLOW;
		at += sizeof(*event) + event->len;
	}
	return found;
}

static int until_quiet(int notices)
{
	struct pollfd more = {.fd = notices, .events = POLLIN};

	while (poll(&more, 1, QUIET_MILLISECONDS) > 0)
		if (wait_for_save(notices) < 0)
			return -1;
	return 0;
}

static int tell_watched(const char *dir)
{
	if (isatty(STDOUT_FILENO) &&
	    dprintf(STDOUT_FILENO,
		    "\nwatching %s: save a file there. Ctrl-C ends it.\n",
		    dir) < 0)
		return failed("write", "standard output");
	return 0;
}

static int run(const char *dir, char **argv)
{
	const struct command command = {.file = argv[0], .argv = argv};
	pid_t child;

	if (isatty(STDOUT_FILENO) &&
	    write(STDOUT_FILENO, "\033[H\033[2J", 7) < 0)
		return failed("write", "standard output");
	child = spawn(&command);
	if (child < 0)
		return -1;
	while (waitpid(child, NULL, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "%s", argv[0]);
	return tell_watched(dir);
}

int main(int argc, char **argv)
{
	int notices, saved = 1;

	if (argc < 4 || strcmp(argv[2], "--") != 0)
		bad_usage("DIR -- CMD... is needed");
	notices = inotify_init1(IN_CLOEXEC);
	if (notices < 0) {
		failed("inotify_init1", "");
		die(EXIT_OURS);
	}
	if (watch_below(notices, argv[1]) < 0)
		die(EXIT_OURS);
	for (;;) {
		if (saved &&
		    (until_quiet(notices) < 0 || run(argv[1], argv + 3) < 0))
			die(EXIT_OURS);
		saved = wait_for_save(notices);
		if (saved < 0)
			die(EXIT_OURS);
	}
}
