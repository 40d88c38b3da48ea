/* The results model, as lines of JSON while the gate runs. DESIGN: results. */
#ifndef RESULTS_H
#define RESULTS_H

#include <stdio.h>

enum verdict { PASSED, FAILED, SKIPPED };

struct result {
	const char *stage;
	const char *name;
	const char *intent;
	enum verdict verdict;
	unsigned points;      /* of the test, not what was earned */
	const char *message;  /* "" when passed */
	const char *command;  /* what was run, for a shell; or "" */
	const char *launched; /* what was done to that, in words; or "" */
	double seconds;
};

/* "passed", "failed", "skipped" */
const char *verdict_name(enum verdict verdict);

/* Appends one line and flushes it. Returns 0, or -1 with errno. */
int write_result(FILE *file, const struct result *result);

#endif
