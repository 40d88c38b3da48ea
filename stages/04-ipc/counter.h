/*
 * A counter in a file that several processes add to. Given: it shows what
 * shared.h is for.
 */
#ifndef COUNTER_H
#define COUNTER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_PROCESSES = 1000 };

struct count {
	size_t processes;  /* 1 to MOST_PROCESSES */
	uint64_t times;	   /* how often each of them adds 1 */
	bool locked;	   /* each time under the file's lock */
	uint64_t expected; /* out: what the counter should say */
	uint64_t counted;  /* out: what it says */
};

/*
 * Has the processes add to the counter in the file `path` (8 bytes in the
 * machine's order) and waits for them. A new file starts at 0, one that is
 * there goes on from what it says. They start together and die with the
 * caller. hold_signals() was called before; `mask` is what it gave back.
 *
 * Returns 0, or -1 with errno: EINVAL when the file is no such counter (it is
 * left alone), ECANCELED when a process failed, which has said why itself.
 */
int count_together(const char *path, struct count *count, const sigset_t *mask);

#endif
