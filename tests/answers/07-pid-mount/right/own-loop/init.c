/* A loop of its own over a signalfd; wait3(2); epoll for the parent. */
#include "init.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

int die_with_parent(int parent)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = -1, ended = -1, saved;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return failed("prctl", "die with the parent");
	set = epoll_create1(EPOLL_CLOEXEC);
	if (set >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, parent, &event) == 0)
		ended = epoll_wait(set, &event, 1, 0);
	saved = errno;
	if (set >= 0)
		close(set);
	errno = ended > 0 ? ESRCH : saved;
	return ended == 0 ? 0 : failed("look at", "the parent");
}

/* All that have ended; true once the command is among them. */
static bool collect(pid_t command, struct outcome *outcome)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait3(&status, WNOHANG, &usage)) > 0 ||
	       (pid < 0 && errno == EINTR)) {
		if (pid <= 0)
			continue;
		outcome->reaped++;
		if (pid != command)
			continue;
		outcome->ended = true;
		outcome->status = status;
		outcome->usage = usage;
	}
	return outcome->ended;
}

static void set_timer(int timer, double seconds)
{
	struct itimerspec when = {
		.it_value =
			{
				.tv_sec = (time_t)seconds,
				.tv_nsec =
					(long)(1e9 * (seconds -
						      (double)(time_t)seconds)),
			},
	};

	if (seconds > 0)
		timerfd_settime(timer, 0, &when, NULL);
}

/* What has come for the command. */
static void pass(int signals, pid_t command, int grace, double seconds)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		kill(command, (int)info.ssi_signo);
		if (info.ssi_signo == SIGTERM)
			set_timer(grace, seconds);
	}
}

static int watch_over(pid_t command, const struct supervision *how,
		      struct outcome *outcome)
{
	/* A timer that is set to nothing is stopped. */
	const double grace = fmax(how->grace, 1e-6);
	sigset_t all;
	struct pollfd fds[3];
	uint64_t times;
	int timed_out = 0;

	sigfillset(&all);
	fds[0].fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	fds[1].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	fds[2].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	for (int i = 0; i < 3; i++) {
		if (fds[i].fd < 0)
			return failed("open", "signalfd or timerfd");
		fds[i].events = POLLIN;
	}
	set_timer(fds[1].fd, how->timeout);
	while (!collect(command, outcome)) {
		poll(fds, 3, -1);
		pass(fds[0].fd, command, fds[2].fd, grace);
		if (read(fds[1].fd, &times, sizeof(times)) > 0) {
			timed_out = 1;
			kill(command, SIGTERM);
			kill(command, SIGCONT);
			set_timer(fds[2].fd, grace);
		}
		if (read(fds[2].fd, &times, sizeof(times)) > 0)
			kill(command, SIGKILL);
	}
	return timed_out;
}

int run_init(const struct command *command, const struct supervision *how,
	     struct outcome *outcome)
{
	const pid_t child = spawn(command);
	const int result = child < 0 ? -1 : watch_over(child, how, outcome);

	if (result < 0) {
		report_failure();
		return EXIT_OURS;
	}
	if (result > 0)
		return EXIT_TIMEOUT;
	return WIFSIGNALED(outcome->status) ? 128 + WTERMSIG(outcome->status)
					    : WEXITSTATUS(outcome->status);
}
