/*
 * Stage 07: process 1. pid_namespaces(7).
 */
#ifndef INIT_H
#define INIT_H

#include "signals.h"
#include "spawn.h"

/*
 * Asks the kernel to kill the caller when its parent ends. `parent` is a
 * pidfd of the parent: one that ended before the request was made is noticed
 * by it (getppid(2) tells nothing across a PID namespace). To be called after
 * the last change of credentials, which cancels the request. Returns 0, or -1
 * with errno: ESRCH when the parent is gone already, another when nobody can
 * say, such as EBADF when `parent` is not open. That what is open is a pidfd
 * is for the caller to see to. prctl(2) PR_SET_PDEATHSIG, pidfd_open(2).
 */
int die_with_parent(int parent);

/*
 * The life of process 1: starts `command`, passes signals on, collects every
 * process that ends, its own children or orphans, and returns the exit status
 * of the command: as the command ended, 128 + n on signal n, 124 after
 * how->timeout, 125 with a reported failure when it could not be started or
 * supervise() has failed. What became of it goes to *outcome, which starts as
 * {0}: all that reap.h has there, as supervise() leaves it. The grace period is
 * how->grace; how->terminal is false, as process 1 cannot stop itself.
 *
 * hold_signals() was called already: a signal that process 1 has no handler
 * for and does not block is dropped by the kernel without a trace. When the
 * caller then exits, the kernel kills what is left in the namespace.
 */
int run_init(const struct command *command, const struct supervision *how,
	     struct outcome *outcome);

#endif
