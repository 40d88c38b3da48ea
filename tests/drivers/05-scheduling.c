/*
 * driver of stage 05: calls what schedule.h has in ways that the program of the
 * stage does not. The gate looks at what comes of it.
 *
 *	driver self SETTING... CMD...	one apply_schedule() to itself, then CMD
 *	driver child SETTING... CMD...	to a child, which then becomes CMD;
 *					exits as that does
 *	driver weights FIRST LAST	nice_weight() of each of these, a line
 *					for each
 *	driver race SECONDS NICE...	race(); says "returned", what, "after",
 *					how many seconds, "had" and the CPU time
 *					of the first lane, "alarms" and how many
 *					SIGALRM it has handled, and waits to be
 *					killed. A NICE that begins with + is
 *					that much above our own
 *	driver alarmed MS SECONDS NICE...
 *					the same, with a handler for SIGALRM,
 *					which comes every MS milliseconds (0:
 *					never) and is not to restart anything
 *	driver served SECONDS NICE...
 *					the same, with a handler for SIGUSR1, of
 *					the lanes too, that spends some time in
 *					the kernel
 *
 * SETTING: nice=N, policy=NUMBER:PRIORITY, io=CLASS:LEVEL or cpus=N,N... None
 * of them is looked at here: what there is not is for apply_schedule() to find.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "schedule.h"

enum { MOST_LANES = 8 };

static void read_cpus(const char *list, cpu_set_t *cpus)
{
	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		CPU_SET((size_t)atoi(list), cpus);
}

static bool read_setting(const char *word, struct schedule *schedule)
{
	int class = 0;

	if (sscanf(word, "nice=%d", &schedule->nice) == 1) {
		schedule->set_nice = true;
	} else if (sscanf(word, "policy=%d:%d", &schedule->policy,
			  &schedule->priority) == 2) {
		schedule->set_policy = true;
	} else if (sscanf(word, "io=%d:%d", &class, &schedule->io_level) == 2) {
		schedule->set_io = true;
		schedule->io_class = (enum io_class) class;
	} else if (strncmp(word, "cpus=", 5) == 0) {
		schedule->set_cpus = true;
		read_cpus(word + 5, &schedule->cpus);
	} else {
		return false;
	}
	return true;
}

static _Noreturn void become(char **words)
{
	execvp(words[0], words);
	failed("execve", "%s", words[0]);
	die(EXIT_NOT_FOUND);
}

/* The child begins when the pipe, which its parent has, is closed. */
static int apply_to_child(const struct schedule *schedule, char **words)
{
	int ends[2], status, result;
	char byte;
	pid_t child;

	if (pipe(ends) < 0)
		die(EXIT_OURS);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		if (read(ends[0], &byte, 1) != 0)
			_exit(EXIT_OURS);
		close(ends[0]);
		become(words);
	}
	close(ends[0]);
	result = apply_schedule(child, schedule);
	if (result < 0) {
		kill(child, SIGKILL);
		report_failure();
	}
	close(ends[1]);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_OURS;
	if (result < 0)
		return EXIT_OURS;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* Returns into whatever it interrupts: SA_RESTART is not set. */
static void set_alarm(int milliseconds)
{
	const struct sigaction action = {.sa_handler = count_alarm};
	const struct timeval time = {.tv_usec = milliseconds * 1000};
	const struct itimerval timer = {time, time};

	if (sigaction(SIGALRM, &action, NULL) < 0 ||
	    setitimer(ITIMER_REAL, &timer, NULL) < 0)
		die(EXIT_OURS);
}

/* Some milliseconds, next to none of them outside of the kernel. */
static void be_served(int sig)
{
	static char bytes[1 << 16];
	const int error = errno;

	(void)sig;
	for (int i = 0; i < 16; i++)
		if (getrandom(bytes, sizeof(bytes), 0) < 0)
			break;
	errno = error;
}

static void set_service(void)
{
	const struct sigaction action = {.sa_handler = be_served};

	if (sigaction(SIGUSR1, &action, NULL) < 0)
		die(EXIT_OURS);
}

static int nice_from(const char *word)
{
	if (word[0] == '+')
		return getpriority(PRIO_PROCESS, 0) + atoi(word + 1);
	return atoi(word);
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void run_race(char **words)
{
	const struct itimerval none = {0};
	struct lane lanes[MOST_LANES] = {0};
	double seconds = atof(words[0]), began;
	size_t count = 0;
	int result;

	while (words[count + 1] && count < MOST_LANES) {
		lanes[count].nice = nice_from(words[count + 1]);
		count++;
	}
	began = seconds_now();
	result = race(lanes, count, seconds);
	seconds = seconds_now() - began;
	if (result < 0)
		report_failure();
	setitimer(ITIMER_REAL, &none, NULL);
	dprintf(STDOUT_FILENO, "returned %d after %.6f had %.6f alarms %d\n",
		result, seconds, lanes[0].cpu_seconds, (int)alarms);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	struct schedule schedule = {0};
	char **words = argv + 2;

	if (strcmp(what, "weights") == 0 && argc == 4) {
		for (int nice = atoi(words[0]); nice <= atoi(words[1]); nice++)
			printf("%.9g\n", nice_weight(nice));
		return 0;
	}
	if (strcmp(what, "alarmed") == 0 && argc > 3)
		set_alarm(atoi(*words++));
	if (strcmp(what, "served") == 0)
		set_service();
	if (strcmp(what, "alarmed") == 0 || strcmp(what, "served") == 0 ||
	    strcmp(what, "race") == 0)
		run_race(words);
	while (*words && read_setting(*words, &schedule))
		words++;
	if (!*words)
		bad_usage("a case and CMD are needed");
	if (strcmp(what, "child") == 0)
		return apply_to_child(&schedule, words);
	/* Of something before: only a call that has failed says why. */
	errno = EDOM;
	if (apply_schedule(0, &schedule) < 0)
		die(EXIT_OURS);
	become(words);
}
