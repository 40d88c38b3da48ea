/*
 * How long a test waits: long enough for a slow machine, and a busy one, and
 * not for what never comes.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdbool.h>

#include "seconds.h"

/* How many times longer than usual things may take: TIME_FACTOR, or 1. */
double time_factor(void);

/* Seconds that a test waits for anything. */
double time_limit(void);

/*
 * The moment at which time_limit() is over, for past(); of what the kernel does
 * by itself, and later if it is busy, the other one. Not to be compared with
 * seconds_now(): time in which the judge was not let run is not in it.
 */
double deadline(void);
double kernel_deadline(void);

/*
 * Naps for a moment, and says whether it is later than that limit. Time in
 * which the machine stood still does not count, nor does that in which the
 * sandbox was held up, as the machine is too busy, within bounds. One wait asks
 * with one limit.
 */
bool past(double limit);

#endif
