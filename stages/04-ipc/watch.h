/*
 * Processes that end with the one that started them, and waiting for many of
 * them. Given.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stddef.h>
#include <sys/types.h>

/*
 * In a child: be killed when the parent dies, also when it is killed itself.
 * `*data` is the parent's process id (pid_t), as the parent knows it. For
 * struct command, prepare. Returns 0, or -1 with errno; ESRCH when the parent
 * is gone already. prctl(2), PR_SET_PDEATHSIG.
 */
int end_with_parent(void *data);

/*
 * Waits until all `count` children in pids[] have ended; hold_signals()
 * (signals.h) was called before they were started. Every signal that arrives
 * meanwhile goes on to those that still run, but one that the terminal has
 * sent to the whole process group, and so to them too. Wait statuses go to
 * statuses[]; pids[] is 0 for who has ended. Returns 0, or -1 with errno.
 */
int watch_all(pid_t *pids, int *statuses, size_t count);

/* Kills and collects those of pids[] that are not 0. Leaves errno alone. */
void end_all(const pid_t *pids, size_t count);

#endif
