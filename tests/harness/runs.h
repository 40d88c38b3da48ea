/* The programs that the current test has started. For gate.c. */
#ifndef RUNS_H
#define RUNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox.h"

/* Before a test, and after it and sandbox_kill(). */
void runs_begin(struct sandbox *sandbox, const struct sandbox_settings *s);
void runs_end(void);

/*
 * Of the student's program, the driver or the probe, whichever was started
 * last: the command, as one would type it; "" when there was none.
 */
const char *last_command(void);

/* The end of what it wrote on standard error, "" for nothing. */
const char *last_errors(void);

/* Its exit status as a shell gives it; -1: it has not ended, or is none. */
int last_status(void);

#endif
