/*
 * Stage 02: the end of a process. wait(2) collects the zombie it leaves.
 */
#ifndef REAP_H
#define REAP_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What became of one child, and of all the others on the way. */
struct outcome {
	bool ended;	      /* the child has ended */
	int status;	      /* its wait status, once it has */
	struct rusage usage;  /* its own and its waited-for children's */
	int stopped;	      /* signal that stopped it; 0: it is not */
	unsigned long reaped; /* children collected, this one included */
};

/*
 * The exit status that a shell would give for the wait status of a process
 * that has ended: 0 to 255 as the process said, or 128 + n when signal n ended
 * it, whether or not it has left a core dump. wait(2).
 */
int exit_status(int status);

/*
 * Makes the calling process the one that orphans below it are given to, in
 * place of process 1. Returns 0, or -1 with errno. prctl(2),
 * PR_SET_CHILD_SUBREAPER.
 */
int become_subreaper(void);

/*
 * Collects every child that has ended, and never waits for one that has not.
 *
 * One SIGCHLD may stand for a thousand children: the kernel keeps one pending
 * signal of a kind. What is learnt of `child` goes into *outcome (ended,
 * status, usage; stopped follows its stops and continues); everybody else's
 * end is counted in outcome->reaped and forgotten. An outcome starts as {0}
 * and is passed again on every call. Once `child` has ended, all but the count
 * stays as it is: another process may be given its id.
 *
 * Returns 1 when children are left, 0 when there is none, or -1 with errno.
 * An interrupted wait is tried again. wait4(2), WNOHANG, WUNTRACED,
 * WCONTINUED.
 */
int reap_ended(pid_t child, struct outcome *outcome);

#endif
