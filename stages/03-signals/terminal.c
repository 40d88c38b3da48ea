#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"

/* Standard input may be anything; /dev/tty is the session's terminal. */
static int open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static pid_t foreground(int terminal)
{
	return terminal < 0 ? -1 : tcgetpgrp(terminal);
}

bool terminal_is_ours(void)
{
	int terminal = open_terminal();
	bool ours = foreground(terminal) == getpgrp();

	if (terminal >= 0)
		close(terminal);
	return ours;
}

int terminal_give(pid_t group)
{
	int terminal = open_terminal();
	int result, saved;

	if (terminal < 0)
		return failed("open", "/dev/tty");
	result = tcsetpgrp(terminal, group);
	saved = errno;
	close(terminal);
	errno = saved;
	return result < 0 ? failed("tcsetpgrp", "%d", (int)group) : 0;
}

int terminal_take(pid_t group)
{
	int terminal = open_terminal();
	pid_t now = foreground(terminal);

	if (terminal >= 0)
		close(terminal);
	return now == group ? terminal_give(getpgrp()) : 0;
}

int terminal_own_group(void *data)
{
	const bool *terminal = data;

	if (setpgid(0, 0) < 0)
		return failed("setpgid", "");
	return *terminal ? terminal_give(getpid()) : 0;
}

int stop_self(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	if (kill(getpid(), SIGTSTP) < 0)
		return failed("kill", "%d", (int)getpid());
	if (sigprocmask(SIG_UNBLOCK, &set, NULL) < 0 ||
	    sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return failed("sigprocmask", "SIGTSTP");
	return 0;
}

int go_on(pid_t child)
{
	sigset_t set;

	/* It would undo the child's next stop if it were passed on later. */
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	sigtimedwait(&set, NULL, &(struct timespec){0});
	if (terminal_is_ours())
		terminal_give(child);
	if (kill(-child, SIGCONT) < 0 && errno != ESRCH)
		return failed("kill", "%d", (int)-child);
	return 0;
}

bool came_to_both(const siginfo_t *info, pid_t child)
{
	int sig = info->si_signo;

	return info->si_code == SI_KERNEL && getpgid(child) == getpgrp() &&
	       (sig == SIGINT || sig == SIGQUIT || sig == SIGTSTP ||
		sig == SIGWINCH);
}
