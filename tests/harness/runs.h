/* The programs that the current test has started. For test.c. */
#ifndef RUNS_H
#define RUNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox.h"

/* Before a test, and after it and sandbox_kill(). */
void runs_begin(struct sandbox *sandbox, const struct sandbox_settings *s);
void runs_end(void);

/*
 * A failure is told with one of them: of those that have the student's program
 * or the driver in their words, be it as a shell's or a launcher's, the one
 * that was started or looked at last. There is none: with the first of all.
 */

/* The command, as one would type it; "" when there was none. */
const char *told_command(void);

/* What was done to it, in words (launched.h); "" for nothing. */
const char *told_launched(void);

/* The end of what it wrote on standard error, "" for nothing. */
const char *told_errors(void);

/* Its exit status as a shell gives it; -1: it has not ended, or is none. */
int told_status(void);

#endif
