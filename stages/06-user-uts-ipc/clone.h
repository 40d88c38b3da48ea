/*
 * Stage 06: a process in new namespaces. namespaces(7).
 */
#ifndef CLONE_H
#define CLONE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "user.h"

/*
 * fork(2) with flags: the child starts in new namespaces, one for each
 * CLONE_NEW* flag. Unless `cgroup` is -1 it starts in the cgroup whose
 * directory is open as that descriptor (CLONE_INTO_CGROUP). Unless `pidfd` is
 * NULL, a descriptor of the child (close-on-exec) goes to *pidfd in the
 * parent; it stays the child's however often process ids are used again.
 *
 * Returns as fork(2) does: 0 in the child, its process id in the parent, or
 * -1 with errno: EPERM or ENOSPC when namespaces are forbidden or used up
 * here, EBADF when `cgroup` is none, a number below -1 too. The child's exit
 * signal is SIGCHLD, so that it is waited for as any other. clone(2), "The
 * clone3() system call".
 */
pid_t clone_process(uint64_t flags, int cgroup, int *pidfd);

/* The world that fork_in_namespaces() makes. */
struct namespaces {
	uint64_t flags; /* CLONE_NEW*; CLONE_NEWUSER is added */
	int cgroup;	/* directory to start in; -1: the caller's */
	uid_t uid;	/* who the child is, inside */
	gid_t gid;
	/* The id maps; count 0: `uid` and `gid` alone, being the caller's. */
	const struct id_map *users;
	size_t user_count;
	const struct id_map *groups;
	size_t group_count;
	bool helpers; /* write them by newuidmap(1): subid.h */
	/*
	 * Called in the parent while the child waits, maps written; NULL:
	 * nothing. -1 gives the whole thing up.
	 */
	int (*arrange)(pid_t child, void *data);
	void *data;
};

/*
 * fork(2) into new namespaces, of which the user namespace is always one. The
 * child waits at a barrier until its parent has written the id maps and
 * arranged the rest: before that it is nobody, and a file it made or a
 * program it executed would be nobody's. Then it becomes `uid` and `gid`; if
 * it cannot, it says so and exits with 125. A signal that it handles does not
 * let it go.
 *
 * Returns 0 in the child, its process id in the parent, or -1 in the parent
 * with errno; then there is no child any more, no zombie and no descriptor, and
 * the caller's other children are still its own to wait for. A child whose
 * parent dies meanwhile exits with 125 and says nothing; nor does one that was
 * given up. A child that ends in here does so by _exit(2): what its caller has
 * left for exit(3) to do, or to write, is not its own. *pidfd as in
 * clone_process(); when it is NULL no descriptor stays open.
 */
pid_t fork_in_namespaces(const struct namespaces *world, int *pidfd);

/*
 * Leaves the namespaces named by CLONE_NEW* flags for new ones, all or none
 * (unshare(2)). CLONE_NEWPID and CLONE_NEWTIME take effect for children only.
 * Returns 0, or -1 with errno.
 */
int leave_namespaces(int flags);

/*
 * Enters those namespaces of the process `pidfd` that `flags` names, all or
 * none. CLONE_NEWPID takes effect for children only. Returns 0, or -1 with
 * errno: EPERM, EINVAL for the user namespace that the caller is in already,
 * ESRCH when the process has ended. setns(2).
 */
int join_namespaces(int pidfd, int flags);

#endif
