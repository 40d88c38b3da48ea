#include "clone.h"

#include <errno.h>
#include <sys/wait.h>

#include "failure.h"
#include "pipes.h"
#include "subid.h"
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

static int write_maps(pid_t child, const struct namespaces *world)
{
	struct id_map user = {world->uid, geteuid(), 1};
	struct id_map group = {world->gid, getegid(), 1};
	bool own = world->user_count == 0;

	if (world->helpers)
		return map_ids_with_helpers(child, world);
	return map_ids(
		child, own ? &user : world->users, own ? 1 : world->user_count,
		own ? &group : world->groups, own ? 1 : world->group_count);
}

static void give_up(pid_t child, struct barrier *barrier, int *pidfd)
{
	int saved = errno;

	barrier_close(barrier);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (pidfd)
		close(*pidfd);
	errno = saved;
}

pid_t fork_in_namespaces(const struct namespaces *world, int *pidfd)
{
	struct barrier barrier;
	pid_t child;

	if (barrier_open(&barrier) < 0)
		return -1;
	child = clone_process(world->flags | CLONE_NEWUSER, world->cgroup,
			      pidfd);
	if (child < 0) {
		barrier_close(&barrier);
		return -1;
	}
	if (child == 0) {
		if (barrier_wait(&barrier) < 0) {
			/* A parent that gave up has said why itself. */
			if (errno == ECANCELED)
				_exit(EXIT_OURS);
			die(EXIT_OURS);
		}
		if (become_user(world->uid, world->gid) < 0)
			die(EXIT_OURS);
		return 0;
	}
	if (write_maps(child, world) < 0 ||
	    (world->arrange && world->arrange(child, world->data) < 0) ||
	    barrier_release(&barrier) < 0) {
		give_up(child, &barrier, pidfd);
		return -1;
	}
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
