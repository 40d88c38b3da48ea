/*
 * Judges deadline.h; TAP. The sandbox is one process here.
 */
#include "deadline.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* In seconds: how long a test waits here, and the kernel takes. */
#define LIMIT 1.0
#define HELD 0.8

static pid_t waited_for;

size_t sandbox_processes(pid_t *pids, size_t room)
{
	pids[0] = waited_for;
	return room > 0 && waited_for > 0;
}

static void sleep_for(double seconds)
{
	const struct timespec time = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (int)seconds) * 1e9),
	};

	nanosleep(&time, NULL);
}

/* Who cannot be interrupted until the child ends. clone(2) */
static _Noreturn void be_held_up(void)
{
	if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0) ==
	    0) {
		sleep_for(HELD);
		_exit(0);
	}
	for (;;)
		pause();
}

static _Noreturn void sleep_on(void)
{
	for (;;)
		pause();
}

/* How long a wait for this one takes that is never over; 0: none began. */
static double wait_for(void (*body)(void), char state, int *looks)
{
	double began, limit;

	waited_for = fork();
	if (waited_for == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(0);
	}
	if (waited_for < 0)
		return 0;
	began = seconds_now();
	while (state_of(waited_for) != state)
		if (seconds_now() - began > 60)
			return 0;
	began = seconds_now();
	limit = deadline();
	for (*looks = 1; !past(limit); ++*looks)
		;
	began = seconds_now() - began;
	kill(waited_for, SIGKILL);
	waitpid(waited_for, NULL, 0);
	return began;
}

static int ok(int number, bool good, const char *name, double seconds,
	      int looks)
{
	printf("%sok %d - %s\n", good ? "" : "not ", number, name);
	if (!good)
		printf("# %.3f seconds, in which it has looked %d times\n",
		       seconds, looks);
	return good ? 0 : 1;
}

int main(void)
{
	int failures = 0, looks = 0;
	double seconds;

	setenv("TIME_FACTOR", "0.1", 1);
	seconds = wait_for(sleep_on, 'S', &looks);
	failures += ok(1, seconds >= LIMIT, "a wait takes as long as it may",
		       seconds, looks);
	failures +=
		ok(2, looks >= 10 && looks < 500,
		   "it looks often, and less often in the end", seconds, looks);
	seconds = wait_for(be_held_up, 'D', &looks);
	failures += ok(3, seconds >= LIMIT + HELD - 0.2,
		       "what the kernel takes before its end does not count",
		       seconds, looks);
	puts("1..3");
	return failures ? 1 : 0;
}
