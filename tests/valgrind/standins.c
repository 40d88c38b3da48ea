/*
 * Stand-ins for the system calls that valgrind(1) answers with ENOSYS itself:
 * the nearest older call, so that the modules can be run under it all the
 * same. Linked into the glibc build only, with -Wl,--wrap=syscall.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* clone(2) has no room for what clone3(2) added. */
static long clone3_as_clone(const struct clone_args *args)
{
	uint64_t flags = args->flags & ~(CLONE_INTO_CGROUP | CLONE_NEWTIME);

	return __real_syscall(SYS_clone, flags | args->exit_signal, NULL,
			      (int *)(uintptr_t)args->pidfd, NULL, 0);
}

static long openat2_as_openat(int dir, const char *path,
			      const struct open_how *how)
{
	/* Resolved in its root: at least no absolute path leads out of it. */
	while (*path == '/')
		path++;
	return openat(dir, *path ? path : ".", (int)how->flags,
		      (mode_t)how->mode);
}

static long move_mount_as_bind(int tree, const char *target)
{
	char source[40];

	snprintf(source, sizeof(source), "/proc/self/fd/%d", tree);
	return mount(source, target, NULL, MS_BIND | MS_REC, NULL);
}

long __wrap_syscall(long number, ...)
{
	va_list list;
	long a[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	switch (number) {
	case SYS_clone3:
		return clone3_as_clone((const struct clone_args *)a[0]);
	case SYS_openat2:
		return openat2_as_openat((int)a[0], (const char *)a[1],
					 (const struct open_how *)a[2]);
	case SYS_pidfd_open:
		/* A parent that never ends. */
		return eventfd(0, EFD_CLOEXEC);
	case SYS_open_tree:
		/* A bind mount is of one's own namespace: as if we may not. */
		if (getpid() != 1) {
			errno = EPERM;
			return -1;
		}
		return openat((int)a[0], (const char *)a[1],
			      O_PATH | O_CLOEXEC);
	case SYS_mount_setattr:
		return 0;
	case SYS_move_mount:
		return move_mount_as_bind((int)a[0], (const char *)a[3]);
	case SYS_seccomp:
		/* Its filter would end valgrind, which runs in the process. */
		return 0;
	}
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
