/*
 * Time is a signal too: timer_create(2) sends one that is known by its
 * si_code, and so cannot be taken for anybody else's.
 */
#include "signals.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "terminal.h"

enum { TIMEOUT = 1, GRACE };

static timer_t timers[3];

static void fill(sigset_t *set)
{
	sigfillset(set);
	sigdelset(set, SIGSEGV);
	sigdelset(set, SIGBUS);
	sigdelset(set, SIGFPE);
	sigdelset(set, SIGILL);
	sigdelset(set, SIGTRAP);
	sigdelset(set, SIGABRT);
	sigdelset(set, SIGSYS);
}

int hold_signals(sigset_t *before)
{
	sigset_t set, now;

	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return failed("signal", "SIGCHLD");
	if (sigprocmask(0, NULL, before) < 0)
		return failed("sigprocmask", "");
	now = *before;
	fill(&set);
	for (int sig = 1; sig < _NSIG; sig++)
		if (sigismember(&set, sig) == 1)
			sigaddset(&now, sig);
	if (sigprocmask(SIG_SETMASK, &now, NULL) < 0)
		return failed("sigprocmask", "");
	return 0;
}

/* 0 would disarm it. */
static int set_timer(int which, double seconds)
{
	struct itimerspec time = {
		.it_value.tv_sec = (time_t)seconds,
		.it_value.tv_nsec =
			(long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	if (time.it_value.tv_sec == 0 && time.it_value.tv_nsec == 0)
		time.it_value.tv_nsec = 1;
	return timer_settime(timers[which], 0, &time, NULL);
}

static int make_timers(void)
{
	for (int which = TIMEOUT; which <= GRACE; which++) {
		struct sigevent event = {
			.sigev_notify = SIGEV_SIGNAL,
			.sigev_signo = SIGRTMAX,
			.sigev_value.sival_int = which,
		};

		if (timer_create(CLOCK_MONOTONIC, &event, &timers[which]) < 0)
			return failed("timer_create", "");
	}
	return 0;
}

static int to(pid_t pid, int sig)
{
	if (kill(pid, sig) == 0 || errno == ESRCH)
		return 0;
	return failed("send", "signal %d", sig);
}

static bool grace_runs, timed_out;

static int start_grace(double seconds)
{
	if (grace_runs)
		return 0;
	grace_runs = true;
	return set_timer(GRACE, seconds);
}

static int on_timer(int which, pid_t child, const struct supervision *how)
{
	if (which == GRACE) {
		grace_runs = false;
		return to(getpgid(child) == child ? -child : child, SIGKILL);
	}
	timed_out = true;
	if (to(child, SIGTERM) < 0 || to(child, SIGCONT) < 0)
		return -1;
	return start_grace(how->grace);
}

static int on_signal(const siginfo_t *info, pid_t child,
		     const struct supervision *how)
{
	switch (info->si_signo) {
	case SIGCHLD:
		return 0;
	case SIGCONT:
		if (how->terminal)
			return go_on(child);
		return to(child, SIGCONT);
	case SIGTSTP:
		if (!came_to_both(info, child) && to(child, SIGTSTP) < 0)
			return -1;
		return how->terminal ? 0 : stop_self();
	case SIGTERM:
		if (to(child, SIGTERM) < 0)
			return -1;
		return start_grace(how->grace);
	default:
		if (came_to_both(info, child))
			return 0;
		return to(child, info->si_signo);
	}
}

static int one_more(pid_t child, const struct supervision *how,
		    struct outcome *outcome)
{
	siginfo_t info;
	sigset_t set;
	int left = reap_ended(child, outcome);

	if (left < 0 || outcome->ended)
		return left;
	if (left == 0) {
		errno = ECHILD;
		return failed("supervise", "%d", (int)child);
	}
	if (outcome->stopped && how->terminal) {
		terminal_take(child);
		return stop_self() < 0 || go_on(child) < 0 ? -1 : 1;
	}
	fill(&set);
	if (sigwaitinfo(&set, &info) < 0)
		return errno == EINTR ? 1 : failed("sigwaitinfo", "");
	if (info.si_code == SI_TIMER)
		return on_timer(info.si_value.sival_int, child, how);
	return on_signal(&info, child, how);
}

int supervise(pid_t child, const struct supervision *how,
	      struct outcome *outcome)
{
	int result = 0, saved;

	grace_runs = timed_out = false;
	if (make_timers() < 0)
		return -1;
	if (how->timeout > 0)
		result = set_timer(TIMEOUT, how->timeout);
	while (result >= 0 && !outcome->ended)
		result = one_more(child, how, outcome);
	saved = errno;
	timer_delete(timers[TIMEOUT]);
	timer_delete(timers[GRACE]);
	if (how->terminal)
		terminal_take(child);
	errno = saved;
	return result < 0 ? -1 : timed_out;
}
