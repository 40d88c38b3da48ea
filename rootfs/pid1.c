/*
 * pid1.c - process 1 of the VM, once init has set the machine up
 *
 * pid1 INPUT CMD [ARG]... runs CMD in a session of its own. Where INPUT is a
 * terminal, it is the session's; else INPUT is only CMD's standard input, and
 * what CMD writes goes on to the ports that vm.sh reads. When CMD ends, or
 * somebody calls poweroff(8), everything else is killed, "exit STATUS" goes
 * to vm.sh, and the machine stops.
 *
 * It relays itself because nothing but process 1 outlives kill(-1, SIGKILL):
 * what a program wrote before that mistake, and after, is to be seen. CMD gets
 * pipes rather than the ports since only a pipe can be opened a second time,
 * as /dev/stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PORT_STDOUT "/dev/vport0p1"
#define PORT_STDERR "/dev/vport0p2"
#define PORT_EVENTS "/dev/vport0p3"

/* A stream on its way from CMD to a port. */
struct relay {
	int from; /* the reading end of a pipe; -1 at its end */
	int to;
};

/* vm.sh takes a reset as the end. This one asks no driver first. */
static _Noreturn void stop(void)
{
	int trigger = open("/proc/sysrq-trigger", O_WRONLY);

	if (trigger >= 0)
		(void)!write(trigger, "b", 1);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

/* Standard error is the console, which vm.sh shows when there was no exit. */
static _Noreturn void fail(const char *what, const char *path)
{
	fprintf(stderr, "pid1: %s %s: %s\n", what, path, strerror(errno));
	stop();
}

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		fail("open", path);
	return fd;
}

/* Makes a pipe, keeps its reading end and returns the writing end. */
static int start_relay(struct relay *relay, const char *port)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe", port);
	relay->from = ends[0];
	relay->to = must_open(port, O_WRONLY);
	return ends[1];
}

/* Passes on what is there to be read. A port takes all or makes us wait. */
static void pass_on(struct relay *relay)
{
	static char buffer[65536];
	ssize_t count = read(relay->from, buffer, sizeof(buffer));
	ssize_t done = 0;

	if (count < 0 && errno == EINTR)
		return;
	if (count <= 0) {
		close(relay->from);
		relay->from = -1;
	}
	while (done < count) {
		ssize_t n = write(relay->to, buffer + done, count - done);

		if (n > 0)
			done += n;
		else if (n < 0 && errno != EINTR)
			fail("write", "to a port");
	}
}

static _Noreturn void run(char *argv[], int in, int out, int err)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	execvp(argv[0], argv);
	dprintf(err, "pid1: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/*
 * Takes the signals that have arrived. Returns CMD's exit status as a shell
 * has it, 0 after poweroff(8) and its kin, or -1 as long as neither happened.
 */
static int take_signals(int signals, pid_t child)
{
	struct signalfd_siginfo info;
	int result = -1;
	int status;
	pid_t pid;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			result = 0;
	/* Process 1 reaps everybody's orphans. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		result = WIFEXITED(status) ? WEXITSTATUS(status)
					   : 128 + WTERMSIG(status);
	}
	return result;
}

int main(int argc, char *argv[])
{
	struct relay relays[2] = {{-1, -1}, {-1, -1}};
	int in, out, err, signals, status = -1;
	sigset_t wanted, none;
	bool terminal;
	pid_t child;

	if (argc < 3) {
		fprintf(stderr, "usage: pid1 INPUT CMD [ARG]...\n");
		return 2;
	}
	/* Only the boot needed this file. */
	unlink(argv[0]);

	in = must_open(argv[1], O_RDWR | O_NOCTTY);
	terminal = isatty(in);
	out = terminal ? in : start_relay(&relays[0], PORT_STDOUT);
	err = terminal ? in : start_relay(&relays[1], PORT_STDERR);

	sigemptyset(&none);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGUSR1); /* halt(8) */
	sigaddset(&wanted, SIGUSR2); /* poweroff(8) */
	sigaddset(&wanted, SIGTERM); /* reboot(8) */
	sigprocmask(SIG_SETMASK, &wanted, NULL);
	signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		fail("signalfd", "");

	child = fork();
	if (child < 0)
		fail("fork", "");
	if (child == 0) {
		setsid();
		/* A session leader's first terminal becomes the session's. */
		if (terminal)
			in = out = err = must_open(argv[1], O_RDWR);
		sigprocmask(SIG_SETMASK, &none, NULL);
		run(argv + 2, in, out, err);
	}
	close(out);
	if (!terminal)
		close(err);

	/* To the end of CMD, and then to the end of what was written. */
	while (status < 0 || relays[0].from >= 0 || relays[1].from >= 0) {
		struct pollfd polled[3] = {
			{.fd = relays[0].from, .events = POLLIN},
			{.fd = relays[1].from, .events = POLLIN},
			{.fd = signals, .events = POLLIN},
		};

		if (poll(polled, 3, -1) < 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (polled[i].revents)
				pass_on(&relays[i]);
		if (polled[2].revents) {
			int result = take_signals(signals, child);

			if (status < 0 && result >= 0) {
				status = result;
				/* Strays would keep the pipes open. */
				kill(-1, SIGKILL);
			}
		}
	}
	if (terminal)
		tcdrain(must_open(argv[1], O_RDWR | O_NOCTTY));
	dprintf(must_open(PORT_EVENTS, O_WRONLY), "exit %d\n", status);
	stop();
}
