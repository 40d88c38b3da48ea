#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

int end_with_parent(void *data)
{
	const pid_t *parent = data;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return failed("prctl", "PR_SET_PDEATHSIG");
	/* It may have died before: then nobody is left to signal us. */
	if (getppid() != *parent) {
		errno = ESRCH;
		return failed("find the parent", "%d", (int)*parent);
	}
	return 0;
}

/* Collects whoever has ended, and counts those of pids[] down in *left. */
static int collect(pid_t *pids, int *statuses, size_t count, size_t *left)
{
	int status;
	pid_t pid;

	while (*left > 0) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid == 0)
			return 0;
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return failed("waitpid", "");
		for (size_t i = 0; i < count; i++) {
			if (pids[i] != pid)
				continue;
			pids[i] = 0;
			statuses[i] = status;
			(*left)--;
		}
	}
	return 0;
}

/*
 * Stopping is left to the terminal and the kernel: it stops the whole group,
 * this process too, unless no shell is left to continue it.
 */
static int held_signals(sigset_t *held)
{
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t let_go;

	sigemptyset(&let_go);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigaddset(&let_go, stops[i]);
	if (sigprocmask(SIG_UNBLOCK, &let_go, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, NULL, held) < 0)
		return failed("sigprocmask", "");
	return 0;
}

static void pass_on(const siginfo_t *info, bool early, const pid_t *pids,
		    size_t count)
{
	bool key = info->si_code == SI_KERNEL &&
		   (info->si_signo == SIGINT || info->si_signo == SIGQUIT);

	/* Ctrl-C has reached the whole group, unless they were not there yet */
	if (key && !early)
		return;
	for (size_t i = 0; i < count; i++)
		if (pids[i])
			kill(pids[i], info->si_signo);
}

int watch_all(pid_t *pids, int *statuses, size_t count)
{
	sigset_t held, early;
	siginfo_t info;
	size_t left = count;

	if (sigpending(&early) < 0)
		return failed("sigpending", "");
	if (held_signals(&held) < 0)
		return -1;
	for (;;) {
		if (collect(pids, statuses, count, &left) < 0)
			return -1;
		if (left == 0)
			return 0;
		if (sigwaitinfo(&held, &info) < 0) {
			if (errno != EINTR)
				return failed("sigwaitinfo", "");
		} else if (info.si_signo != SIGCHLD) {
			pass_on(&info, sigismember(&early, info.si_signo) == 1,
				pids, count);
			sigdelset(&early, info.si_signo);
		}
	}
}

void end_all(const pid_t *pids, size_t count)
{
	int saved = errno;

	for (size_t i = 0; i < count; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	for (size_t i = 0; i < count; i++)
		while (pids[i] > 0 && waitpid(pids[i], NULL, 0) < 0 &&
		       errno == EINTR)
			;
	errno = saved;
}
