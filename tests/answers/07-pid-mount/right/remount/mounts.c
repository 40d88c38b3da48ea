/* Older kernels: one remount for each mount, with the flags that it has. */
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "failure.h"
#include "syscalls.h"

int make_mounts_private(void)
{
	/* A follower at first: nothing spreads out from here on. */
	if (mount("none", "/", "none", MS_SLAVE | MS_REC, "") != 0 ||
	    mount("none", "/", "none", MS_PRIVATE | MS_REC, "") != 0)
		return failed("make private", "/");
	return 0;
}

int mount_proc(const char *dir)
{
	const unsigned long flags = MS_NOEXEC | MS_NODEV | MS_NOSUID;

	return mount("none", dir, "proc", flags, "") ? failed("proc", "%s", dir)
						     : 0;
}

int mount_tmpfs(const char *dir, const char *options)
{
	return mount("none", dir, "tmpfs", MS_NODEV | MS_NOSUID,
		     options ? options : "")
		       ? failed("tmpfs", "%s", dir)
		       : 0;
}

/* Newer than some of the headers that they belong in; statfs(2), mount(2). */
#define ST_NO_LINKS 0x2000
#define MS_NO_LINKS 256

static unsigned long flags_of(const char *dir)
{
	static const unsigned long pairs[][2] = {
		{ST_NOSUID, MS_NOSUID},		{ST_NODEV, MS_NODEV},
		{ST_NOEXEC, MS_NOEXEC},		{ST_NOATIME, MS_NOATIME},
		{ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME},
		{ST_NO_LINKS, MS_NO_LINKS},
	};
	unsigned long flags = 0;
	struct statvfs now;

	if (statvfs(dir, &now) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (now.f_flag & pairs[i][0])
			flags |= pairs[i][1];
	return flags;
}

static int remount(const char *dir)
{
	return mount(NULL, dir, NULL,
		     MS_REMOUNT | MS_BIND | MS_RDONLY | flags_of(dir), NULL);
}

/* A blank and its like are octal numbers there, as \040. */
static void undo_escapes(char *name)
{
	char *to = name;
	unsigned byte;

	for (; *name; name++) {
		if (sscanf(name, "\\%3o", &byte) == 1) {
			*to++ = (char)byte;
			name += 3;
		} else {
			*to++ = *name;
		}
	}
	*to = '\0';
}

static bool is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 && path[length] == '/';
}

/* The mount itself, then all below, as the kernel lists them. */
static int remount_tree(const char *top)
{
	char line[4096], point[2048];
	FILE *list = fopen("/proc/self/mountinfo", "re");
	int result = list ? remount(top) : -1, saved;

	while (result == 0 && fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%*s %*s %*s %*s %2047s", point) != 1)
			continue;
		undo_escapes(point);
		if (is_below(point, top))
			result = remount(point);
	}
	saved = errno;
	if (list)
		fclose(list);
	errno = saved;
	return result;
}

int bind_mount(const char *source, const char *target, bool read_only)
{
	char top[4096];
	int error;

	if (mount(source, target, "none", MS_BIND | MS_REC, "") != 0)
		return failed("bind", "%s to %s", source, target);
	if (!read_only)
		return 0;
	if (realpath(target, top) && remount_tree(top) == 0)
		return 0;
	error = errno;
	umount2(target, MNT_DETACH);
	errno = error;
	return failed("remount", "%s", target);
}
