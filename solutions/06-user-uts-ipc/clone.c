#include "clone.h"

#include <errno.h>
#include <sys/wait.h>

#include "failure.h"
#include "pipes.h"
#include "subid.h"
#include "syscalls.h"
#include "todo.h"

/*
 * Task 1: fork(2) with more to say. Fill a struct clone_args (clone(2), "The
 * clone3() system call") and hand it to sys_clone3(), of syscalls.h: the
 * flags; the signal that tells the parent of the child's end, which is 0
 * unless you say otherwise; and, each when it is asked for, the pidfd and the
 * cgroup, which take a flag and a field both. Both fields are 64 bits wide:
 * an address goes in as a number. The call returns as fork(2) does. A cgroup
 * below -1 is EBADF, and yours to refuse: the kernel is told no such number.
 */
pid_t clone_process(uint64_t flags, int cgroup, int *pidfd)
{
	/* <answer> return todo(1, flags, cgroup, pidfd); */
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
	};
	pid_t child;
	int fd = -1;

	/* In 64 bits without a sign it would be a large number, EINVAL. */
	if (cgroup < -1) {
		errno = EBADF;
		return failed("clone3", "into cgroup %d", cgroup);
	}
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
	/* </answer> */
}

/* <answer> */
static void give_up(pid_t child, struct barrier *barrier, int *pidfd)
{
	int saved = errno;

	barrier_close(barrier);
	/* EPIPE: it does not wait any more, and is about to say why. */
	if (saved != EPIPE)
		kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (pidfd)
		close(*pidfd);
	errno = saved;
}
/* </answer> */

/*
 * Task 4: the child has to wait until its parent has written the maps. Open a
 * barrier (pipes.h) before you clone. The child waits there, becomes `uid` and
 * `gid` and returns 0; what goes wrong in it ends it with EXIT_OURS, and die()
 * says why, but not when nobody is left to let it go (ECANCELED): its parent
 * has died, or gives up and says why itself. The parent writes the maps by
 * write_maps() (subid.h), calls arrange() if there is one, and lets the child
 * go. If any of that fails it takes everything back: barrier, child, which is
 * killed unless it has ended, the zombie that it leaves, pidfd. Whoever is to
 * return -1 keeps the errno of what failed first.
 */
pid_t fork_in_namespaces(const struct namespaces *world, int *pidfd)
{
	/* <answer> return todo(4, world, pidfd); */
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
	/* </answer> */
}

/*
 * Task 7: out of a namespace into a new one with unshare(2), into another
 * process's with setns(2), which takes a pidfd and the flags of all the
 * namespaces at once: namespace by namespace you would find out half way that
 * one of them is not for you.
 */
int leave_namespaces(int flags)
{
	/* <answer> return todo(7, flags); */
	if (unshare(flags) < 0)
		return failed("unshare", "");
	return 0;
	/* </answer> */
}

int join_namespaces(int pidfd, int flags)
{
	/* <answer> return todo(7, pidfd, flags); */
	if (setns(pidfd, flags) < 0)
		return failed("setns", "");
	return 0;
	/* </answer> */
}
