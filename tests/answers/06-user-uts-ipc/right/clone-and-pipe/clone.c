/* The older clone(2) where it does, and a pipe that the end of a parent ends */
#include "clone.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "failure.h"
#include "subid.h"
#include "syscalls.h"

/* For what the older call has no bits. */
static pid_t clone_by_clone3(uint64_t flags, int cgroup, int *pidfd)
{
	struct clone_args args = {0};

	if (cgroup < -1) {
		errno = EBADF;
		return -1;
	}
	args.flags = flags | (cgroup < 0 ? 0 : CLONE_INTO_CGROUP) |
		     (pidfd ? CLONE_PIDFD : 0);
	args.pidfd = (uint64_t)(uintptr_t)pidfd;
	args.exit_signal = SIGCHLD;
	args.cgroup = cgroup < 0 ? 0 : (uint64_t)cgroup;
	return sys_clone3(&args, sizeof(args));
}

pid_t clone_process(uint64_t flags, int cgroup, int *pidfd)
{
	/* Where the older call has the address of the parent's thread id. */
	pid_t child =
		cgroup == -1 && !(flags & CLONE_NEWTIME)
			? (pid_t)syscall(SYS_clone,
					 flags | SIGCHLD |
						 (pidfd ? CLONE_PIDFD : 0),
					 NULL, pidfd, NULL, NULL)
			: clone_by_clone3(flags, cgroup, pidfd);

	return child < 0 ? failed("clone", "") : child;
}

static _Noreturn void give_up_quietly(void)
{
	_exit(EXIT_OURS);
}

static pid_t begin(const struct namespaces *world, int go[2])
{
	ssize_t n;
	char byte;

	close(go[1]);
	do
		n = read(go[0], &byte, 1);
	while (n < 0 && errno == EINTR);
	close(go[0]);
	if (n != 1)
		give_up_quietly();
	if (become_user(world->uid, world->gid) != 0)
		die(EXIT_OURS);
	return 0;
}

static int prepare(pid_t child, const struct namespaces *world)
{
	if (write_maps(child, world) != 0)
		return -1;
	return world->arrange ? world->arrange(child, world->data) : 0;
}

pid_t fork_in_namespaces(const struct namespaces *world, int *pidfd)
{
	int go[2], own = -1, error;
	pid_t child;

	if (pipe2(go, O_CLOEXEC) < 0)
		return failed("pipe2", "");
	child = clone_process(CLONE_NEWUSER | world->flags, world->cgroup,
			      &own);
	if (child == 0)
		return begin(world, go);
	error = errno;
	close(go[0]);
	errno = error;
	if (child > 0 && prepare(child, world) == 0) {
		/* The last one who could read it may be dead: then it ends. */
		signal(SIGPIPE, SIG_IGN);
		write(go[1], "g", 1);
		signal(SIGPIPE, SIG_DFL);
		close(go[1]);
		if (pidfd)
			*pidfd = own;
		else
			close(own);
		return child;
	}
	error = errno;
	close(go[1]);
	if (child > 0) {
		sys_pidfd_send_signal(own, SIGKILL);
		close(own);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	errno = error;
	return -1;
}

int leave_namespaces(int flags)
{
	return unshare(flags) ? failed("unshare", "%x", flags) : 0;
}

int join_namespaces(int pidfd, int flags)
{
	return syscall(SYS_setns, pidfd, flags) ? failed("setns", "%x", flags)
						: 0;
}
