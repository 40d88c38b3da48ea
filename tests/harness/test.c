/*
 * A sandbox, a verdict, a result; and what bodies say of them.
 */
#include "test.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "launched.h"
#include "runs.h"
#include "sandbox.h"
#include "screen.h"

/* grade.sh knows by this that nothing was judged. */
#define NO_SANDBOX "the sandbox does not start here"

static struct {
	const struct judge *judge;
	struct sandbox_settings settings;
	struct sandbox sandbox;
	uint64_t random;
	jmp_buf end;
	enum verdict verdict;
	int task; /* that a failure is about */
	char message[4096];
} now;

/* xorshift: the same seed, the same names and numbers, on every machine. */
static uint64_t next_random(void)
{
	now.random ^= now.random << 13;
	now.random ^= now.random >> 7;
	now.random ^= now.random << 17;
	return now.random;
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
	int before = now.task;

	now.task = task;
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
	vsnprintf(now.message, sizeof(now.message), format, arguments);
	va_end(arguments);
	cut_newlines(now.message);
	now.verdict = FAILED;
	longjmp(now.end, 1);
}

void skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(now.message, sizeof(now.message), format, arguments);
	va_end(arguments);
	now.verdict = SKIPPED;
	longjmp(now.end, 1);
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

const char *missing(const struct test *test, const struct judge *judge)
{
	if ((test->needs & NEEDS_LIMITS) && !judge->settings.limits)
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

		if (sandbox_open(&now.sandbox, &now.settings) == 0)
			return true;
		saved = errno;
		/* Of one that has started and cannot be used, too. */
		sandbox_kill(&now.sandbox);
		sandbox_close(&now.sandbox);
		nanosleep(&nap, NULL);
		errno = saved;
	}
	return false;
}

/* setjmp(3): what is changed after it and read later lives in `now`. */
static void run_body(const struct test *test)
{
	now.verdict = PASSED;
	now.message[0] = '\0';
	/* Each test has a process of its own: jobs.h. */
	if (now.judge->whole && (test->needs & TAKES_WHOLE))
		now.settings.program = now.judge->whole;
	if (setjmp(now.end) == 0) {
		runs_begin(&now.sandbox, &now.settings);
		if (missing(test, now.judge))
			skip("%s", missing(test, now.judge));
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
	const double left = now.judge->started + ALL_TESTS - seconds_now();
	const double limit = seconds < 60 ? 60 : seconds > 240 ? 240 : seconds;

	return (unsigned)(limit < left ? limit : left > 20 ? left : 20);
}

/* The same names and numbers for a test, alone or among others. */
static void seed_for(const char *name)
{
	for (; *name; name++)
		now.random = (now.random ^ (uint64_t)*name) * 0x100000001b3;
	now.random |= 1;
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

static void tell(const struct result *result, const struct judge *judge,
		 FILE *results)
{
	if (write_result(results, result) < 0) {
		failed("write", "%s", judge->results);
		die(EXIT_OURS);
	}
}

enum verdict run_test(const struct test *test, const struct judge *judge,
		      FILE *results)
{
	double started = seconds_now();
	struct result result = result_of(test);
	sigset_t set;

	/* It ends this process then, and run_jobs() tells of that. */
	signal(SIGALRM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	now.judge = judge;
	alarm(whole_limit());
	now.settings = judge->settings;
	now.random = judge->seed;
	now.task = test->task;
	seed_for(test->name);
	run_body(test);
	result.verdict = now.verdict;
	result.message = now.message;
	result.command = told_command();
	result.launched = told_launched();
	result.seconds = seconds_now() - started;
	print_result(&result, now.task);
	sandbox_kill(&now.sandbox);
	runs_end();
	sandbox_close(&now.sandbox);
	/* Last: a test that is ended before has no result yet. */
	tell(&result, judge, results);
	return now.verdict;
}

void tell_of_limit(const struct test *test, const struct judge *judge,
		   FILE *results)
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
		tell(&result, judge, results);
}
