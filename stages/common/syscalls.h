/*
 * System calls that the C library may not wrap: musl 1.2.3 has none of these,
 * glibc some of them under the plain name. Each takes what the kernel takes
 * and returns as libc does: -1 with errno set on failure. syscall(2).
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
/* glibc has struct mount_attr and OPEN_TREE_CLONE in <sys/mount.h> */
#ifndef __GLIBC__
#include <linux/mount.h>
#endif

/* Flags that are newer than some of the headers they belong in. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/*
 * clone3(2). musl keeps the thread id of a thread in memory and does not
 * learn of this call: in the child, raise(3) and abort(3) would signal the
 * parent's id. Use kill(getpid(), sig) there.
 */
static inline pid_t sys_clone3(struct clone_args *args, size_t size)
{
	return (pid_t)syscall(SYS_clone3, args, size);
}

/* pidfd_open(2), pidfd_send_signal(2) */
static inline int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* close_range(2) */
static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

/* openat2(2) */
static inline int sys_openat2(int dirfd, const char *path, struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

/* pivot_root(2) */
static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

/* open_tree(2), move_mount(2), mount_setattr(2) */
static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int sys_move_mount(int from_dirfd, const char *from, int to_dirfd,
				 const char *to, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from_dirfd, from, to_dirfd, to,
			    flags);
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
				    struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr,
			    sizeof(*attr));
}

/* capget(2), capset(2): version 3 takes two data elements of 32 bits each. */
static inline int sys_capget(struct __user_cap_header_struct *header,
			     struct __user_cap_data_struct data[2])
{
	return (int)syscall(SYS_capget, header, data);
}

static inline int sys_capset(struct __user_cap_header_struct *header,
			     const struct __user_cap_data_struct data[2])
{
	return (int)syscall(SYS_capset, header, data);
}

/* ioprio_set(2), ioprio_get(2) */
static inline int sys_ioprio_set(int which, int who, int ioprio)
{
	return (int)syscall(SYS_ioprio_set, which, who, ioprio);
}

static inline int sys_ioprio_get(int which, int who)
{
	return (int)syscall(SYS_ioprio_get, which, who);
}

/* seccomp(2) */
static inline int sys_seccomp(unsigned operation, unsigned flags, void *args)
{
	return (int)syscall(SYS_seccomp, operation, flags, args);
}

#endif
