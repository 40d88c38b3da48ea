/*
 * Stage 06: a process in new namespaces. namespaces(7).
 */
#ifndef CLONE_H
#define CLONE_H

#include <stdint.h>
#include <sys/types.h>

/*
 * fork(2) with flags: the child starts in new namespaces, one for each
 * CLONE_NEW* flag. With CLONE_INTO_CGROUP it starts in the cgroup whose
 * directory is open as `cgroup`. Unless `pidfd` is NULL, a descriptor of the
 * child (close-on-exec) goes to *pidfd, which stays the child's however often
 * process ids are used again.
 *
 * Returns as fork(2) does: 0 in the child, its process id in the parent, or
 * -1 with errno: EPERM or ENOSPC when namespaces are forbidden or used up
 * here. The child's exit signal is SIGCHLD. clone(2), clone3.
 */
pid_t clone_process(uint64_t flags, int cgroup, int *pidfd);

/*
 * Leaves the namespaces named by CLONE_NEW* flags for new ones (unshare(2)).
 * CLONE_NEWPID and CLONE_NEWTIME take effect for children only. Returns 0, or
 * -1 with errno.
 */
int leave_namespaces(int flags);

/*
 * Enters those namespaces of the process `pidfd` that `flags` names, all or
 * none. CLONE_NEWPID takes effect for children only. Returns 0, or -1 with
 * errno: EPERM, ESRCH when the process has ended. setns(2).
 */
int join_namespaces(int pidfd, int flags);

#endif
