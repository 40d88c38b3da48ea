/*
 * How long a test waits for what is to happen.
 */
#include "deadline.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "gate.h"
#include "process.h"

/* time_limit(), without TIME_FACTOR. */
#define LIMIT_SECONDS 10.0

/* How many times as long, at most, where the machine is what takes its time. */
#define BUSY_LIMITS 5

/* Between one look at what is waited for and the next, in seconds. */
#define SHORTEST_NAP 0.001
#define LONGEST_NAP 0.02

/* Longer than any nap takes while processes have their turns. */
#define STANDSTILL 0.1

/* After so many seconds of that no more count: a program may be what keeps the
 * judge from its turns. */
#define MOST_STANDSTILL 60

/* Seconds in which nobody was let run, as far as naps can tell. */
static double stood_still;

double time_factor(void)
{
	const char *factor = getenv("TIME_FACTOR");
	double times = factor ? strtod(factor, NULL) : 1;

	return times > 0 ? times : 1;
}

double time_limit(void)
{
	return LIMIT_SECONDS * time_factor();
}

double deadline(void)
{
	return seconds_now() - stood_still + time_limit();
}

double kernel_deadline(void)
{
	return seconds_now() - stood_still + BUSY_LIMITS * time_limit();
}

/*
 * A virtual machine may be stopped for seconds, and its clock goes on: of what
 * was to happen meanwhile nothing could.
 */
static void nap(double seconds)
{
	const struct timespec time = {.tv_nsec = (long)(seconds * 1e9)};
	const double before = seconds_now();
	double length;

	nanosleep(&time, NULL);
	length = seconds_now() - before;
	if (length > STANDSTILL && stood_still < MOST_STANDSTILL)
		stood_still += length;
}

/* Before the limit: from one look at whether it is held up to the next. */
#define BETWEEN_LOOKS 0.1

/* For so long, in seconds, what was held up is taken to be so still. */
#define HELD_UP_FOR 0.4

/* When CPU time was looked at, and how much it was. */
static double looked_at_cpu, had_before;

/*
 * Whether something in the sandbox wants to go on and cannot, on a machine that
 * is too busy: it is in a system call that cannot be interrupted (a mount, a
 * cable, the end of a namespace wait for each other, and for every processor to
 * have taken note), or it is runnable and all of them had next to no CPU in the
 * tenth of a second before.
 */
static bool is_held_up(double moment)
{
	static pid_t pids[4096];
	const double seconds = moment - looked_at_cpu, before = had_before;
	size_t count = sandbox_processes(pids, 4096);
	bool runnable = false;
	double had = 0;

	for (size_t i = 0; i < count; i++) {
		char state = state_of(pids[i]);

		if (state == 'D')
			return true;
		runnable |= state == 'R';
		had += cpu_seconds(pids[i]);
	}
	if (seconds < BETWEEN_LOOKS)
		return false;
	looked_at_cpu = moment;
	had_before = had;
	return runnable && had - before < seconds / 10;
}

bool past(double limit)
{
	const double most = (BUSY_LIMITS - 1) * time_limit();
	/* The wait of this limit: its moments, and for how long it was so. */
	static double waits_for, began, looked, last_held_up, held_up;
	double moment = seconds_now() - stood_still;

	if (limit != waits_for) {
		waits_for = limit;
		began = looked = looked_at_cpu = moment;
		had_before = -HUGE_VAL;
		held_up = last_held_up = 0;
	}
	/*
	 * Judges that look all the time are what the machine is busy with,
	 * when there are many of them: who has waited for long can wait a
	 * little more.
	 */
	nap(fmin(fmax((moment - began) / 100, SHORTEST_NAP), LONGEST_NAP));
	moment = seconds_now() - stood_still;
	if (moment - looked >= BETWEEN_LOOKS || moment > limit) {
		if (is_held_up(moment)) {
			held_up += moment - looked;
			last_held_up = moment;
		}
		looked = moment;
	}
	return moment > limit + most ||
	       moment > fmax(limit + held_up, last_held_up) + HELD_UP_FOR;
}
