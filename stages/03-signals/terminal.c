#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
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
