/*
 * driver of stage 03: calls supervise() as later stages do, in ways that the
 * program of the stage does not.
 *
 *	driver beside GRACE CMD...	the child stays in the process group of
 *					this process
 *	driver stranger			supervises process 1, which is no child
 *
 * What supervise() has returned comes on standard output: RETURNED ENDED
 * STATUS REAPED. The exit status is 0 then, or 125 after a failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "signals.h"
#include "spawn.h"

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
	if (hold_signals(&before) < 0)
		die(EXIT_OURS);
	if (strcmp(argv[1], "beside") == 0 && argc > 3) {
		how.grace = strtod(argv[2], NULL);
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
