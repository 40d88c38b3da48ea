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

static void sleep_on(void)
{
	for (;;)
		pause();
}

/* Cannot be interrupted until the child ends, and sleeps then. clone(2) */
static void be_held_up(void)
{
	if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0) ==
	    0) {
		usleep((useconds_t)(HELD * 1e6));
		_exit(0);
	}
	sleep_on();
}

/* How long a wait for this one takes that is never over; 0: none began. */
static double wait_for(void (*body)(void), char state, int *looks)
{
	double began, limit, seconds = 0;

	waited_for = fork();
	if (waited_for == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
			body();
		_exit(1);
	}
	if (waited_for < 0)
		return 0;
	began = seconds_now();
	while (state_of(waited_for) != state && seconds_now() - began < 60)
		;
	if (state_of(waited_for) == state) {
		began = seconds_now();
		limit = deadline();
		for (*looks = 1; !past(limit); ++*looks)
			;
		seconds = seconds_now() - began;
	}
	kill(waited_for, SIGKILL);
	waitpid(waited_for, NULL, 0);
	return seconds;
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
	/* A machine that stands still meanwhile makes it longer. */
	for (int tries = 0; tries < 5; tries++) {
		seconds = wait_for(sleep_on, 'S', &looks);
		if (seconds < 2 * LIMIT)
			break;
	}
	failures += ok(1, seconds >= LIMIT && seconds < 2 * LIMIT,
		       "a wait takes as long as it may, and little more",
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
