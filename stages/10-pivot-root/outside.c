#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "pty.h"
#include "shared.h"
#include "syscalls.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int open_outside(struct outside *outside, struct container *container)
{
	struct inside *inside = &outside->inside;
	int sockets[2] = {-1, -1};

	memset(outside, 0, sizeof(*outside));
	inside->container = container;
	inside->parent = inside->slave = inside->network = -1;
	outside->started = now();
	container->command.mask = &outside->before;
	inside->command = shared_memory(sizeof(*inside->command));
	if (!inside->command)
		return -1;
	inside->parent = sys_pidfd_open(getpid(), 0);
	if (inside->parent < 0)
		failed("pidfd_open", "");
	else if (container->tty &&
		 socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) <
			 0)
		failed("socketpair", "");
	else if (hold_signals(&outside->before) == 0) {
		outside->tty_socket = sockets[0];
		inside->tty_socket = sockets[1];
		return 0;
	}
	outside->tty_socket = sockets[0];
	inside->tty_socket = sockets[1];
	close_outside(outside);
	return -1;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int hold_network(struct inside *inside, pid_t child)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)child);
	inside->network = open(path, O_RDONLY | O_CLOEXEC);
	return inside->network < 0 ? failed("open", "%s", path) : 0;
}

/* What the terminal's process still has in hand is to be shown. */
static void wait_for_terminal(pid_t child, struct report *report)
{
	siginfo_t info;

	do
		waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
	while (reap_ended(child, &report->outcome) > 0);
}

int watch(struct outside *outside, pid_t child, struct report *report)
{
	struct container *c = outside->inside.container;
	int timed_out;

	if (c->veth && outside->inside.network < 0)
		hold_network(&outside->inside, child);
	/* So that the end of the container is an end of file on ours. */
	close_one(&outside->inside.tty_socket);
	/* A container that ended before it had a terminal has said why. */
	if (c->tty && pty_start(outside->tty_socket) < 0 && errno != ENOTCONN)
		report_failure();
	timed_out = supervise(child, &c->how, &report->outcome);
	if (timed_out < 0) {
		int saved = errno;

		kill(child, SIGKILL);
		errno = saved;
		return -1;
	}
	if (c->tty)
		wait_for_terminal(child, report);
	report->timed_out = timed_out;
	report->status =
		timed_out ? EXIT_TIMEOUT : exit_status(report->outcome.status);
	report->command = outside->inside.command->ended
				  ? *outside->inside.command
				  : report->outcome;
	report->wall_seconds = now() - outside->started;
	return 0;
}

void close_outside(struct outside *outside)
{
	int saved = errno;

	close_one(&outside->tty_socket);
	close_one(&outside->inside.tty_socket);
	close_one(&outside->inside.parent);
	close_one(&outside->inside.network);
	munmap(outside->inside.command, sizeof(*outside->inside.command));
	errno = saved;
}
