/* cgroup: run a program in a control group with limits. Stage 09. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "failure.h"
#include "init.h"
#include "options.h"
#include "report.h"
#include "syscalls.h"
#include "terminal.h"

enum { MEMORY = 1, PIDS, CPU, WEIGHT, STATS };

/* The most that pids.max takes, PID_MAX_LIMIT of a 64-bit kernel. */
#define MOST_PIDS 4194304
/* A thousand CPUs; more than there are limits nothing, and is no mistake. */
#define MOST_PERCENT 100000

static const struct option_spec specs[] = {
	{0, "memory", "BYTES", "at most this much memory, such as 64M; no swap",
	 MEMORY},
	{0, "pids", "N", "at most N processes and threads", PIDS},
	{0, "cpu", "PERCENT", "at most this much of a CPU; 150 is one and half",
	 CPU},
	{0, "weight", "N", "share of the CPU, 1 to 10000; others have 100",
	 WEIGHT},
	{0, "stats", NULL, "say on standard error what was used", STATS},
	{0},
};

struct setup {
	int parent;
	bool terminal;
};

/* In the child, just before it becomes the command. */
static int set_up(void *data)
{
	struct setup *setup = data;

	if (die_with_parent(setup->parent) < 0)
		return -1;
	return terminal_own_group(&setup->terminal);
}

static uint64_t memory_of(const struct options *options)
{
	unsigned long long bytes = bytes_of(options, options->value);

	if (bytes == 0 || bytes > INT64_MAX)
		bad_usage("--memory %s: not in 1 to %lld", options->value,
			  (long long)INT64_MAX);
	return bytes;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Starts the command and watches over it. */
static int run(const struct cgroup *group, const struct command *command,
	       const struct supervision *how, struct outcome *outcome)
{
	pid_t child = cgroup_spawn(group, command);

	return child < 0 ? -1 : supervise(child, how, outcome);
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[--memory BYTES] [--pids N] [--cpu PERCENT] "
			 "[--weight N] [--stats] CMD...",
		.summary = "Runs CMD in a control group of its own, with "
			   "limits that hold for all that CMD\nstarts. What "
			   "is left when CMD ends is killed.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct cgroup_limits limits = {0};
	struct cgroup_stats stats = {0};
	struct supervision how = {.grace = GRACE_SECONDS};
	struct outcome outcome = {0};
	struct command command = {0};
	struct setup setup = {0};
	struct cgroup group;
	bool report = false, ours = false;
	sigset_t before;
	double start, wall;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		switch (id) {
		case MEMORY:
			limits.memory = memory_of(&options);
			break;
		case PIDS:
			limits.pids = (uint64_t)number_of(
				&options, options.value, 1, MOST_PIDS);
			break;
		case CPU:
			limits.cpu = (unsigned)number_of(
				&options, options.value, 1, MOST_PERCENT);
			break;
		case WEIGHT:
			limits.weight = (unsigned)number_of(
				&options, options.value, 1, 10000);
			break;
		case STATS:
			report = true;
			break;
		}
	}
	command.argv = operands(&options, "CMD");
	command.file = command.argv[0];
	command.mask = &before;
	command.prepare = set_up;
	command.data = &setup;
	setup.terminal = how.terminal = terminal_is_ours();
	setup.parent = sys_pidfd_open(getpid(), 0);
	if (setup.parent < 0) {
		failed("pidfd_open", "");
		die(EXIT_OURS);
	}

	if (hold_signals(&before) < 0 ||
	    cgroup_create(&group, "cgroup", &limits) < 0)
		die(EXIT_OURS);
	start = seconds();
	if (cgroup_limit(&group, &limits) < 0 ||
	    run(&group, &command, &how, &outcome) < 0) {
		report_failure();
		ours = true;
	}
	wall = seconds() - start;
	if (cgroup_finish(&group, &stats) < 0) {
		report_failure();
		ours = true;
	}
	if (report && outcome.ended &&
	    report_usage(STDERR_FILENO, &outcome, wall, &stats, false) < 0) {
		report_failure();
		ours = true;
	}
	return ours ? EXIT_OURS : exit_status(outcome.status);
}
