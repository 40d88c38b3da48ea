/* The newer calls: a mount is a descriptor first, and attached last. */
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "syscalls.h"

enum { SET_FLAG, SET_STRING, CREATE = 6 };

int make_mounts_private(void)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};

	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) < 0)
		return failed("mount_setattr private", "/");
	return 0;
}

/* Keeps errno. */
static int shut(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

/* "NAME=VALUE" or "NAME" */
static int set_option(int fs, char *option)
{
	char *value = strchr(option, '=');

	if (value)
		*value++ = '\0';
	return (int)syscall(SYS_fsconfig, fs, value ? SET_STRING : SET_FLAG,
			    option, value, 0);
}

static int configure(int fs, const char *options)
{
	char text[256], *rest = NULL;

	snprintf(text, sizeof(text), "%s", options ? options : "");
	for (char *word = strtok_r(text, ",", &rest); word;
	     word = strtok_r(NULL, ",", &rest))
		if (set_option(fs, word) < 0)
			return -1;
	return (int)syscall(SYS_fsconfig, fs, CREATE, NULL, NULL, 0);
}

static int attach(const char *type, const char *dir, const char *options,
		  unsigned flags)
{
	int fs = (int)syscall(SYS_fsopen, type, 1), tree;

	if (fs < 0)
		return failed("fsopen", "%s", type);
	if (configure(fs, options) < 0 ||
	    (tree = (int)syscall(SYS_fsmount, fs, 1, flags)) < 0) {
		shut(fs);
		return failed("configure", "%s for %s", type, dir);
	}
	close(fs);
	if (sys_move_mount(tree, "", AT_FDCWD, dir, MOVE_MOUNT_F_EMPTY_PATH) <
	    0) {
		shut(tree);
		return failed("attach", "%s at %s", type, dir);
	}
	return close(tree);
}

int mount_proc(const char *dir)
{
	return attach("proc", dir, NULL,
		      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int mount_tmpfs(const char *dir, const char *options)
{
	return attach("tmpfs", dir, options,
		      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

/* Read-only before anybody can see it. */
int bind_mount(const char *source, const char *target, bool read_only)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int tree = sys_open_tree(AT_FDCWD, source,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
					 AT_RECURSIVE);

	if (tree < 0)
		return failed("open_tree", "%s for %s", source, target);
	if (read_only &&
	    sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) <
		    0) {
		shut(tree);
		return failed("mount_setattr", "%s", source);
	}
	if (sys_move_mount(tree, "", AT_FDCWD, target,
			   MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		shut(tree);
		return failed("move_mount", "%s to %s", source, target);
	}
	return close(tree);
}
