/* schedule: say when, where and how much a program runs. Stage 05. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "failure.h"
#include "files.h"
#include "options.h"
#include "schedule.h"
#include "schedule_options.h"
#include "spawn.h"

enum { NICE = 1, CPUS, POLICY, IO, RACE, SECONDS };
enum { MOST_LANES = 64, LONGEST_RACE = 3600 };

static const struct option_spec specs[] = {
	{0, "nice", "N", "nice value: -20 gets most, 19 least", NICE},
	{0, "cpus", "LIST", "run on these CPUs only, as in 0,2-3", CPUS},
	{0, "policy", "P[:PRIO]", "other, batch, idle, fifo:PRIO or rr:PRIO",
	 POLICY},
	{0, "io", "CLASS[:N]", "none, realtime:N, best-effort:N or idle", IO},
	{0, "race", "NICE,...", "let these nice values compete for one CPU",
	 RACE},
	{0, "seconds", "S", "how long the race lasts; default 2", SECONDS},
	{0},
};

/* The lanes that a list of nice values asks for. */
static size_t lanes_of(const struct options *options, struct lane *lanes)
{
	char *list = strdup(options->value);
	char *rest = list, *word;
	size_t count = 0;

	if (!list) {
		failed("strdup", "%s", options->value);
		die(EXIT_OURS);
	}
	while ((word = strsep(&rest, ",")) != NULL) {
		if (count == MOST_LANES)
			bad_usage("%s: more than %d lanes", options->name,
				  MOST_LANES);
		lanes[count++].nice = (int)number_of(options, word, -20, 19);
	}
	free(list);
	return count;
}

static int explain_autogroup(void)
{
	static const char path[] = "/proc/sys/kernel/sched_autogroup_enabled";
	const char *what = "Autogroup is on: nice counts inside one session, "
			   "as here; two sessions share evenly.";
	char text[16];
	ssize_t size = read_file(AT_FDCWD, path, text, sizeof(text));

	if (size < 0 && errno != ENOENT)
		return -1;
	if (size < 0)
		what = "No autogroup in this kernel: nice counts against "
		       "everything that competes for the CPU.";
	else if (text[0] == '0')
		what = "Autogroup is off: nice counts against everything that "
		       "competes for the CPU.";
	return puts(what) < 0 ? failed("write", "standard output") : 0;
}

static int run_race(struct lane *lanes, size_t count, double seconds)
{
	/* Ignored by whoever started us, it would keep children from us. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return failed("signal", "SIGCHLD");
	if (race(lanes, count, seconds) < 0)
		return -1;
	if (explain_autogroup() < 0)
		return -1;
	return draw_race(lanes, count);
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[--nice N] [--cpus LIST] [--policy P[:PRIO]]\n"
			 "                [--io CLASS[:N]] CMD...\n"
			 "       schedule --race NICE,... [--seconds S] "
			 "[--cpus LIST]",
		.summary = "Runs CMD, in this very process, with what is asked "
			   "for; what is not asked for\nstays as it is. With "
			   "--race draws how the kernel shares one CPU out.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct schedule schedule = {0};
	struct command command = {0};
	struct lane lanes[MOST_LANES] = {0};
	double seconds = 0;
	size_t count = 0;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		switch (id) {
		case RACE:
			count = lanes_of(&options, lanes);
			break;
		case SECONDS:
			seconds = seconds_of(&options, options.value);
			if (seconds <= 0 || seconds > LONGEST_RACE)
				bad_usage(
					"--seconds %s: not over 0 and up to %d",
					options.value, LONGEST_RACE);
			break;
		default:
			read_schedule_option(&options, &schedule);
			break;
		}
	}
	if (count == 0) {
		if (seconds > 0)
			bad_usage("--seconds: only with --race");
		command.argv = operands(&options, "CMD");
		command.file = command.argv[0];
	} else if (*options.argv) {
		bad_usage("--race: takes no CMD");
	} else if (schedule.set_nice || schedule.set_policy ||
		   schedule.set_io) {
		bad_usage("--race: not with --nice, --policy or --io");
	}

	if (apply_schedule(0, &schedule) < 0)
		die(EXIT_OURS);
	if (count == 0)
		exec_command(&command);
	if (run_race(lanes, count, seconds > 0 ? seconds : 2) < 0)
		die(EXIT_OURS);
	return 0;
}
