#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "failure.h"
#include "syscalls.h"
#include "todo.h"

/*
 * TODO 1: one mount(2) that mounts nothing: without source and type it changes
 * how mounts spread. MS_PRIVATE for the mount at "/" alone; MS_REC takes all
 * that are below it along. mount_namespaces(7), "Shared subtrees".
 */
int make_mounts_private(void)
{
	return todo(1);
}

/*
 * TODO 2: mount(2) with the type "proc", at `dir`. It shows the processes of
 * the PID namespace of who mounts it. Nothing in it is to be executed, to be a
 * device or to change anybody's user: three flags say so. proc(5).
 */
int mount_proc(const char *dir)
{
	return todo(2, dir);
}

/*
 * TODO 5: mount(2) with MS_BIND, and MS_REC for what is mounted below. It takes
 * no MS_RDONLY: that is a second step. sys_mount_setattr() (syscalls.h) sets
 * MOUNT_ATTR_RDONLY and leaves all other flags alone, with AT_RECURSIVE in the
 * whole tree. When the second step fails the first is to be undone, and errno
 * is to be that of the failure. mount(2), mount_setattr(2), umount2(2).
 */
int bind_mount(const char *source, const char *target, bool read_only)
{
	return todo(5, source, target, read_only);
}

/*
 * TODO 6: mount(2) with the type "tmpfs". Two of its flags are wanted; the
 * options are its last argument as they are. tmpfs(5).
 */
int mount_tmpfs(const char *dir, const char *options)
{
	return todo(6, dir, options);
}
