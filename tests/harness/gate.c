/*
 * main() of every gate: its options, which tests are run, and what they make.
 */
#include "gate.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "host.h"
#include "jobs.h"
#include "options.h"
#include "sandbox.h"
#include "test.h"

/* Memory for the judge and the kernel, beside the sandboxes'. */
#define MEMORY_LEFT (UINT64_C(32) << 20)

enum {
	PROGRAM = 1,
	DRIVER,
	WHOLE,
	ROOTFS,
	PROBE,
	RESULTS,
	TEST,
	SEED,
	LIST,
	POSSIBLE,
	LIMITS_ONLY,
	JOBS,
};

static const struct option_spec specs[] = {
	{0, "program", "FILE", "the student's program", PROGRAM},
	{0, "driver", "FILE", "the driver, linked with the student's modules",
	 DRIVER},
	{0, "whole", "FILE",
	 "the same program, of the student's modules of all stages", WHOLE},
	{0, "rootfs", "DIR", "the root file system", ROOTFS},
	{0, "probe", "FILE", "the probe", PROBE},
	{0, "results", "FILE", "append a line of JSON for each test", RESULTS},
	{0, "test", "NAME", "run this test only", TEST},
	{0, "seed", "N", "of names and numbers; default: the clock", SEED},
	{0, "possible", NULL,
	 "leave out what this machine cannot run, and say "
	 "so",
	 POSSIBLE},
	{0, "limits", NULL, "only the tests that --possible may leave out",
	 LIMITS_ONLY},
	{0, "jobs", "N", "tests at once; default: one more than processors",
	 JOBS},
	{0, "list", NULL, "print the tests: points, promise, task, needs",
	 LIST},
	{0},
};

static struct judge judge;

/* Which tests are run, and how many at once. */
static struct {
	const char *only;
	bool possible;
	bool limits_only;
	unsigned jobs;
} wanted;

static void list_tests(void)
{
	for (const struct test *t = gate.tests; t->name; t++)
		printf("%s\t%u\t%s\t%d\t%s\n", t->name, t->points, t->intent,
		       t->task,
		       t->needs & NEEDS_LIMITS	? "limits"
		       : t->needs & TAKES_WHOLE ? "whole"
						: "-");
	exit(0);
}

static bool is_test(const char *name)
{
	for (const struct test *t = gate.tests; t->name; t++)
		if (strcmp(name, t->name) == 0)
			return true;
	return false;
}

/* A sandbox without it does not start, and that would be told of each test. */
static void expect_there(const char *path, bool directory)
{
	struct stat found;

	if (!path)
		return;
	if (access(path, R_OK) == 0 && stat(path, &found) == 0) {
		if (S_ISDIR(found.st_mode) == directory)
			return;
		errno = directory ? ENOTDIR : EISDIR;
	}
	failed("open", "%s", path);
	die(EXIT_OURS);
}

static void read_options(char **words)
{
	struct options options = {
		.usage = "--program FILE --rootfs DIR --probe FILE [OPTIONS]",
		.summary = "Judges one stage. Exits 0 when every test has "
			   "passed, 1 when one has not.",
		.specs = specs,
		.argv = words,
	};
	struct timespec t;

	wanted.jobs = (unsigned)get_nprocs() + 1;
	clock_gettime(CLOCK_REALTIME, &t);
	judge.seed = (uint64_t)t.tv_sec * 1000003 + (uint64_t)t.tv_nsec;
	for (int id; (id = next_option(&options)) != 0;) {
		switch (id) {
		case PROGRAM:
			judge.settings.program = options.value;
			break;
		case DRIVER:
			judge.settings.driver = options.value;
			break;
		case WHOLE:
			judge.whole = options.value;
			break;
		case ROOTFS:
			judge.settings.rootfs = options.value;
			break;
		case PROBE:
			judge.settings.probe = options.value;
			break;
		case RESULTS:
			judge.results = options.value;
			break;
		case TEST:
			wanted.only = options.value;
			break;
		case SEED:
			judge.seed = (uint64_t)number_of(
				&options, options.value, 1, INT64_MAX);
			break;
		case POSSIBLE:
			wanted.possible = true;
			break;
		case LIMITS_ONLY:
			wanted.limits_only = true;
			break;
		case JOBS:
			wanted.jobs = (unsigned)number_of(&options,
							  options.value, 1, 64);
			break;
		case LIST:
			list_tests();
		}
	}
	if (!judge.settings.program || !judge.settings.rootfs ||
	    !judge.settings.probe)
		bad_usage("--program, --rootfs and --probe are needed");
	if (wanted.only && !is_test(wanted.only))
		bad_usage("--test %s: no such test", wanted.only);
	expect_there(judge.settings.program, false);
	expect_there(judge.settings.driver, false);
	expect_there(judge.whole, false);
	expect_there(judge.settings.rootfs, true);
	expect_there(judge.settings.probe, false);
}

#define MOST_TESTS 32
static const struct test *chosen[MOST_TESTS];

static int run_chosen(size_t number, FILE *results)
{
	return (int)run_test(chosen[number], &judge, results);
}

/* Nobody is to wait in the end for one that takes long. */
static void start_long_ones_first(size_t count, size_t *order)
{
	size_t n = 0;

	for (unsigned needs = TAKES_LONG;; needs = 0) {
		for (size_t i = 0; i < count; i++)
			if ((chosen[i]->needs & TAKES_LONG) == needs)
				order[n++] = i;
		if (needs == 0)
			return;
	}
}

/* Those that are to be run, and can be. */
static size_t choose_tests(void)
{
	size_t count = 0;

	for (const struct test *t = gate.tests; t->name; t++) {
		if (wanted.only && strcmp(wanted.only, t->name) != 0)
			continue;
		if (wanted.limits_only && !(t->needs & NEEDS_LIMITS))
			continue;
		if (wanted.possible && missing(t, &judge))
			printf("  left  %2u  %-24s %s\n", t->points, t->name,
			       missing(t, &judge));
		else if (count < MOST_TESTS)
			chosen[count++] = t;
	}
	return count;
}

/*
 * As many sandboxes at once as have room: each ends at its own limit then. When
 * all memory is gone, the kernel may look for whom to end until nobody waits
 * for it any more.
 */
static unsigned jobs_with_room(unsigned jobs)
{
	const uint64_t memory = host_memory();

	while (jobs > 1 && jobs * SANDBOX_MEMORY + MEMORY_LEFT > memory)
		jobs--;
	return jobs;
}

int main(int argc, char **argv)
{
	unsigned points = 0, total = 0;
	size_t order[MOST_TESTS], count;
	int verdicts[MOST_TESTS];
	FILE *results = NULL;
	bool broken = false;

	(void)argc;
	read_options(argv + 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	judge.started = seconds_now();
	judge.settings.limits = host_has_limits();
	if (judge.settings.limits)
		wanted.jobs = jobs_with_room(wanted.jobs);
	if (judge.results) {
		results = fopen(judge.results, "ae");
		if (!results) {
			failed("open", "%s", judge.results);
			die(EXIT_OURS);
		}
	}
	printf("%s: %s\n", gate.stage, judge.settings.program);
	count = choose_tests();
	start_long_ones_first(count, order);
	if (run_jobs(count, order, wanted.jobs, run_chosen, results, verdicts) <
	    0)
		die(EXIT_OURS);
	for (size_t i = 0; i < count; i++) {
		total += chosen[i]->points;
		if (verdicts[i] == PASSED)
			points += chosen[i]->points;
		/* Then there is no line of results for it either. */
		if (verdicts[i] == 256 + SIGALRM) {
			tell_of_limit(chosen[i], &judge, results);
		} else if (verdicts[i] > SKIPPED) {
			warning("%s: the judge itself has ended, with %d",
				chosen[i]->name, verdicts[i]);
			broken = true;
		}
	}
	printf("%s: %u of %u points\n", gate.stage, points, total);
	if (results && fclose(results) == EOF) {
		failed("close", "%s", judge.results);
		die(EXIT_OURS);
	}
	if (broken)
		return EXIT_OURS;
	return points == total ? 0 : 1;
}
