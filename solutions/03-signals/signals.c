#include "signals.h"

#include <errno.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "terminal.h"

static void held_signals(sigset_t *set)
{
	static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
				     SIGTRAP, SIGABRT, SIGSYS};

	sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(set, faults[i]);
}

int hold_signals(sigset_t *before)
{
	sigset_t set;

	held_signals(&set);
	/* An ignored SIGCHLD is inherited, and children then leave no status */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return failed("signal", "SIGCHLD");
	if (sigprocmask(SIG_BLOCK, &set, before) < 0)
		return failed("sigprocmask", "");
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The next signal, or 0 when `deadline` (INFINITY: none) has come; -1. */
static int next_signal(double deadline, siginfo_t *info)
{
	struct timespec wait, *limit = NULL;
	sigset_t set;
	int sig;

	held_signals(&set);
	if (isfinite(deadline)) {
		double left = fmax(deadline - now(), 0);

		wait.tv_sec = (time_t)left;
		wait.tv_nsec = (long)((left - (double)wait.tv_sec) * 1e9);
		limit = &wait;
	}
	do
		sig = sigtimedwait(&set, info, limit);
	while (sig < 0 && errno == EINTR);
	if (sig < 0 && errno == EAGAIN)
		return 0;
	return sig < 0 ? failed("sigtimedwait", "") : sig;
}

/* A child that has just ended is a zombie still, or ours to collect next. */
static int send(pid_t pid, int sig)
{
	if (kill(pid, sig) < 0 && errno != ESRCH)
		return failed("kill", "%d", (int)pid);
	return 0;
}

/*
 * By SIGTSTP, whose default the kernel withholds from an orphaned process
 * group: nobody could continue it, as nobody can after SIGSTOP.
 */
static int stop_self(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	if (send(getpid(), SIGTSTP) < 0)
		return -1;
	if (sigprocmask(SIG_UNBLOCK, &set, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return failed("sigprocmask", "");
	return 0;
}

/* What the terminal sends to a whole group reaches a child in ours too. */
static bool came_to_group(const siginfo_t *info, pid_t child)
{
	int sig = info->si_signo;

	return info->si_code == SI_KERNEL && getpgid(child) == getpgrp() &&
	       (sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP ||
		sig == SIGWINCH);
}

static int pass_on(const siginfo_t *info, pid_t child)
{
	if (!came_to_group(info, child) && send(child, info->si_signo) < 0)
		return -1;
	/* The shell that stopped its job wants to see it stop. */
	return info->si_signo == SIGTSTP ? stop_self() : 0;
}

/* With the terminal: the job is the two of us, so stop and go on together. */
static int stop_too(pid_t child)
{
	terminal_take(child);
	if (stop_self() < 0)
		return -1;
	if (terminal_is_ours())
		terminal_give(child);
	return send(-child, SIGCONT);
}

static int end_group(pid_t child)
{
	return send(getpgid(child) == child ? -child : child, SIGKILL);
}

int supervise(pid_t child, const struct supervision *how,
	      struct outcome *outcome)
{
	double term_at = how->timeout > 0 ? now() + how->timeout : INFINITY;
	double kill_at = INFINITY;
	bool timed_out = false;
	siginfo_t info;
	int left, sig;

	for (;;) {
		left = reap_ended(child, outcome);
		if (left < 0)
			return -1;
		if (outcome->ended)
			break;
		if (left == 0) {
			errno = ECHILD;
			return failed("supervise", "%d", (int)child);
		}
		if (outcome->stopped && how->terminal && stop_too(child) < 0)
			return -1;
		sig = next_signal(fmin(term_at, kill_at), &info);
		if (sig < 0)
			return -1;
		if (sig > 0 && sig != SIGCHLD && pass_on(&info, child) < 0)
			return -1;
		if (now() >= kill_at) {
			kill_at = INFINITY;
			if (end_group(child) < 0)
				return -1;
		}
		if (now() >= term_at) {
			term_at = INFINITY;
			timed_out = true;
			sig = SIGTERM;
			/* A stopped child would not notice. */
			if (send(child, SIGTERM) < 0 ||
			    send(child, SIGCONT) < 0)
				return -1;
		}
		if (sig == SIGTERM && isinf(kill_at))
			kill_at = now() + how->grace;
	}
	if (how->terminal)
		terminal_take(child);
	return timed_out;
}
