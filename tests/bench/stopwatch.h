/* How long a program takes from its start to its end. */
#ifndef STOPWATCH_H
#define STOPWATCH_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "contenders.h"
#include "seconds.h"

/* Set by whoever wants it all to end: calls then return -1 with EINTR. */
extern volatile sig_atomic_t interrupted;

/*
 * Starts the program (searched in PATH) with these descriptors as its standard
 * ones; -1: the caller's. Returns its process id, or -1 with errno; one that
 * cannot be executed exits with 126 or 127.
 */
pid_t start_program(const char *const *argv, int in, int out, int err);

/*
 * Runs the contender once, standard output thrown away: its seconds, and in
 * `why_not` its last line on standard error (or how it ended) if it did not
 * exit with 0, else "". Returns 0, or -1 with errno.
 */
int run_once(const struct contender *contender, double *seconds, char *why_not,
	     size_t size);

/*
 * Runs every contender that runs here `rounds` times, interleaved, in another
 * order each round and with a pause between, so that what the kernel clears
 * away after one (a network namespace takes it a while) does not meet the
 * next. Fills seconds and runs, sorted. Returns 0, or -1 with errno.
 */
int race(struct contender contenders[CONTENDERS], int rounds);

/* Of sorted values: the one with `percent` of them below it. */
double percentile(const double *sorted, size_t count, double percent);

/* Sorts and takes the middle. */
double median(double *values, size_t count);

#endif
