#include "stopwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "spawn.h"

#define PAUSE_SECONDS 0.004
/* A start that takes longer than this has hung. */
#define PATIENCE_SECONDS 20

volatile sig_atomic_t interrupted;

static void nap(double seconds)
{
	const struct timespec t = {.tv_nsec = (long)(seconds * 1e9)};

	nanosleep(&t, NULL);
}

/*
 * Every contender is started by a small process of its own, a station, which
 * does what has to be done once, waits for the word, and measures. So all of
 * them have the same parent, and one may have a mount namespace of its own.
 */
struct station {
	pid_t pid;
	int in, out;
};

struct word {
	double seconds;
	int status;
	char last_line[256];
};

/* The last line is where most programs say what went wrong. */
static void read_last_line(int fd, char *line, size_t size)
{
	char text[4096], *end, *start;
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	end = text + strlen(text);
	while (end > text && end[-1] == '\n')
		*--end = '\0';
	start = strrchr(text, '\n');
	snprintf(line, size, "%s", start ? start + 1 : text);
	if (ftruncate(fd, 0) < 0)
		line[0] = '\0';
	lseek(fd, 0, SEEK_SET);
}

static int redirect(void *data)
{
	const int *descriptors = data;

	/* One that runs away does not outlive who measures it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_PDEATHSIG");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (descriptors[fd] >= 0 && dup2(descriptors[fd], fd) < 0)
			return failed("dup2", "%d", fd);
	return 0;
}

pid_t start_program(const char *const *argv, int in, int out, int err)
{
	int descriptors[3] = {in, out, err};
	const struct command command = {
		.file = argv[0],
		.argv = (char *const *)argv,
		.prepare = redirect,
		.data = descriptors,
	};

	return spawn(&command);
}

static int measure(const struct contender *c, int null, int err,
		   struct word *word)
{
	double started = seconds_now();
	pid_t child = start_program(c->argv, null, null, err);

	if (child < 0)
		return -1;
	while (waitpid(child, &word->status, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "%s", c->argv[0]);
	word->seconds = seconds_now() - started;
	return 0;
}

static _Noreturn void run_station(const struct contender *c, int in, int out)
{
	/* In memory: what they write there costs them no disk. */
	int err = memfd_create("errors", MFD_CLOEXEC);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct word word;
	char byte;

	/* Nor does this one outlive bench. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || err < 0 ||
	    null < 0)
		die(EXIT_OURS);
	while (read(in, &byte, 1) == 1) {
		memset(&word, 0, sizeof(word));
		if (measure(c, null, err, &word) < 0)
			die(EXIT_OURS);
		if (word.status != 0)
			read_last_line(err, word.last_line,
				       sizeof(word.last_line));
		if (write(out, &word, sizeof(word)) != sizeof(word))
			_exit(EXIT_OURS);
	}
	_exit(0);
}

static int open_station(struct station *station, const struct contender *c)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return failed("pipe2", "");
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return failed("pipe2", "");
	}
	fflush(NULL);
	station->pid = fork();
	if (station->pid == 0) {
		close(in[1]);
		close(out[0]);
		run_station(c, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	station->in = in[1];
	station->out = out[0];
	if (station->pid > 0)
		return 0;
	close(in[1]);
	close(out[0]);
	return failed("fork for", "%s", c->argv[0]);
}

static void close_station(struct station *station)
{
	close(station->in);
	close(station->out);
	/* With its pipes closed it ends, unless it waits for what hangs. */
	kill(station->pid, SIGKILL);
	while (waitpid(station->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int ask_station(struct station *station, const struct contender *c,
		       struct word *word)
{
	struct pollfd answer = {.fd = station->out, .events = POLLIN};
	int ready;

	if (write(station->in, "", 1) != 1)
		return failed("start", "%s", c->argv[0]);
	do
		ready = poll(&answer, 1, PATIENCE_SECONDS * 1000);
	while (ready < 0 && errno == EINTR && !interrupted);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return failed("wait for", "%s", c->argv[0]);
	if (read(station->out, word, sizeof(*word)) != sizeof(*word)) {
		errno = EPIPE;
		return failed("measure", "%s", c->argv[0]);
	}
	return 0;
}

static void explain(const struct word *word, char *why_not, size_t size)
{
	why_not[0] = '\0';
	if (word->status == 0)
		return;
	if (word->last_line[0])
		snprintf(why_not, size, "%s", word->last_line);
	else if (WIFEXITED(word->status))
		snprintf(why_not, size, "exit status %d",
			 WEXITSTATUS(word->status));
	else
		snprintf(why_not, size, "ended by signal %d",
			 WTERMSIG(word->status));
}

int run_once(const struct contender *c, double *seconds, char *why_not,
	     size_t size)
{
	struct station station;
	struct word word;
	int result, saved;

	if (open_station(&station, c) < 0)
		return -1;
	result = ask_station(&station, c, &word);
	saved = errno;
	close_station(&station);
	errno = saved;
	if (result < 0)
		return -1;
	*seconds = word.seconds;
	explain(&word, why_not, size);
	return 0;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

double percentile(const double *sorted, size_t count, double percent)
{
	size_t at = (size_t)((double)count * percent / 100);

	return sorted[at < count ? at : count - 1];
}

double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return percentile(values, count, 50);
}

/* The same orders in every race. */
static void shuffle(int order[CONTENDERS])
{
	static uint64_t state = 88172645463325252U;

	for (int i = CONTENDERS - 1; i > 0; i--) {
		int other, kept = order[i];

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		other = (int)(state % (uint64_t)(i + 1));
		order[i] = order[other];
		order[other] = kept;
	}
}

static int run_round(struct contender contenders[CONTENDERS],
		     struct station stations[CONTENDERS],
		     const int order[CONTENDERS])
{
	for (int i = 0; i < CONTENDERS; i++) {
		struct contender *c = &contenders[order[i]];
		struct word word;

		if (c->why_not[0])
			continue;
		nap(PAUSE_SECONDS);
		if (ask_station(&stations[order[i]], c, &word) < 0)
			return -1;
		if (word.status == 0) {
			c->seconds[c->runs++] = word.seconds;
			continue;
		}
		/* One that failed has not been measured. */
		explain(&word, c->why_not, sizeof(c->why_not));
		warning("%s failed after %zu runs: %s", c->name, c->runs,
			c->why_not);
	}
	return 0;
}

int race(struct contender contenders[CONTENDERS], int rounds)
{
	struct station stations[CONTENDERS];
	int order[CONTENDERS], opened = 0, result = 0;

	signal(SIGPIPE, SIG_IGN);
	for (; opened < CONTENDERS && result == 0; opened++) {
		struct contender *c = &contenders[opened];

		order[opened] = opened;
		c->seconds = calloc((size_t)rounds, sizeof(*c->seconds));
		if (!c->seconds)
			result = failed("allocate", "memory");
		else if (open_station(&stations[opened], c) < 0)
			result = -1;
		if (result < 0)
			break;
	}
	for (int i = 0; i < rounds && result == 0; i++) {
		shuffle(order);
		result = run_round(contenders, stations, order);
		if (interrupted) {
			errno = EINTR;
			result = -1;
		}
	}
	for (int i = 0; i < opened; i++)
		close_station(&stations[i]);
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < opened; i++)
		qsort(contenders[i].seconds, contenders[i].runs, sizeof(double),
		      compare);
	return result;
}
