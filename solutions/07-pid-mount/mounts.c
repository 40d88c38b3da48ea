#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "failure.h"
#include "syscalls.h"
#include "todo.h"

/*
 * Task 1: one mount(2) that mounts nothing: without source and type it changes
 * how mounts spread. MS_PRIVATE for the mount at "/" alone; MS_REC takes all
 * that are below it along. mount_namespaces(7), "Shared subtrees".
 */
int make_mounts_private(void)
{
	/* <answer> return todo(1); */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed("mount --make-rprivate", "/");
	return 0;
	/* </answer> */
}

/*
 * Task 2: mount(2) with the type "proc", at `dir`. It shows the processes of
 * the PID namespace of who mounts it. Nothing in it is to be executed, to be a
 * device or to change anybody's user: three flags say so. proc(5).
 */
int mount_proc(const char *dir)
{
	/* <answer> return todo(2, dir); */
	if (mount("proc", dir, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) <
	    0)
		return failed("mount proc on", "%s", dir);
	return 0;
	/* </answer> */
}

/* <answer> */
/*
 * MS_REMOUNT would have to repeat the flags that the machine has locked, and
 * reaches one mount only; this call changes one flag, of the whole tree.
 */
static int make_read_only(const char *target)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (sys_mount_setattr(AT_FDCWD, target, AT_RECURSIVE, &attr) < 0)
		return failed("mount_setattr read-only", "%s", target);
	return 0;
}
/* </answer> */

/*
 * Task 5: mount(2) with MS_BIND, and MS_REC for what is mounted below. It takes
 * no MS_RDONLY: that is a second step. sys_mount_setattr() (syscalls.h) sets
 * MOUNT_ATTR_RDONLY and leaves all other flags alone, with AT_RECURSIVE in the
 * whole tree. When the second step fails the first is to be undone, and errno
 * is to be that of the failure. mount(2), mount_setattr(2), umount2(2).
 */
int bind_mount(const char *source, const char *target, bool read_only)
{
	/* <answer> return todo(5, source, target, read_only); */
	int saved;

	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
		return failed("mount --rbind", "%s on %s", source, target);
	if (read_only && make_read_only(target) < 0) {
		saved = errno;
		umount2(target, MNT_DETACH);
		errno = saved;
		return -1;
	}
	return 0;
	/* </answer> */
}

/*
 * Task 6: mount(2) with the type "tmpfs". Two of its flags are wanted; the
 * options are its last argument as they are. tmpfs(5).
 */
int mount_tmpfs(const char *dir, const char *options)
{
	/* <answer> return todo(6, dir, options); */
	if (mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return failed("mount tmpfs on", "%s", dir);
	return 0;
	/* </answer> */
}
