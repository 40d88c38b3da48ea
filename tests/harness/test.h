/*
 * One test of a gate: a fresh sandbox, its body, a verdict and a result. What
 * bodies say, and ask for, is in gate.h; both are in test.c.
 */
#ifndef TEST_H
#define TEST_H

#include <stdint.h>
#include <stdio.h>

#include "gate.h"
#include "results.h"
#include "sandbox.h"

/* What all tests of a gate are judged with. */
struct judge {
	struct sandbox_settings settings;
	const char *whole;   /* the program of tests that take it, or NULL */
	const char *results; /* what `results` is called, for failures */
	uint64_t seed;
	double started; /* the gate, on the clock of seconds_now() */
};

/* Why this test cannot be run here, or NULL. */
const char *missing(const struct test *test, const struct judge *judge);

/*
 * Runs it, prints its verdict for people and writes its result. For a process
 * of its own (jobs.h): SIGALRM ends that when the test has taken too long, and
 * somebody else has to tell_of_limit() then. Where that cannot be written it
 * ends the process with EXIT_OURS.
 */
enum verdict run_test(const struct test *test, const struct judge *judge,
		      FILE *results);

/* Of a test that its limit has ended; `results` may be NULL. */
void tell_of_limit(const struct test *test, const struct judge *judge,
		   FILE *results);

#endif
