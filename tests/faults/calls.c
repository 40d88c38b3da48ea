#include "calls.h"

#include <errno.h>
#include <sys/syscall.h>

/* Those that some architectures have not. */
#ifndef SYS_open
#define SYS_open -1
#define SYS_dup2 -1
#define SYS_pipe -1
#define SYS_fork -1
#define SYS_vfork -1
#define SYS_mkdir -1
#define SYS_rmdir -1
#define SYS_unlink -1
#define SYS_symlink -1
#define SYS_mknod -1
#define SYS_stat -1
#define SYS_access -1
#endif

#define FILES                                                                  \
	"open|hold group|remove group|read|write|create|find|look "            \
	"at|list|stat|"

const struct call calls[] = {
	/* processes */
	{"fork", SYS_fork, EAGAIN, "fork|"},
	{"vfork", SYS_vfork, EAGAIN, "fork|"},
	{"clone", SYS_clone, EAGAIN, "fork|"},
	{"clone3", SYS_clone3, ENOSPC, "clone3|"},
	{"execve", SYS_execve, ENOMEM, "execve|"},
	{"wait4", SYS_wait4, EINVAL, "wait|"},
	{"waitid", SYS_waitid, EINVAL, "wait|race|"},
	{"kill", SYS_kill, EPERM, "kill|signal|"},
	{"pidfd_open", SYS_pidfd_open, EMFILE, "pidfd_open|"},
	{"setsid", SYS_setsid, EPERM, "setsid|"},
	{"prctl", SYS_prctl, EPERM, "prctl|capbset|capability|"},
	/* who one is */
	{"setgroups", SYS_setgroups, ENOMEM, "setgroups|"},
	{"setresuid", SYS_setresuid, EPERM, "setresuid|"},
	{"setresgid", SYS_setresgid, EPERM, "setresgid|"},
	{"capset", SYS_capset, EPERM, "capset|"},
	{"capget", SYS_capget, EINVAL, "capget|"},
	{"seccomp", SYS_seccomp, ENOMEM, "seccomp|"},
	{"prlimit64", SYS_prlimit64, EPERM, "rlimit|"},
	/* namespaces */
	{"unshare", SYS_unshare, ENOSPC, "unshare|"},
	{"setns", SYS_setns, EPERM, "setns|"},
	{"sethostname", SYS_sethostname, EPERM, "sethostname|"},
	/* scheduling */
	{"setpriority", SYS_setpriority, EPERM, "setpriority|"},
	{"sched_setaffinity", SYS_sched_setaffinity, EINVAL,
	 "sched_setaffinity|"},
	{"sched_getaffinity", SYS_sched_getaffinity, EINVAL, "affinity|"},
	{"sched_setscheduler", SYS_sched_setscheduler, EPERM,
	 "sched_setscheduler|"},
	{"ioprio_set", SYS_ioprio_set, EPERM, "ioprio_set|"},
	/* mounts */
	{"mount", SYS_mount, EPERM, "mount|bind|mask|"},
	{"umount2", SYS_umount2, EBUSY, "umount|"},
	{"open_tree", SYS_open_tree, ENOSPC,
	 "open_tree|bind|mount|clone|mask|"},
	{"move_mount", SYS_move_mount, EPERM, "move_mount|bind|mount|mask|"},
	{"mount_setattr", SYS_mount_setattr, EPERM,
	 "mount_setattr|mount|mask|"},
	{"pivot_root", SYS_pivot_root, EINVAL, "pivot_root|"},
	{"chdir", SYS_chdir, EACCES, "chdir|"},
	{"fchdir", SYS_fchdir, EACCES, "chdir|"},
	{"mkdir", SYS_mkdir, ENOSPC, "mkdir|make|"},
	{"mkdirat", SYS_mkdirat, ENOSPC, "mkdir|make|"},
	{"mknod", SYS_mknod, ENOSPC, "mknod|make|create|"},
	{"mknodat", SYS_mknodat, ENOSPC, "mknod|make|create|"},
	{"symlink", SYS_symlink, ENOSPC, "symlink|make|"},
	{"symlinkat", SYS_symlinkat, ENOSPC, "symlink|"},
	/* files */
	{"open", SYS_open, EMFILE, FILES},
	{"openat", SYS_openat, EMFILE, FILES},
	{"openat2", SYS_openat2, EMFILE, FILES "make|mask|mount|bind|"},
	{"read", SYS_read, EIO, "read|wait|find the controller|"},
	{"write", SYS_write, EIO, "write|release|"},
	{"writev", SYS_writev, EIO, "write|"},
	{"getdents64", SYS_getdents64, EIO, "read|list|remove|"},
	{"pipe", SYS_pipe, EMFILE, "pipe|"},
	{"pipe2", SYS_pipe2, EMFILE, "pipe|"},
	{"dup2", SYS_dup2, EMFILE, "dup2|"},
	{"dup3", SYS_dup3, EMFILE, "dup|"},
	{"fcntl", SYS_fcntl, ENOLCK, "fcntl|lock|"},
	{"flock", SYS_flock, ENOLCK, "flock|lock|"},
	{"ftruncate", SYS_ftruncate, EIO, "ftruncate|"},
	{"mmap", SYS_mmap, ENOMEM,
	 "mmap|calloc|strdup|putenv|allocate|open|remove|"},
	{"ioctl", SYS_ioctl, EIO, "ioctl|terminal|interface|"},
	{"close_range", SYS_close_range, ENOMEM, "close_range|"},
	/* sockets */
	{"socket", SYS_socket, EMFILE, "socket|interface|veth|route|"},
	{"bind", SYS_bind, EADDRINUSE, "bind|"},
	{"sendto", SYS_sendto, ENOBUFS, "send|interface|veth|route|"},
	{"sendmsg", SYS_sendmsg, ENOBUFS, "send|interface|"},
	{"recvfrom", SYS_recvfrom, ENOBUFS, "recv|interface|veth|route|"},
	{"recvmsg", SYS_recvmsg, ENOBUFS, "recv|interface|"},
};

const size_t call_count = sizeof(calls) / sizeof(calls[0]);
