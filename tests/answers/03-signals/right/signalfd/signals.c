/*
 * Signals and times as descriptors: signalfd(2), timerfd_create(2), epoll(7).
 * Signals go to the child through a pidfd.
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "syscalls.h"
#include "terminal.h"

struct watch {
	pid_t child;
	const struct supervision *how;
	int pidfd, signals, timeout, grace, epoll;
	bool in_grace, timed_out;
};

static bool is_held(int sig)
{
	switch (sig) {
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGABRT:
	case SIGSYS:
		return false;
	default:
		return true;
	}
}

static sigset_t all_held(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (is_held(sig))
			sigaddset(&set, sig);
	return set;
}

int hold_signals(sigset_t *before)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set = all_held();

	if (sigaction(SIGCHLD, &action, NULL) < 0)
		return failed("sigaction", "SIGCHLD");
	if (sigprocmask(SIG_BLOCK, &set, before) < 0)
		return failed("block", "signals");
	return 0;
}

/* A time of 0 would disarm the timer: a nanosecond is as good. */
static int arm(int timer, double seconds)
{
	struct itimerspec when = {0};

	when.it_value.tv_sec = (time_t)seconds;
	when.it_value.tv_nsec =
		(long)((seconds - (double)when.it_value.tv_sec) * 1e9) + 1;
	if (when.it_value.tv_nsec > 999999999)
		when.it_value.tv_nsec = 999999999;
	return timerfd_settime(timer, 0, &when, NULL);
}

static bool has_rung(int timer)
{
	uint64_t times;

	return read(timer, &times, sizeof(times)) == sizeof(times);
}

static int deliver(struct watch *w, int sig)
{
	if (sys_pidfd_send_signal(w->pidfd, sig) < 0 && errno != ESRCH)
		return failed("pidfd_send_signal", "%d", sig);
	return 0;
}

static int begin_grace(struct watch *w)
{
	if (w->in_grace)
		return 0;
	w->in_grace = true;
	return arm(w->grace, w->how->grace);
}

static int kill_all(struct watch *w)
{
	if (getpgid(w->child) != w->child)
		return deliver(w, SIGKILL);
	if (kill(-w->child, SIGKILL) < 0 && errno != ESRCH)
		return failed("kill", "%d", (int)-w->child);
	return 0;
}

static int take_signal(struct watch *w)
{
	struct signalfd_siginfo got;
	siginfo_t info = {0};

	if (read(w->signals, &got, sizeof(got)) != sizeof(got))
		return errno == EAGAIN || errno == EINTR
			       ? 0
			       : failed("read", "signals");
	if (got.ssi_signo == SIGCHLD)
		return 0;
	info.si_signo = (int)got.ssi_signo;
	info.si_code = got.ssi_code;
	if (info.si_signo == SIGCONT && w->how->terminal && go_on(w->child) < 0)
		return -1;
	if (!came_to_both(&info, w->child) && deliver(w, info.si_signo) < 0)
		return -1;
	if (info.si_signo == SIGTERM)
		return begin_grace(w);
	if (info.si_signo == SIGTSTP && !w->how->terminal)
		return stop_self();
	return 0;
}

/* Who has ended in time has no timeout: this comes after collecting. */
static int look_at_timers(struct watch *w)
{
	if (has_rung(w->timeout)) {
		w->timed_out = true;
		if (deliver(w, SIGTERM) < 0 || deliver(w, SIGCONT) < 0 ||
		    begin_grace(w) < 0)
			return -1;
	}
	if (has_rung(w->grace)) {
		w->in_grace = false;
		if (kill_all(w) < 0)
			return -1;
	}
	return 0;
}

static int wait_and_take(struct watch *w)
{
	struct epoll_event event;

	if (epoll_wait(w->epoll, &event, 1, -1) < 0)
		return errno == EINTR ? 0 : failed("epoll_wait", "");
	return take_signal(w);
}

static int open_all(struct watch *w)
{
	sigset_t set = all_held();
	int *const fds[] = {&w->signals, &w->timeout, &w->grace};
	struct epoll_event event = {.events = EPOLLIN};

	w->pidfd = sys_pidfd_open(w->child, 0);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	w->timeout =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	w->grace = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->pidfd < 0 || w->signals < 0 || w->timeout < 0 || w->grace < 0 ||
	    w->epoll < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, *fds[i], &event) < 0)
			return -1;
	return w->how->timeout > 0 ? arm(w->timeout, w->how->timeout) : 0;
}

static int run(struct watch *w, struct outcome *outcome)
{
	for (;;) {
		int left = reap_ended(w->child, outcome);

		if (left < 0)
			return -1;
		if (outcome->ended)
			return w->timed_out;
		if (left == 0) {
			errno = ECHILD;
			return failed("watch", "%d", (int)w->child);
		}
		if (look_at_timers(w) < 0)
			return -1;
		if (outcome->stopped && w->how->terminal) {
			terminal_take(w->child);
			if (stop_self() < 0 || go_on(w->child) < 0)
				return -1;
			continue;
		}
		if (wait_and_take(w) < 0)
			return -1;
	}
}

int supervise(pid_t child, const struct supervision *how,
	      struct outcome *outcome)
{
	struct watch w = {.child = child, .how = how};
	int result = open_all(&w) < 0 ? failed("open", "what to watch")
				      : run(&w, outcome);
	int saved = errno;

	close(w.epoll);
	close(w.grace);
	close(w.timeout);
	close(w.signals);
	close(w.pidfd);
	if (how->terminal)
		terminal_take(child);
	errno = saved;
	return result;
}
