/*
 * main() of every gate: a fresh sandbox for each test, a verdict, a result.
 */
#include "gate.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "host.h"
#include "jobs.h"
#include "options.h"
#include "process.h"
#include "results.h"
#include "runs.h"
#include "sandbox.h"
#include "screen.h"

/* Memory for the judge and the kernel, beside the sandboxes'. */
#define MEMORY_LEFT (UINT64_C(32) << 20)

/* grade.sh knows by this that nothing was judged. */
#define NO_SANDBOX "the sandbox does not start here"

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

static struct {
	struct sandbox_settings settings;
	const char *whole;
	const char *results;
	double started; /* on the clock of seconds_now() */
	const char *only;
	bool possible;
	bool limits_only;
	unsigned jobs;
	uint64_t seed;
	struct sandbox sandbox;
	jmp_buf end;
	enum verdict verdict;
	int task; /* that a failure is about */
	char message[4096];
} judge;

/* xorshift: the same seed, the same names and numbers, on every machine. */
static uint64_t next_random(void)
{
	judge.seed ^= judge.seed << 13;
	judge.seed ^= judge.seed >> 7;
	judge.seed ^= judge.seed << 17;
	return judge.seed;
}

int random_between(int low, int high)
{
	return low + (int)(next_random() % (uint64_t)(high - low + 1));
}

const char *fresh_token(void)
{
	static char tokens[16][24];
	static int next;

	next = (next + 1) % 16;
	snprintf(tokens[next], sizeof(tokens[next]), "t%016llx",
		 (unsigned long long)next_random());
	return tokens[next];
}

int about_task(int task)
{
	int before = judge.task;

	judge.task = task;
	return before;
}

/* What a program said ends with a newline, and the message need not. */
static void cut_newlines(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
}

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(judge.message, sizeof(judge.message), format, arguments);
	va_end(arguments);
	cut_newlines(judge.message);
	judge.verdict = FAILED;
	longjmp(judge.end, 1);
}

void skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(judge.message, sizeof(judge.message), format, arguments);
	va_end(arguments);
	judge.verdict = SKIPPED;
	longjmp(judge.end, 1);
}

void expect_status(struct run *run, int status)
{
	int seen = finish(run);

	EXPECT(seen == status, "expected exit status %d, saw %d", status, seen);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

void expect_refusal(struct run *run, const char *part)
{
	const char *errors;
	int status = finish(run);

	errors = errors_of(run);
	EXPECT(status == 125, "expected exit status 125, saw %d", status);
	EXPECT(count_lines(errors) == 1,
	       "expected one line on standard error, saw %zu",
	       count_lines(errors));
	EXPECT(strstr(errors, part), "expected a line that names %s", part);
	expect_nothing_left();
}

/* Why this test cannot be run here, or NULL. */
static const char *missing(const struct test *test)
{
	if ((test->needs & NEEDS_LIMITS) && !judge.settings.limits)
		return "no cgroup v2 with memory, pids and cpu here: run it "
		       "in the VM";
	if ((test->needs & NEEDS_ROOT) && geteuid() != 0)
		return "needs root";
	return NULL;
}

/*
 * What another test's program has taken may be missing here until that one is
 * ended, which is no fault of anybody here.
 */
static bool open_patiently(void)
{
	for (int tries = 0; tries < 7; tries++) {
		/* Longer and longer, all of them little more than the limit. */
		const double seconds = time_limit() / 100 * (1 << tries);
		const struct timespec nap = {
			.tv_sec = (time_t)seconds,
			.tv_nsec = (long)((seconds - (int)seconds) * 1e9),
		};
		int saved;

		if (sandbox_open(&judge.sandbox, &judge.settings) == 0)
			return true;
		saved = errno;
		/* Of one that has started and cannot be used, too. */
		sandbox_kill(&judge.sandbox);
		sandbox_close(&judge.sandbox);
		nanosleep(&nap, NULL);
		errno = saved;
	}
	return false;
}

/* setjmp(3): what is changed after it and read later lives in `judge`. */
static void run_body(const struct test *test)
{
	judge.verdict = PASSED;
	judge.message[0] = '\0';
	/* Each test has a process of its own: jobs.h. */
	if (judge.whole && (test->needs & TAKES_WHOLE))
		judge.settings.program = judge.whole;
	if (setjmp(judge.end) == 0) {
		runs_begin(&judge.sandbox, &judge.settings);
		if (missing(test))
			skip("%s", missing(test));
		if (!open_patiently())
			skip(NO_SANDBOX ": %s", strerror(errno));
		test->body();
	}
}

/*
 * Whatever a test waits for has a limit, but for what is not meant to wait at
 * all, and may be made to: a file system of the student's own, say. Nor do many
 * long ones make an endless gate. In seconds; the VM is given up when it has
 * said nothing for 300.
 */
#define ALL_TESTS 780
static unsigned whole_limit(void)
{
	const double seconds = 240 * time_factor();
	const double left = judge.started + ALL_TESTS - seconds_now();
	const double limit = seconds < 60 ? 60 : seconds > 240 ? 240 : seconds;

	return (unsigned)(limit < left ? limit : left > 20 ? left : 20);
}

/* The same names and numbers for a test, alone or among others. */
static void seed_for(const char *name)
{
	for (; *name; name++)
		judge.seed = (judge.seed ^ (uint64_t)*name) * 0x100000001b3;
	judge.seed |= 1;
}

static struct result result_of(const struct test *test)
{
	return (struct result){
		.stage = gate.stage,
		.name = test->name,
		.intent = test->intent,
		.points = test->points,
		.command = "",
		.launched = "",
	};
}

static void tell(FILE *results, const struct result *result)
{
	if (write_result(results, result) < 0) {
		failed("write", "%s", judge.results);
		die(EXIT_OURS);
	}
}

static enum verdict run_test(const struct test *test, FILE *results)
{
	double started = seconds_now();
	struct result result = result_of(test);
	sigset_t set;

	/* It ends this process then, and run_jobs() tells of that. */
	signal(SIGALRM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	alarm(whole_limit());
	judge.task = test->task;
	seed_for(test->name);
	run_body(test);
	result.verdict = judge.verdict;
	result.message = judge.message;
	result.command = told_command();
	result.launched = told_launched();
	result.seconds = seconds_now() - started;
	print_result(&result, judge.task);
	sandbox_kill(&judge.sandbox);
	runs_end();
	sandbox_close(&judge.sandbox);
	/* Last: a test that is ended before has no result yet. */
	tell(results, &result);
	return judge.verdict;
}

/* Of a test that its limit has ended. */
static void tell_of_limit(const struct test *test, FILE *results)
{
	struct result result = result_of(test);
	char message[128];

	snprintf(message, sizeof(message),
		 "it has not ended in its time; all tests together have %d "
		 "seconds",
		 ALL_TESTS);
	result.verdict = FAILED;
	result.message = message;
	print_result(&result, test->task);
	if (results)
		tell(results, &result);
}

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
static void expect_there(const char *path)
{
	if (path && access(path, R_OK) < 0) {
		failed("access", "%s", path);
		die(EXIT_OURS);
	}
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

	judge.jobs = (unsigned)get_nprocs() + 1;
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
			judge.only = options.value;
			break;
		case SEED:
			judge.seed = (uint64_t)number_of(
				&options, options.value, 1, INT64_MAX);
			break;
		case POSSIBLE:
			judge.possible = true;
			break;
		case LIMITS_ONLY:
			judge.limits_only = true;
			break;
		case JOBS:
			judge.jobs = (unsigned)number_of(&options,
							 options.value, 1, 64);
			break;
		case LIST:
			list_tests();
		}
	}
	if (!judge.settings.program || !judge.settings.rootfs ||
	    !judge.settings.probe)
		bad_usage("--program, --rootfs and --probe are needed");
	if (judge.only && !is_test(judge.only))
		bad_usage("--test %s: no such test", judge.only);
	expect_there(judge.settings.program);
	expect_there(judge.settings.driver);
	expect_there(judge.whole);
	expect_there(judge.settings.rootfs);
	expect_there(judge.settings.probe);
}

#define MOST_TESTS 32
static const struct test *chosen[MOST_TESTS];

static int run_chosen(size_t number, FILE *results)
{
	return (int)run_test(chosen[number], results);
}

/* Nobody is to wait in the end for one that takes long. */
static void start_long_ones_first(size_t count, size_t *order)
{
	size_t n = 0;

	for (unsigned wanted = TAKES_LONG;; wanted = 0) {
		for (size_t i = 0; i < count; i++)
			if ((chosen[i]->needs & TAKES_LONG) == wanted)
				order[n++] = i;
		if (wanted == 0)
			return;
	}
}

/* Those that are to be run, and can be. */
static size_t choose_tests(void)
{
	size_t count = 0;

	for (const struct test *t = gate.tests; t->name; t++) {
		if (judge.only && strcmp(judge.only, t->name) != 0)
			continue;
		if (judge.limits_only && !(t->needs & NEEDS_LIMITS))
			continue;
		if (judge.possible && missing(t))
			printf("  left  %2u  %-24s %s\n", t->points, t->name,
			       missing(t));
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
		judge.jobs = jobs_with_room(judge.jobs);
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
	if (run_jobs(count, order, judge.jobs, run_chosen, results, verdicts) <
	    0)
		die(EXIT_OURS);
	for (size_t i = 0; i < count; i++) {
		total += chosen[i]->points;
		if (verdicts[i] == PASSED)
			points += chosen[i]->points;
		/* Then there is no line of results for it either. */
		if (verdicts[i] == 256 + SIGALRM) {
			tell_of_limit(chosen[i], results);
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
