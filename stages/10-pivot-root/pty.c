#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "failure.h"
#include "sockets.h"
#include "syscalls.h"

static void copy_window_size(int from, int to)
{
	struct winsize size;

	/* Not a terminal: then there is no size to follow. */
	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		ioctl(to, TIOCSWINSZ, &size);
}

int pty_open(int socket)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlock = 0, slave;

	if (master < 0)
		return failed("open", "/dev/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0) {
		failed("ioctl", "TIOCSPTLCK");
		close(master);
		return -1;
	}
	copy_window_size(STDIN_FILENO, master);
	/* By the master, not by name: the name means another file out there. */
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		failed("ioctl", "TIOCGPTPEER");
	else if (send_fd(socket, master) < 0) {
		close(slave);
		slave = -1;
	}
	close(master);
	return slave;
}

int pty_enter(int slave)
{
	if (setsid() < 0)
		return failed("setsid", "");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return failed("ioctl", "TIOCSCTTY");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(slave, fd) < 0)
			return failed("dup2", "%d", fd);
	return 0;
}

/* One direction: what was read and could not be written yet waits here. */
struct flow {
	int from, to; /* from: -1 when it has ended */
	char buffer[4096];
	size_t start, end;
};

static void flow_read(struct flow *flow)
{
	ssize_t n = read(flow->from, flow->buffer, sizeof(flow->buffer));

	if (n > 0) {
		flow->start = 0;
		flow->end = (size_t)n;
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		/* A master whose last slave has closed reads EIO. */
		flow->from = -1;
	}
}

static void flow_write(struct flow *flow)
{
	ssize_t n = write(flow->to, flow->buffer + flow->start,
			  flow->end - flow->start);

	if (n > 0)
		flow->start += (size_t)n;
	else if (n < 0 && errno != EINTR && errno != EAGAIN)
		flow->start = flow->end = 0;
}

static bool holds(const struct flow *flow)
{
	return flow->start < flow->end;
}

/*
 * Who reads from a terminal learns by a character that this is the end: one if
 * the last line was whole, else the first of them only ends that line.
 */
static void type_end(struct flow *in)
{
	struct termios settings;

	if (tcgetattr(in->to, &settings) < 0)
		return;
	in->buffer[0] = in->buffer[1] = (char)settings.c_cc[VEOF];
	in->start = 0;
	in->end = 2;
}

static void pump(int master, int parent, int signals)
{
	struct flow in = {.from = STDIN_FILENO, .to = master};
	struct flow out = {.from = master, .to = STDOUT_FILENO};
	struct signalfd_siginfo info;

	while (out.from >= 0 || holds(&out)) {
		struct pollfd fds[] = {
			{holds(&in) ? -1 : in.from, POLLIN, 0},
			{holds(&in) ? in.to : -1, POLLOUT, 0},
			{holds(&out) ? -1 : out.from, POLLIN, 0},
			{holds(&out) ? out.to : -1, POLLOUT, 0},
			{signals, POLLIN, 0},
			{parent, POLLIN, 0},
		};

		if (poll(fds, 6, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (fds[0].revents) {
			flow_read(&in);
			if (in.from < 0)
				type_end(&in);
		}
		if (fds[1].revents)
			flow_write(&in);
		if (fds[2].revents)
			flow_read(&out);
		if (fds[3].revents)
			flow_write(&out);
		if (fds[4].revents &&
		    read(signals, &info, sizeof(info)) == sizeof(info))
			copy_window_size(STDIN_FILENO, master);
		if (fds[5].revents)
			return;
	}
}

static _Noreturn void run_pump(int master, int parent)
{
	struct termios before, raw;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	sigset_t window;
	int signals;

	sigemptyset(&window);
	sigaddset(&window, SIGWINCH);
	signals = signalfd(-1, &window, SFD_CLOEXEC | SFD_NONBLOCK);
	if (terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	copy_window_size(STDIN_FILENO, master);
	pump(master, parent, signals);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	_exit(0);
}

pid_t pty_start(int socket)
{
	int master = receive_fd(socket);
	int parent, saved;
	pid_t child;

	if (master < 0)
		return -1;
	parent = sys_pidfd_open(getpid(), 0);
	child = parent < 0 ? -1 : fork();
	if (child == 0)
		run_pump(master, parent);
	saved = errno;
	close(master);
	if (parent >= 0)
		close(parent);
	errno = saved;
	return child < 0 ? failed("fork for", "the terminal") : child;
}
