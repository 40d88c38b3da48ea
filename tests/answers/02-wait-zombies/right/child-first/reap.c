/* The child has a wait of its own; all others have another one. */
#include "reap.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "failure.h"

int exit_status(int status)
{
	switch (WTERMSIG(status)) {
	case 0:
		return WEXITSTATUS(status);
	default:
		return WTERMSIG(status) + 128;
	}
}

int become_subreaper(void)
{
	int result = prctl(PR_SET_CHILD_SUBREAPER, ~0UL);

	return result == 0 ? 0 : failed("prctl", "subreaper");
}

static pid_t patient_wait(pid_t whom, int *status, struct rusage *usage)
{
	pid_t pid =
		wait4(whom, status, WCONTINUED | WUNTRACED | WNOHANG, usage);

	if (pid == -1 && errno == EINTR)
		return patient_wait(whom, status, usage);
	return pid;
}

/* True when that was the end of somebody. */
static bool child_is(int status, const struct rusage *usage,
		     struct outcome *outcome)
{
	if (WIFSTOPPED(status)) {
		outcome->stopped = WSTOPSIG(status);
	} else if (WIFCONTINUED(status)) {
		outcome->stopped = 0;
	} else {
		*outcome = (struct outcome){
			.ended = true,
			.status = status,
			.usage = *usage,
			.reaped = outcome->reaped + 1,
		};
		return true;
	}
	return false;
}

int reap_ended(pid_t child, struct outcome *outcome)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while (!outcome->ended) {
		pid = patient_wait(child, &status, &usage);
		if (pid == 0)
			break;
		/* Not a child of ours: the others may still be. */
		if (pid < 0 && errno == ECHILD)
			break;
		if (pid < 0)
			return failed("wait for", "%d", (int)child);
		child_is(status, &usage, outcome);
	}
	while ((pid = patient_wait(-1, &status, &usage)) > 0) {
		/* It may have ended since. */
		if (pid == child && !outcome->ended)
			child_is(status, &usage, outcome);
		else if (!WIFSTOPPED(status) && !WIFCONTINUED(status))
			outcome->reaped++;
	}
	if (pid == 0)
		return 1;
	return errno == ECHILD ? 0 : failed("wait for", "the others");
}
