#include "reap.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "failure.h"
#include "todo.h"

/*
 * Task 1: take a wait status apart. It is one number for two things: how the
 * process ended, and with what. wait(2) has a macro that asks each question
 * and one that reads each answer; a macro that reads is only right after the
 * one that asks has said yes.
 */
int exit_status(int status)
{
	/* <answer> return todo(1, status); */
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return 128 + WTERMSIG(status);
	/* </answer> */
}

/*
 * Task 2: whoever loses its parent is given to the nearest ancestor that has
 * asked for it, and to process 1 when none has. Ask: prctl(2). What the kernel
 * refuses is the caller's to know: failed() remembers it and is -1.
 */
int become_subreaper(void)
{
	/* <answer> return todo(2); */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_CHILD_SUBREAPER");
	return 0;
	/* </answer> */
}

/*
 * Task 3: write down what a wait has said of process `pid`. It may have ended,
 * stopped, or continued: WIFSTOPPED and WIFCONTINUED tell. Every end counts;
 * the rest of *outcome is about `child` alone, and its end is the last word:
 * its process id is free from then on, and may soon be an orphan's.
 */
static void note(pid_t child, pid_t pid, int status, const struct rusage *usage,
		 struct outcome *outcome)
{
	/* <answer> todo(3, pid == child, status, usage, outcome); */
	bool stopped = WIFSTOPPED(status);
	bool ended = !stopped && !WIFCONTINUED(status);

	if (ended)
		outcome->reaped++;
	if (pid != child || outcome->ended)
		return;
	outcome->stopped = stopped ? WSTOPSIG(status) : 0;
	if (ended) {
		outcome->ended = true;
		outcome->status = status;
		outcome->usage = *usage;
	}
	/* </answer> */
}

/*
 * Task 4: ask wait4(2) for any child at all, again and again, until there is
 * nothing more to hear. Three of its options are needed: one so that it does
 * not wait, two so that it tells of more than ends. What it returns is one of
 * four: a process id, which note() is for; 0; and -1 with an errno that means
 * "no children", "try again", or a failure.
 */
int reap_ended(pid_t child, struct outcome *outcome)
{
	/* <answer> return todo(4, child, outcome, note); */
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
	/* </answer> */
}
