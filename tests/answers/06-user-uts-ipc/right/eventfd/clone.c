/* An eventfd to be let go by, and a pidfd of the parent to see its end. */
#include "clone.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "failure.h"
#include "subid.h"
#include "syscalls.h"

pid_t clone_process(uint64_t flags, int cgroup, int *pidfd)
{
	int unused = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)(pidfd ? pidfd : &unused),
		.exit_signal = SIGCHLD,
		.cgroup = cgroup < 0 ? 0 : (unsigned)cgroup,
	};
	pid_t child;

	errno = EBADF;
	if (cgroup < -1)
		return failed("clone3", "cgroup %d", cgroup);
	if (cgroup >= 0)
		args.flags |= CLONE_INTO_CGROUP;
	child = sys_clone3(&args, sizeof(args));
	if (child == -1)
		return failed("clone3", "%llx", (unsigned long long)flags);
	if (child > 0 && !pidfd)
		close(unused);
	return child;
}

/* Let go, 0; the parent has ended, -1. */
static int await(int event, int parent)
{
	struct pollfd fds[2] = {{.fd = event, .events = POLLIN},
				{.fd = parent, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return -1;
	return fds[0].revents & POLLIN ? 0 : -1;
}

static pid_t start_child(const struct namespaces *world, int event, int parent)
{
	if (await(event, parent) < 0)
		_exit(EXIT_OURS);
	close(event);
	close(parent);
	if (become_user(world->uid, world->gid) < 0)
		die(EXIT_OURS);
	return 0;
}

static int let_go(pid_t child, const struct namespaces *world, int event)
{
	if (write_maps(child, world) < 0)
		return -1;
	if (world->arrange && world->arrange(child, world->data) < 0)
		return -1;
	if (eventfd_write(event, 1) < 0)
		return failed("write", "eventfd");
	return 0;
}

pid_t fork_in_namespaces(const struct namespaces *world, int *pidfd)
{
	int event = eventfd(0, EFD_CLOEXEC);
	int parent = sys_pidfd_open(getpid(), 0);
	pid_t child = -1;
	int saved;

	if (event >= 0 && parent >= 0)
		child = clone_process(world->flags | CLONE_NEWUSER,
				      world->cgroup, pidfd);
	if (child == 0)
		return start_child(world, event, parent);
	if (child > 0 && let_go(child, world, event) < 0) {
		saved = errno;
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		if (pidfd)
			close(*pidfd);
		errno = saved;
		child = -1;
	}
	saved = errno;
	close(event);
	close(parent);
	errno = saved;
	return child;
}

int leave_namespaces(int flags)
{
	if (unshare(flags) == -1)
		return failed("leave", "namespaces %x", flags);
	return 0;
}

int join_namespaces(int pidfd, int flags)
{
	if (setns(pidfd, flags) == -1)
		return failed("join", "namespaces %x", flags);
	return 0;
}
