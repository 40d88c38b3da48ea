/* sigtimedwait(2) by hand; wait4(2); select(2) for the parent. */
#include "init.h"

#include <errno.h>
#include <math.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"

int die_with_parent(int parent)
{
	struct timeval none = {0};
	fd_set ended;

	/* There is no bit for any other. */
	if (parent < 0 || parent >= FD_SETSIZE) {
		errno = EBADF;
		return failed("select", "descriptor %d", parent);
	}
	FD_ZERO(&ended);
	FD_SET(parent, &ended);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return failed("prctl", "PR_SET_PDEATHSIG");
	switch (select(parent + 1, &ended, NULL, NULL, &none)) {
	case 0:
		return 0;
	case 1:
		errno = ESRCH;
	}
	return failed("select", "the parent");
}

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The next signal, or -1 at `end`. */
static int take(double end)
{
	const double left = fmax(0, fmin(end - clock_now(), 3600));
	const struct timespec t = {
		.tv_sec = (time_t)left,
		.tv_nsec = (long)((left - floor(left)) * 1e9),
	};
	sigset_t all;

	sigfillset(&all);
	return sigtimedwait(&all, NULL, &t);
}

static bool collected(pid_t command, struct outcome *outcome)
{
	struct rusage usage;
	int any;

	for (pid_t pid; (pid = wait4(-1, &any, WNOHANG, &usage)) != 0;) {
		if (pid < 0 && errno != EINTR)
			break;
		outcome->reaped += pid > 0;
		if (pid == command) {
			outcome->status = any;
			outcome->usage = usage;
			outcome->ended = true;
		}
	}
	return outcome->ended;
}

int run_init(const struct command *command, const struct supervision *how,
	     struct outcome *outcome)
{
	double stop = how->timeout > 0 ? clock_now() + how->timeout : HUGE_VAL;
	double end = HUGE_VAL;
	bool timed_out = false;
	pid_t pid = spawn(command);
	int sig;

	if (pid == -1) {
		report_failure();
		return EXIT_OURS;
	}
	while (!collected(pid, outcome)) {
		sig = take(fmin(stop, end));
		if (sig > 0 && sig != SIGCHLD)
			kill(pid, sig);
		if (clock_now() >= stop) {
			timed_out = true;
			stop = HUGE_VAL;
			kill(pid, SIGTERM);
			kill(pid, SIGCONT);
			sig = SIGTERM;
		}
		if (sig == SIGTERM && isinf(end))
			end = clock_now() + how->grace;
		if (clock_now() >= end)
			kill(pid, SIGKILL);
	}
	if (timed_out)
		return EXIT_TIMEOUT;
	return exit_status(outcome->status);
}
