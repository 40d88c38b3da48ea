/*
 * Handlers. They only write down what has come, into a pipe, and run only
 * while ppoll(2) has opened the mask for them: so nothing comes between.
 */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "terminal.h"

static const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL,
			     SIGSEGV, SIGSYS, SIGTRAP};

static struct sigaction before[65];
static int ends[2];

static void held(sigset_t *set)
{
	sigfillset(set);
	for (unsigned i = 0; i < 7; i++)
		sigdelset(set, faults[i]);
}

int hold_signals(sigset_t *old)
{
	sigset_t set;

	signal(SIGCHLD, SIG_DFL);
	held(&set);
	return sigprocmask(SIG_BLOCK, &set, old) ? failed("sigprocmask", "")
						 : 0;
}

static void write_down(int sig, siginfo_t *info, void *context)
{
	const int saved = errno;

	(void)sig;
	(void)context;
	/* A full pipe has enough to say. */
	if (write(ends[1], info, sizeof(*info)) < 0)
		errno = saved;
	errno = saved;
}

static void install(void)
{
	struct sigaction action = {.sa_sigaction = write_down,
				   .sa_flags = SA_SIGINFO | SA_RESTART};
	sigset_t set;

	held(&set);
	action.sa_mask = set;
	for (int sig = 1; sig <= 64; sig++)
		if (sigismember(&set, sig) == 1)
			sigaction(sig, &action, &before[sig]);
}

static void uninstall(void)
{
	sigset_t set;

	held(&set);
	for (int sig = 1; sig <= 64; sig++)
		if (sigismember(&set, sig) == 1)
			sigaction(sig, &before[sig], NULL);
}

/* SIGTSTP is to stop this process, not to be written down. */
static int stop(void)
{
	struct sigaction ours;
	int result;

	signal(SIGTSTP, SIG_DFL);
	result = stop_self();
	sigaction(SIGCONT, NULL, &ours);
	sigaction(SIGTSTP, &ours, NULL);
	return result;
}

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 1 and a signal, or 0; waits until `then` for one. */
static int wait_for_one(double then, siginfo_t *info)
{
	struct pollfd pipe_end = {.fd = ends[0], .events = POLLIN};
	struct timespec time;
	sigset_t open;
	double rest = fmax(0, then - clock_now());

	sigprocmask(SIG_BLOCK, NULL, &open);
	for (int sig = 1; sig <= 64; sig++) {
		sigset_t set;

		held(&set);
		if (sigismember(&set, sig) == 1)
			sigdelset(&open, sig);
	}
	if (!isinf(then)) {
		time.tv_sec = (time_t)rest;
		time.tv_nsec = (long)(1e9 * (rest - floor(rest)));
	}
	if (ppoll(&pipe_end, 1, isinf(then) ? NULL : &time, &open) < 0 &&
	    errno != EINTR)
		return failed("ppoll", "");
	if (read(ends[0], info, sizeof(*info)) == sizeof(*info))
		return 1;
	return 0;
}

static int tell(pid_t pid, int sig)
{
	return kill(pid, sig) < 0 && errno != ESRCH
		       ? failed("kill", "%d with %d", (int)pid, sig)
		       : 0;
}

static int handle(const siginfo_t *info, pid_t child, bool terminal)
{
	const int sig = info->si_signo;

	if (sig == SIGCHLD || came_to_both(info, child))
		return sig == SIGTSTP && !terminal ? stop() : 0;
	if (sig == SIGCONT && terminal && go_on(child) < 0)
		return -1;
	if (tell(child, sig) < 0)
		return -1;
	return sig == SIGTSTP && !terminal ? stop() : 0;
}

static int watch(pid_t child, const struct supervision *how,
		 struct outcome *outcome)
{
	double timeout =
		how->timeout > 0 ? clock_now() + how->timeout : INFINITY;
	double end = INFINITY;
	bool timed_out = false;
	int left, got = 0;
	siginfo_t info;

	while ((left = reap_ended(child, outcome)) >= 0 && !outcome->ended) {
		if (left == 0) {
			errno = ECHILD;
			return failed("wait for", "%d", (int)child);
		}
		if (clock_now() >= end) {
			end = INFINITY;
			if (tell(getpgid(child) == child ? -child : child,
				 SIGKILL) < 0)
				return -1;
		}
		if (clock_now() >= timeout) {
			timeout = INFINITY;
			timed_out = true;
			got = 1;
			info.si_signo = SIGTERM;
			if (tell(child, SIGTERM) < 0 ||
			    tell(child, SIGCONT) < 0)
				return -1;
		}
		if (got > 0 && info.si_signo == SIGTERM && isinf(end))
			end = clock_now() + how->grace;
		if (how->terminal && outcome->stopped) {
			terminal_take(child);
			if (stop() < 0 || go_on(child) < 0)
				return -1;
		}
		got = wait_for_one(fmin(timeout, end), &info);
		if (got < 0 ||
		    (got > 0 && handle(&info, child, how->terminal) < 0))
			return -1;
	}
	return left < 0 ? -1 : timed_out;
}

int supervise(pid_t child, const struct supervision *how,
	      struct outcome *outcome)
{
	int result, saved;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return failed("pipe", "");
	install();
	result = watch(child, how, outcome);
	saved = errno;
	uninstall();
	close(ends[0]);
	close(ends[1]);
	if (how->terminal)
		terminal_take(child);
	errno = saved;
	return result;
}
