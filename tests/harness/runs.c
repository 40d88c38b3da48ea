#include "runs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "kill.h"
#include "launched.h"
#include "process.h"
#include "quote.h"

#define MOST_RUNS 256
/* More than this from one stream of one program is a failure of its own. */
#define MOST_OUTPUT (1 << 20)

/* What comes through one pipe. */
struct stream {
	int fd; /* -1: it has ended */
	char *text;
	size_t length;
};

struct run {
	pid_t keeper;
	pid_t pid;
	int terminal; /* master; -1 */
	struct stream out, err;
	bool ended;
	int status;
	bool judged;	    /* it is, or has in it, what is judged */
	char command[1024]; /* for a shell */
	char launched[400]; /* what was done to it: launched.h */
};

static struct {
	struct sandbox *sandbox;
	struct sandbox_settings settings;
	struct stat probe;
	struct run runs[MOST_RUNS];
	size_t count;
	size_t told; /* the run that a failure is told with */
	char delegated[600];
} now;

void runs_begin(struct sandbox *sandbox, const struct sandbox_settings *s)
{
	memset(&now, 0, sizeof(now));
	now.sandbox = sandbox;
	now.settings = *s;
	if (stat(s->probe, &now.probe) < 0)
		fail("no probe at %s: %s", s->probe, strerror(errno));
}

void runs_end(void)
{
	for (size_t i = 0; i < now.count; i++) {
		struct run *run = &now.runs[i];

		while (!run->ended && waitpid(run->keeper, NULL, 0) < 0 &&
		       errno == EINTR)
			;
		if (run->out.fd >= 0)
			close(run->out.fd);
		if (run->err.fd >= 0)
			close(run->err.fd);
		if (run->terminal >= 0 && run->terminal != run->out.fd)
			close(run->terminal);
		free(run->out.text);
		free(run->err.text);
	}
	now.count = 0;
}

/* A failure is most likely about what was looked at last. */
static void tell_of(const struct run *run)
{
	if (run->judged)
		now.told = (size_t)(run - now.runs);
}

const char *told_command(void)
{
	return now.runs[now.told].command;
}

const char *told_launched(void)
{
	return now.runs[now.told].launched;
}

static bool ends_word(char c)
{
	return c == '\0' || strchr(" \t\n;&|()'\"", c);
}

/* In a script it may be anywhere, but not as a part of a path or a name. */
static bool has_name(const char *text, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = text; (at = strstr(at, name)) != NULL; at++)
		if ((at == text || ends_word(at[-1])) && ends_word(at[length]))
			return true;
	return false;
}

/*
 * What a busybox applet does, and a probe that nobody has made into another
 * program, is the test's own business, unless there is nothing else to tell.
 */
static bool is_judged(const char *const words[])
{
	for (; *words; words++)
		if (has_name(*words, gate.program) ||
		    has_name(*words, "driver"))
			return true;
	return false;
}

static int input_of(const struct start *how)
{
	int ends[2];
	size_t length;

	if (!how || !how->input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	length = strlen(how->input);
	/* What does not fit a pipe is a file's work: write_in_sandbox(). */
	if (length > 65536 ||
	    write(ends[1], how->input, length) != (ssize_t)length)
		fail("the test's own input does not fit a pipe");
	close(ends[1]);
	return ends[0];
}

static void open_terminal(struct run *run, int *slave)
{
	run->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (run->terminal < 0 || grantpt(run->terminal) < 0 ||
	    unlockpt(run->terminal) < 0)
		fail("no terminal to be had here: %s", strerror(errno));
	*slave = open(ptsname(run->terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		fail("no terminal to be had here: %s", strerror(errno));
	run->out.fd = run->terminal;
	run->err.fd = -1;
}

static void open_pipes(struct run *run, int *out, int *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe: %s", strerror(errno));
	run->out.fd = ends[0];
	*out = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe: %s", strerror(errno));
	run->err.fd = ends[0];
	*err = ends[1];
}

struct run *start(const struct start *how, const char *const words[])
{
	struct sandbox_start s = {.words = words, .dir = "/tmp"};
	struct run *run = &now.runs[now.count];

	if (now.count == MOST_RUNS)
		fail("the test starts too many programs");
	*run = (struct run){.terminal = -1, .judged = is_judged(words)};
	say_command(words, run->command, sizeof(run->command));
	say_launched(words, run->launched, sizeof(run->launched));
	tell_of(run);
	if (how) {
		s.env = how->env;
		s.privileged = how->as_root;
		s.terminal = how->terminal;
		s.inherit = how->inherit;
		s.group = how->in_delegated ? delegated_cgroup() : NULL;
		if (how->dir)
			s.dir = how->dir;
	}
	if (s.terminal) {
		open_terminal(run, &s.in);
		s.out = s.err = s.in;
	} else {
		s.in = input_of(how);
		open_pipes(run, &s.out, &s.err);
	}
	run->keeper = sandbox_exec(now.sandbox, &s);
	close(s.in);
	if (!s.terminal) {
		close(s.out);
		close(s.err);
	}
	if (run->keeper < 0)
		fail("cannot start a program: %s", strerror(errno));
	fcntl(run->out.fd, F_SETFL, O_NONBLOCK);
	if (run->err.fd >= 0)
		fcntl(run->err.fd, F_SETFL, O_NONBLOCK);
	now.count++;
	return run;
}

/* Takes what is there. */
static void drain(struct stream *stream)
{
	char *grown;
	ssize_t n;

	while (stream->fd >= 0) {
		grown = realloc(stream->text, stream->length + 4097);
		if (!grown)
			fail("out of memory");
		stream->text = grown;
		n = read(stream->fd, stream->text + stream->length, 4096);
		if (n > 0)
			stream->length += (size_t)n;
		stream->text[stream->length] = '\0';
		if (stream->length > MOST_OUTPUT)
			fail("it writes without end: over %d bytes",
			     MOST_OUTPUT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			close(stream->fd);
			stream->fd = -1;
		}
	}
}

bool has_ended(struct run *run)
{
	int status;
	pid_t pid;

	tell_of(run);
	if (run->ended)
		return true;
	drain(&run->out);
	drain(&run->err);
	do
		pid = waitpid(run->keeper, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	run->ended = true;
	run->status = pid < 0 || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
	return true;
}

static const char *text_of(struct stream *stream)
{
	drain(stream);
	return stream->text ? stream->text : "";
}

const char *output_of(struct run *run)
{
	tell_of(run);
	return text_of(&run->out);
}

const char *errors_of(struct run *run)
{
	tell_of(run);
	return text_of(&run->err);
}

const char *told_errors(void)
{
	const struct stream *err = &now.runs[now.told].err;

	return err->text ? err->text : "";
}

int told_status(void)
{
	const struct run *run = &now.runs[now.told];

	return run->ended ? run->status : -1;
}

int finish(struct run *run)
{
	AWAIT(has_ended(run), "it has not ended; %s",
	      run->out.length + run->err.length ? "its output stopped there"
						: "it has written nothing");
	drain(&run->out);
	drain(&run->err);
	return run->status;
}

/* The keeper's child, once it executes another file than the keeper. */
static bool has_executed(struct run *run)
{
	struct stat ours;
	pid_t child;

	if (stat("/proc/self/exe", &ours) < 0 ||
	    children_of(run->keeper, &child, 1) == 0)
		return false;
	if (proc_link(child, "exe")[0] == '\0' ||
	    executes(child, ours.st_dev, ours.st_ino))
		return false;
	run->pid = child;
	return true;
}

pid_t pid_if_seen(struct run *run)
{
	tell_of(run);
	if (run->pid == 0)
		AWAIT(has_executed(run) || has_ended(run),
		      "it was not executed");
	return run->pid;
}

pid_t pid_of(struct run *run)
{
	if (pid_if_seen(run) == 0)
		fail("it has ended, with status %d, before it could be looked "
		     "at",
		     run->status);
	return run->pid;
}

void send_signal(struct run *run, int sig)
{
	if (kill_process(pid_of(run), sig) < 0)
		fail("kill: %s", strerror(errno));
}

void type(struct run *run, const char *text)
{
	if (write(run->terminal, text, strlen(text)) < 0)
		fail("write to the terminal: %s", strerror(errno));
}

int open_terminal_of(struct run *run)
{
	int fd = ioctl(run->terminal, TIOCGPTPEER,
		       O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fail("the test cannot open the terminal: %s", strerror(errno));
	return fd;
}

pid_t sandbox_init(void)
{
	return now.sandbox->init;
}

pid_t sandbox_holder(void)
{
	return now.sandbox->holder;
}

size_t sandbox_processes(pid_t *pids, size_t room)
{
	size_t count = descendants_of(now.sandbox->init, pids, room);

	for (size_t i = 0; i < now.count; i++)
		if (!now.runs[i].ended)
			count += descendants_of(now.runs[i].keeper,
						pids + count, room - count);
	return count;
}

pid_t find_probe(const char *token)
{
	static pid_t pids[4096];
	size_t count = sandbox_processes(pids, 4096);

	/*
	 * A shell has the words of all that it starts, and what it has forked
	 * executes the probe a moment later: with which words is seen then. One
	 * that was given too few does nothing but end.
	 */
	for (size_t i = 0; i < count; i++)
		if (has_operand(pids[i], token) &&
		    executes(pids[i], now.probe.st_dev, now.probe.st_ino) &&
		    has_operand(pids[i], token))
			return pids[i];
	return 0;
}

pid_t await_probe(const char *token)
{
	pid_t pid = 0;
	size_t last = now.count - 1;

	AWAIT((pid = find_probe(token)) != 0 || has_ended(&now.runs[last]),
	      "the command was not executed");
	if (pid == 0)
		fail("it has ended, with status %d, and the command was not "
		     "executed, or not with its arguments",
		     now.runs[last].status);
	return pid;
}

void expect_nothing_left(void)
{
	pid_t pids[64];
	size_t count = 0;

	/*
	 * An orphan is given to process 1; what still runs has its keeper. What
	 * was just killed may take a moment to be gone.
	 */
	AWAIT((count = descendants_of(now.sandbox->init, pids, 64)) <= 1,
	      "%zu processes are left behind, %s (state %c) among them",
	      count - 1, status_of(pids[count - 1], "Name"),
	      state_of(pids[count - 1]));
}

const char *delegated_cgroup(void)
{
	if (now.delegated[0] == '\0' &&
	    sandbox_delegate(now.sandbox, now.delegated,
			     sizeof(now.delegated)) < 0)
		fail("no cgroup for the student: %s", strerror(errno));
	return now.delegated;
}
