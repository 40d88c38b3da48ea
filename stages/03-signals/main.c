/* supervise: run a program, pass signals on, end it in time. Stage 03. */
#include "failure.h"
#include "options.h"
#include "signals.h"
#include "spawn.h"
#include "terminal.h"

#include <unistd.h>

enum { GRACE = 1, TIMEOUT };

static const struct option_spec specs[] = {
	{0, "grace", "SECS", "from SIGTERM to SIGKILL; default 10", GRACE},
	{0, "timeout", "SECS", "send SIGTERM after SECS; default never",
	 TIMEOUT},
	{0},
};

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[--grace SECS] [--timeout SECS] CMD...",
		.summary =
			"Runs CMD in a process group of its own, with the "
			"terminal if there is one,\npasses every signal on to "
			"it, and exits as it did, or with 124 when --timeout\n"
			"ended it.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct supervision how = {.grace = GRACE_SECONDS};
	struct outcome outcome = {0};
	struct command command = {0};
	sigset_t before;
	pid_t child;
	int timed_out;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		if (id == GRACE)
			how.grace = seconds_of(&options, options.value);
		else
			how.timeout = seconds_of(&options, options.value);
	}
	how.terminal = terminal_is_ours();
	command.argv = operands(&options, "CMD");
	command.file = command.argv[0];
	command.mask = &before;
	command.prepare = terminal_own_group;
	command.data = &how.terminal;

	if (hold_signals(&before) < 0 || become_subreaper() < 0)
		die(EXIT_OURS);
	child = spawn(&command);
	if (child < 0)
		die(EXIT_OURS);
	timed_out = supervise(child, &how, &outcome);
	if (timed_out < 0) {
		report_failure();
		/* CMD is not to go on with nobody to look after it. */
		if (!outcome.ended) {
			kill(-child, SIGKILL);
			kill(child, SIGKILL);
		}
		return EXIT_OURS;
	}
	return timed_out ? EXIT_TIMEOUT : exit_status(outcome.status);
}
