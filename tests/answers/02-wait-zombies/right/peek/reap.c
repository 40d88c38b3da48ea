/*
 * Looks first, with WNOWAIT, and waits for exactly that process then: one that
 * has stopped is told of like one that has ended.
 */
#include "reap.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "failure.h"

int exit_status(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

int become_subreaper(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1) ? failed("prctl", "") : 0;
}

/* Its id, 0 when there is no news, -1. */
static pid_t whose_news(void)
{
	siginfo_t info = {0};
	int result;

	do
		result = waitid(P_ALL, 0, &info,
				WEXITED | WSTOPPED | WCONTINUED | WNOHANG |
					WNOWAIT);
	while (result < 0 && errno == EINTR);
	return result < 0 ? -1 : info.si_pid;
}

static int hear(pid_t pid, pid_t child, struct outcome *outcome)
{
	struct rusage usage;
	int status;
	pid_t result;

	do
		result = wait4(pid, &status, WNOHANG | WUNTRACED | WCONTINUED,
			       &usage);
	while (result < 0 && errno == EINTR);
	/* A stop that was undone between the two is no news any more. */
	if (result <= 0)
		return (int)result;
	if (WIFEXITED(status) || WIFSIGNALED(status))
		outcome->reaped++;
	if (pid != child || outcome->ended)
		return 0;
	if (WIFSTOPPED(status)) {
		outcome->stopped = WSTOPSIG(status);
		return 0;
	}
	outcome->stopped = 0;
	if (!WIFCONTINUED(status)) {
		outcome->ended = true;
		outcome->status = status;
		outcome->usage = usage;
	}
	return 0;
}

int reap_ended(pid_t child, struct outcome *outcome)
{
	for (;;) {
		pid_t pid = whose_news();

		if (pid == 0)
			return 1;
		if (pid < 0 && errno == ECHILD)
			return 0;
		if (pid < 0 || hear(pid, child, outcome) < 0)
			return failed("wait", "");
	}
}
