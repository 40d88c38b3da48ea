/* Several tests at once, each in a process of its own. */
#ifndef JOBS_H
#define JOBS_H

#include <stddef.h>
#include <stdio.h>

/*
 * Calls body(0) to body(count - 1), each in a process of its own, at most
 * `at_once` at a time; body(order[0]) is started first. What a body writes to
 * standard output comes to ours in the order of their numbers, for people; what
 * it writes to the stream that it is given comes to `results` (NULL: nowhere)
 * when it has ended, so that who waits sees that somebody is at work; at most 1
 * MiB of each. statuses[n] is then what body(n) returned, 0 to 255; 256 +
 * signal for one that a signal ended.
 *
 * Returns 0, or -1 with errno. No process outlives the caller.
 */
int run_jobs(size_t count, const size_t *order, unsigned at_once,
	     int (*body)(size_t number, FILE *results), FILE *results,
	     int *statuses);

#endif
