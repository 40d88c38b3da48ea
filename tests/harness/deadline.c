/*
 * How long a test waits for what is to happen.
 */
#include "deadline.h"

#include <stdlib.h>
#include <time.h>

#include "gate.h"
#include "process.h"

/* time_limit(), without TIME_FACTOR. */
#define LIMIT_SECONDS 10.0

/* How many times as long, at most, where the machine is what takes its time. */
#define BUSY_LIMITS 5

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
static void nap(void)
{
	const struct timespec millisecond = {.tv_nsec = 1000000};
	const double before = seconds_now();
	double length;

	nanosleep(&millisecond, NULL);
	length = seconds_now() - before;
	if (length > STANDSTILL && stood_still < MOST_STANDSTILL)
		stood_still += length;
}

/*
 * Whether something in the sandbox wants to go on and cannot, on a machine that
 * is too busy: it is in a system call that cannot be interrupted (a mount, a
 * cable, the end of a namespace wait for each other, and for every processor to
 * have taken note), or it is runnable and all of them had next to no CPU in the
 * tenth of a second before. So it is, too, as long as nobody has looked twice.
 */
static bool is_held_up(double moment)
{
	static pid_t pids[4096];
	static double began, before;
	size_t count = sandbox_processes(pids, 4096);
	bool runnable = false, starved;
	double had = 0;

	for (size_t i = 0; i < count; i++) {
		char state = state_of(pids[i]);

		if (state == 'D')
			return true;
		runnable |= state == 'R';
		had += cpu_seconds(pids[i]);
	}
	if (moment - began < 0.1)
		return false;
	starved = moment - began >= 1 ||
		  (runnable && had - before < (moment - began) / 10);
	began = moment;
	before = had;
	return starved;
}

bool past(double limit)
{
	const double most = (BUSY_LIMITS - 1) * time_limit();
	static double held_up;
	double moment;

	nap();
	moment = seconds_now() - stood_still;
	if (moment <= limit)
		return false;
	if (is_held_up(moment))
		held_up = moment;
	return moment > limit + most ||
	       moment > (held_up > limit ? held_up : limit) + 0.4;
}
