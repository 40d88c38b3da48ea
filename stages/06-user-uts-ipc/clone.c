#include "clone.h"

#include <errno.h>
#include <sys/wait.h>

#include "failure.h"
#include "pipes.h"
#include "subid.h"
#include "syscalls.h"
#include "todo.h"

/*
 * TODO 1: fork(2) with more to say. Fill a struct clone_args (clone(2), "The
 * clone3() system call") and hand it to sys_clone3(), of syscalls.h: the
 * flags; the signal that tells the parent of the child's end, which is 0
 * unless you say otherwise; and, each when it is asked for, the pidfd and the
 * cgroup, which take a flag and a field both. Both fields are 64 bits wide:
 * an address goes in as a number. The call returns as fork(2) does. A cgroup
 * below -1 is EBADF, and yours to refuse: the kernel is told no such number.
 */
pid_t clone_process(uint64_t flags, int cgroup, int *pidfd)
{
	return todo(1, flags, cgroup, pidfd);
}

/*
 * TODO 4: the child has to wait until its parent has written the maps. Open a
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
	return todo(4, world, pidfd);
}

/*
 * TODO 7: out of a namespace into a new one with unshare(2), into another
 * process's with setns(2), which takes a pidfd and the flags of all the
 * namespaces at once: namespace by namespace you would find out half way that
 * one of them is not for you.
 */
int leave_namespaces(int flags)
{
	return todo(7, flags);
}

int join_namespaces(int pidfd, int flags)
{
	return todo(7, pidfd, flags);
}
