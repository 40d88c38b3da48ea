/*
 * driver of stage 03: calls supervise() as later stages do, in ways that the
 * program of the stage does not.
 *
 *	driver beside GRACE CMD...	the child stays in the process group of
 *					this process
 *	driver late TIMEOUT CMD...	the same, and after each look at the
 *					clock it is LATE_SECONDS before this
 *					process is let run again
 *	driver stranger			supervises process 1, which is no child
 *	driver holding			has a handler for SIGCHLD and calls
 *					hold_signals(), then it waits to be
 *					killed
 *
 * What supervise() has returned comes on standard output: RETURNED ENDED
 * STATUS REAPED. The exit status is 0 then, or 125 after a failure.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "signals.h"
#include "spawn.h"

#define LATE_SECONDS 0.01

static bool is_late;

/* Our own, for the modules of the student: what it tells is old news. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	const struct timespec late = {.tv_nsec = (long)(LATE_SECONDS * 1e9)};
	long result = syscall(SYS_clock_gettime, clock, time);

	if (is_late)
		nanosleep(&late, NULL);
	return (int)result;
}

static void be_silent(int sig)
{
	(void)sig;
}

static int hold(void)
{
	sigset_t before;

	signal(SIGCHLD, be_silent);
	if (hold_signals(&before) < 0)
		die(EXIT_OURS);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct supervision how = {.grace = GRACE_SECONDS};
	struct outcome outcome = {0};
	struct command command = {0};
	sigset_t before;
	pid_t child = 1;
	int returned;

	if (argc < 2)
		bad_usage("a case is needed");
	if (strcmp(argv[1], "holding") == 0)
		return hold();
	is_late = strcmp(argv[1], "late") == 0;
	if (hold_signals(&before) < 0)
		die(EXIT_OURS);
	if ((is_late || strcmp(argv[1], "beside") == 0) && argc > 3) {
		*(is_late ? &how.timeout : &how.grace) = strtod(argv[2], NULL);
		command.file = argv[3];
		command.argv = argv + 3;
		command.mask = &before;
		child = spawn(&command);
		if (child < 0)
			die(EXIT_OURS);
	}
	returned = supervise(child, &how, &outcome);
	if (returned < 0)
		die(EXIT_OURS);
	dprintf(STDOUT_FILENO, "%d %d %d %lu\n", returned, outcome.ended,
		outcome.status, outcome.reaped);
	return 0;
}
