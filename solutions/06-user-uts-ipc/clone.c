#include "clone.h"

#include "failure.h"
#include "syscalls.h"

pid_t clone_process(uint64_t flags, int cgroup, int *pidfd)
{
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
	};
	pid_t child;
	int fd = -1;

	if (pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uintptr_t)&fd;
	}
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	child = sys_clone3(&args, sizeof(args));
	if (child < 0)
		return failed("clone3", "");
	if (child > 0 && pidfd)
		*pidfd = fd;
	return child;
}

int leave_namespaces(int flags)
{
	if (unshare(flags) < 0)
		return failed("unshare", "");
	return 0;
}

int join_namespaces(int pidfd, int flags)
{
	if (setns(pidfd, flags) < 0)
		return failed("setns", "");
	return 0;
}
