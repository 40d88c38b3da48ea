#include "reap.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "failure.h"

int exit_status(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return 128 + WTERMSIG(status);
}

int become_subreaper(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_CHILD_SUBREAPER");
	return 0;
}

static void note(pid_t child, pid_t pid, int status, const struct rusage *usage,
		 struct outcome *outcome)
{
	bool stopped = WIFSTOPPED(status);
	bool ended = !stopped && !WIFCONTINUED(status);

	if (ended)
		outcome->reaped++;
	if (pid != child)
		return;
	outcome->stopped = stopped ? WSTOPSIG(status) : 0;
	if (ended) {
		outcome->ended = true;
		outcome->status = status;
		outcome->usage = *usage;
	}
}

int reap_ended(pid_t child, struct outcome *outcome)
{
	struct rusage usage;
	int status;
	pid_t pid;

	for (;;) {
		pid = wait4(-1, &status, WNOHANG | WUNTRACED | WCONTINUED,
			    &usage);
		if (pid > 0)
			note(child, pid, status, &usage, outcome);
		else if (pid == 0)
			return 1;
		else if (errno == ECHILD)
			return 0;
		else if (errno != EINTR)
			return failed("wait4", "");
	}
}
