#include "hierarchy.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"

/* The line "0::/path" of /proc/PID/cgroup, seen from the namespace's root. */
static int group_path(pid_t pid, char path[PATH_MAX])
{
	char text[8192], name[32] = "/proc/self/cgroup", *rest = text, *line;
	bool found = false;

	if (pid != 0)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	if (read_file(AT_FDCWD, name, text, sizeof(text)) < 0)
		return -1;
	while (!found && (line = strsep(&rest, "\n")) != NULL)
		/* "/..": outside of what this namespace can name. */
		found = strncmp(line, "0::/", 4) == 0 &&
			strncmp(line, "0::/..", 6) != 0 &&
			snprintf(path, PATH_MAX, "%s", line + 3) < PATH_MAX;
	if (!found) {
		errno = ENOENT;
		return failed("find a version 2 group in", "%s", name);
	}
	return 0;
}

/* In mountinfo a blank in a name is "\040". */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && isdigit((unsigned char)from[1]) &&
		    isdigit((unsigned char)from[2]) &&
		    isdigit((unsigned char)from[3])) {
			*to = (char)((from[1] - '0') * 64 +
				     (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Something that is not the group may have been mounted over it. */
static int open_if_group(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs about;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &about) == 0 && about.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	close(fd);
	return -1;
}

/*
 * If the line is that of a mount which shows the group `path`, opens it there.
 * "36 35 98:0 /root /mount/point options - cgroup2 source options": a mount
 * shows what is below its root.
 */
static int open_in_mount(char *line, const char *path)
{
	char *root, *point, full[PATH_MAX], *rest = line;
	size_t length;

	if (!strstr(line, " - cgroup2 "))
		return -1;
	for (int i = 0; i < 3; i++)
		strsep(&rest, " ");
	root = strsep(&rest, " ");
	point = strsep(&rest, " ");
	if (!root || !point)
		return -1;
	unescape(root);
	unescape(point);
	length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(path, root, length) != 0 ||
	    (path[length] != '/' && path[length] != '\0'))
		return -1;
	if (snprintf(full, sizeof(full), "%s%s", point, path + length) >=
	    (int)sizeof(full))
		return -1;
	return open_if_group(full);
}

/*
 * Where it is mounted nearly everywhere: mountinfo is long, and the kernel
 * takes its time to write it. A mount that shows another part of the hierarchy
 * has no group of this name.
 */
static int open_in_usual_place(const char *path)
{
	static const char *const places[] = {"/sys/fs/cgroup",
					     "/sys/fs/cgroup/unified"};
	char full[PATH_MAX];
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(places) / sizeof(*places); i++)
		if (snprintf(full, sizeof(full), "%s%s", places[i], path) <
		    (int)sizeof(full))
			fd = open_if_group(full);
	return fd;
}

int open_group_of(pid_t pid)
{
	char path[PATH_MAX], *line = NULL;
	size_t room = 0;
	FILE *file;
	int fd = -1;

	if (group_path(pid, path) < 0)
		return -1;
	fd = open_in_usual_place(path);
	if (fd >= 0)
		return fd;
	file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return failed("open", "/proc/self/mountinfo");
	while (fd < 0 && getline(&line, &room, file) > 0)
		fd = open_in_mount(line, path);
	free(line);
	fclose(file);
	if (fd < 0) {
		errno = ENOENT;
		return failed("find a mount of cgroup version 2 that shows",
			      "%s", path);
	}
	return fd;
}

bool is_root_group(int dir)
{
	return faccessat(dir, "cgroup.type", F_OK, 0) < 0 && errno == ENOENT;
}

int count_processes(int dir)
{
	char text[4096];
	int lines = 0;

	if (read_file(dir, "cgroup.procs", text, sizeof(text)) < 0) {
		if (errno != EFBIG)
			return -1;
		/* What has been read so far has at least as many lines. */
		return (int)sizeof(text) / 16;
	}
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	return lines;
}

int lists_word(int dir, const char *file, const char *word)
{
	char text[1024], *rest = text, *next;

	if (read_file(dir, file, text, sizeof(text)) < 0)
		return -1;
	while ((next = strsep(&rest, " \n")) != NULL)
		if (strcmp(next, word) == 0)
			return 1;
	return 0;
}

int need_controller(int dir, const char *name)
{
	int listed = lists_word(dir, "cgroup.controllers", name);

	if (listed == 0)
		errno = EOPNOTSUPP;
	if (listed <= 0)
		return failed("find the controller", "%s for %s", name,
			      path_of(dir));
	return 0;
}

const char *path_of(int dir)
{
	static char path[PATH_MAX];
	char link[32];
	int saved = errno;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	errno = saved;
	return path;
}

uint64_t value_of(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (*text) {
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			return strtoull(text + length, NULL, 10);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

int read_value(int dir, const char *file, const char *key, uint64_t *value)
{
	char text[4096];

	*value = 0;
	if (read_file(dir, file, text, sizeof(text)) < 0)
		return errno == ENOENT ? 0 : -1;
	*value = key ? value_of(text, key) : strtoull(text, NULL, 10);
	return 0;
}

DIR *open_groups(int dir)
{
	/* A descriptor of its own, whose place in the directory is the start */
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *groups = fd < 0 ? NULL : fdopendir(fd);
	int saved = errno;

	if (!groups && fd >= 0)
		close(fd);
	errno = saved;
	return groups;
}

const char *next_group(DIR *groups)
{
	struct dirent *entry;
	int saved = errno;

	do {
		errno = 0;
		entry = readdir(groups);
	} while (entry &&
		 (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		  strcmp(entry->d_name, "..") == 0));
	if (!entry && errno != 0)
		return NULL;
	errno = saved;
	return entry ? entry->d_name : NULL;
}
