/* The time that passes, for the harness and for tools. */
#ifndef SECONDS_H
#define SECONDS_H

/* Seconds, from whenever. clock_gettime(2), CLOCK_MONOTONIC */
double seconds_now(void);

#endif
