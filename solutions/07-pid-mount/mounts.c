#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "failure.h"
#include "syscalls.h"

int make_mounts_private(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed("mount --make-rprivate", "/");
	return 0;
}

int mount_proc(const char *dir)
{
	if (mount("proc", dir, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) <
	    0)
		return failed("mount proc on", "%s", dir);
	return 0;
}

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

int bind_mount(const char *source, const char *target, bool read_only)
{
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
}

int mount_tmpfs(const char *dir, const char *options)
{
	if (mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
		return failed("mount tmpfs on", "%s", dir);
	return 0;
}
