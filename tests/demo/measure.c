/*
 * measure: how long a command takes to say its first line, and how much
 * memory it and all its children have then.
 *
 *	measure [--runs N] [--largest] CMD [ARG]...
 *
 * CMD prints a line as soon as it runs, then one more of any text, and ends
 * when its standard input does. Printed are milliseconds to the first line,
 * resident KiB of all processes (of the largest one only), and that text: the
 * medians of N runs, text of the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "options.h"
#include "process.h"
#include "reap.h"
#include "seconds.h"
#include "spawn.h"

#define PATIENCE_SECONDS 60
#define MOST_RUNS 101
#define MOST_PROCESSES 64

enum { RUNS = 1, LARGEST };

static const struct option_spec specs[] = {
	{0, "runs", "N", "take the medians of N runs; default 1", RUNS},
	{0, "largest", NULL, "memory of the largest process only", LARGEST},
	{0},
};

struct run {
	pid_t pid;
	int in, out; /* our ends of its standard ones */
	double milliseconds;
	double memory; /* KiB */
	char text[256];
};

static int redirect(void *data)
{
	const int *descriptors = data;

	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
		if (dup2(descriptors[fd], fd) < 0)
			return failed("dup2", "%d", fd);
	return 0;
}

static int start(struct run *run, char *const *argv)
{
	int in[2], out[2], theirs[2];
	const struct command command = {
		.file = argv[0],
		.argv = argv,
		.prepare = redirect,
		.data = theirs,
	};

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return failed("pipe2", "");
	theirs[0] = in[0];
	theirs[1] = out[1];
	run->pid = spawn(&command);
	close(in[0]);
	close(out[1]);
	run->in = in[1];
	run->out = out[0];
	return run->pid < 0 ? -1 : 0;
}

/* One line, without its end. */
static int read_line(int fd, char *line, size_t size)
{
	struct pollfd more = {.fd = fd, .events = POLLIN};
	double limit = seconds_now() + PATIENCE_SECONDS;
	size_t length = 0;
	char byte;
	int ready;

	for (;;) {
		double left = limit - seconds_now();

		ready = poll(&more, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready <= 0)
			return failed("wait for", "the command's line");
		if (read(fd, &byte, 1) != 1) {
			errno = EPIPE;
			return failed("read", "the command's line");
		}
		if (byte == '\n')
			break;
		if (length + 1 < size)
			line[length++] = byte;
	}
	line[length] = '\0';
	return 0;
}

static double memory_of(pid_t pid, bool largest)
{
	pid_t pids[MOST_PROCESSES];
	size_t count = descendants_of(pid, pids, MOST_PROCESSES - 1);
	double sum = 0, most = 0;

	pids[count++] = pid;
	for (size_t i = 0; i < count; i++) {
		double resident = strtod(status_of(pids[i], "VmRSS"), NULL);

		sum += resident;
		most = resident > most ? resident : most;
	}
	return largest ? most : sum;
}

/* It ends by itself, or is asked to, or made to. Its exit status. */
static int finish(struct run *run)
{
	double limit = seconds_now() + PATIENCE_SECONDS;
	const struct timespec moment = {.tv_nsec = 1000000};
	int signal = SIGTERM;
	int status;
	pid_t pid;

	close(run->in);
	for (;;) {
		pid = waitpid(run->pid, &status, WNOHANG);
		if (pid < 0 && errno != EINTR)
			return failed("waitpid", "%d", (int)run->pid);
		if (pid > 0) {
			close(run->out);
			return exit_status(status);
		}
		if (seconds_now() > limit) {
			kill(run->pid, signal);
			signal = SIGKILL;
			limit = seconds_now() + PATIENCE_SECONDS;
		}
		nanosleep(&moment, NULL);
	}
}

static int measure(struct run *run, char *const *argv, bool largest)
{
	const struct timespec moment = {.tv_nsec = 20000000};
	double started = seconds_now();
	char first[8];
	int status, result;

	if (start(run, argv) < 0)
		return -1;
	result = read_line(run->out, first, sizeof(first));
	run->milliseconds = (seconds_now() - started) * 1e3;
	if (result == 0)
		result = read_line(run->out, run->text, sizeof(run->text));
	/* It turns into cat, or whatever waits: let it come to rest. */
	nanosleep(&moment, NULL);
	if (result == 0)
		run->memory = memory_of(run->pid, largest);
	status = finish(run);
	if (result == 0 && status != 0) {
		errno = ECANCELED;
		result = failed("execute", "%s: exit status %d", argv[0],
				status);
	}
	return result;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[OPTIONS] CMD...",
		.summary = "Prints milliseconds to CMD's first line, resident "
			   "KiB, and its second line.",
		.specs = specs,
		.argv = argv + 1,
	};
	double milliseconds[MOST_RUNS], memory[MOST_RUNS];
	struct run run = {0};
	size_t runs = 1;
	bool largest = false;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		if (id == RUNS)
			runs = (size_t)number_of(&options, options.value, 1,
						 MOST_RUNS);
		else
			largest = true;
	}
	operands(&options, "CMD");
	for (size_t i = 0; i < runs; i++) {
		if (measure(&run, options.argv, largest) < 0)
			die(EXIT_OURS);
		milliseconds[i] = run.milliseconds;
		memory[i] = run.memory;
	}
	printf("%.2f %.0f %s\n", median(milliseconds, runs),
	       median(memory, runs), run.text);
	return fflush(stdout) == 0 ? 0 : EXIT_OURS;
}
