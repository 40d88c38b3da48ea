#include "signals.h"

#include <errno.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "terminal.h"
#include "todo.h"

/*
 * TODO 1: fill *set with the signals that are held: all, without the seven
 * that a fault raises (signals.h). sigsetops(3). SIGKILL and SIGSTOP may be in
 * it: the kernel leaves them out by itself.
 */
static void held_signals(sigset_t *set)
{
	todo(1, set);
}

/*
 * TODO 2: add these to the mask, and keep the mask from before for the child:
 * one call of sigprocmask(2) does both. SIGCHLD is to have its default action
 * first: whoever started this program may have ignored it.
 */
int hold_signals(sigset_t *before)
{
	return todo(2, before, held_signals);
}

/* Seconds on a clock that nobody sets. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * TODO 3: sleep until one of the held signals is there, take it, and return
 * its number; or 0 when now() has come to `until`, which is INFINITY when
 * nothing is due. sigtimedwait(2) waits for so long and no longer, or without
 * end when it is given no time. It may be interrupted; that is no failure.
 */
static int next_signal(double until, siginfo_t *info)
{
	return todo(3, now() < until, info);
}

/*
 * `pid` may be a process, or a process group as its negative. That there is
 * none any more is no failure: it has just ended.
 */
static int send(pid_t pid, int sig)
{
	if (kill(pid, sig) < 0 && errno != ESRCH)
		return failed("kill", "%d", (int)pid);
	return 0;
}

/*
 * TODO 4: send() the child a signal that has arrived, unless came_to_both()
 * says that the child has had it too. After SIGTSTP stop_self(): the shell
 * that stopped its job wants to see it stop. (With the terminal the child's
 * own stop will do that: task 6.) Both functions are in terminal.h.
 */
static int pass_on(const siginfo_t *info, pid_t child, bool terminal)
{
	return todo(4, info, child, terminal, send);
}

/* When something is due, on the clock of now(); INFINITY: nothing is. */
struct times {
	double term_at; /* the timeout: SIGTERM */
	double kill_at; /* the end of the grace period: SIGKILL */
	bool timed_out; /* the timeout has come */
};

/*
 * TODO 5: after `sig` (0: none) was taken and passed on, do what is due; the
 * child has not ended. The end of the grace period: SIGKILL to the process
 * group that the child leads, or to the child alone when it is in another one
 * (getpgid(2)). The timeout: SIGTERM, and SIGCONT, for a stopped child would
 * not notice. The first SIGTERM, from wherever it came: from now on the grace
 * period runs.
 */
static int keep_time(pid_t child, int sig, double grace, struct times *times)
{
	return todo(5, child, sig, grace, times);
}

/*
 * TODO 6: the child was given the terminal and has stopped. The job is the two
 * of us: terminal_take() the terminal back, stop_self(), and when that returns
 * (SIGCONT has come, or nobody is there who could send it) go_on().
 */
static int stop_too(pid_t child)
{
	return todo(6, child);
}

/*
 * TODO 7: until the child has ended, again and again: collect (reap_ended() of
 * stage 02), keep_time(), wait for the next signal, and pass it on unless it is
 * SIGCHLD. Collect first: who has ended before the first signal comes is heard
 * of too, and a child that has ended in its time has no timeout. When no child
 * is left and this one has not ended, that is ECHILD. With how->terminal:
 * stop_too() when the child has stopped, go_on() when SIGCONT has come, and
 * terminal_take() when the child has ended.
 */
int supervise(pid_t child, const struct supervision *how,
	      struct outcome *outcome)
{
	struct times times = {
		.term_at = how->timeout > 0 ? now() + how->timeout : INFINITY,
		.kill_at = INFINITY,
	};
	todo(7, child, outcome, next_signal, pass_on, keep_time);
	return todo(7, times.timed_out, stop_too);
}
