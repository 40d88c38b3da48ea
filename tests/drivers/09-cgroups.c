/*
 * driver of stage 09: calls the functions of cgroup.h one at a time and in
 * ways that the program of the stage does not. The gate looks at what comes of
 * it, in the cgroup file system.
 *
 *	driver STEP...		does one step after the other:
 *
 *	memory=N pids=N cpu=N weight=N
 *				the limits from now on
 *	group=PATH		this directory is our group, which may be one of
 *				ordinary files
 *	patience=MS		how long to wait at most
 *	alarms			SIGALRM every 5 ms from now on, caught
 *	clock			from now on somebody sets the clock all the time
 *	late			from now on it is LATE_MS before this process is
 *				let run again when it has looked at the clock
 *	outside=TOKEN		start a probe in the group of the driver
 *	until=TOKEN		say "at TOKEN" and wait for that file in /tmp
 *	make limit freeze thaw kill remove stats finish
 *				call the function, with the prefix "driver"
 *	move			cgroup_enter() for the probe that was started
 *	vanished		the same for a process that has ended
 *	enter=TOKEN		fork a child that enters and becomes a probe
 *	spawn='PROGRAM WORD...'	cgroup_spawn(); commas do for blanks
 *	busy=N			spawn N that spin, and wait until they do
 *	wait=KEY:VALUE:MS	cgroup_wait()
 *	freezes=N		freeze and thaw N times, and look each time
 *
 * After each call it writes a line with the name of the step and 0, or the
 * errno of a failure, which goes to standard error too. kill, freeze, thaw and
 * freezes write a second number: what cgroup.events said at once after the
 * call, or how often it was wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "failure.h"
#include "files.h"
#include "hierarchy.h"

static struct cgroup group = {.parent = -1, .dir = -1, .lock = -1};
static struct cgroup_limits limits;
static pid_t probe;

static int errno_of(int result)
{
	return result < 0 ? errno : 0;
}

/* A failure is told in words too: a starter's names the task. */
static void tell(int error)
{
	errno = error;
	if (error)
		report_failure();
}

static void say(const char *step, int error)
{
	tell(error);
	dprintf(STDOUT_FILENO, "%s %d\n", step, error);
}

static void say_both(const char *step, int error, long seen)
{
	tell(error);
	dprintf(STDOUT_FILENO, "%s %d %ld\n", step, error, seen);
}

/* What cgroup.events says right now. */
static long event(const char *key)
{
	char text[256];

	if (read_file(group.dir, "cgroup.events", text, sizeof(text)) < 0)
		return -1;
	return (long)value_of(text, key);
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = 1000000};

	nanosleep(&t, NULL);
}

static void wait_for_file(const char *token)
{
	char path[64];

	dprintf(STDOUT_FILENO, "at %s\n", token);
	snprintf(path, sizeof(path), "/tmp/%s", token);
	while (access(path, F_OK) < 0)
		nap();
}

enum { LATE_MS = 40 };

static bool clock_is_set, is_late;

/*
 * Our own, for the modules of the student: an hour later at each look, or old
 * news.
 */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	const struct timespec late = {.tv_nsec = LATE_MS * 1000000L};
	static int hours;
	long result = syscall(SYS_clock_gettime, clock, time);

	if (is_late)
		nanosleep(&late, NULL);
	if (clock_is_set &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
	     clock == CLOCK_TAI))
		time->tv_sec += 3600 * ++hours;
	return (int)result;
}

static void caught(int sig)
{
	(void)sig;
}

/* Without SA_RESTART, so that a call that waits is interrupted. */
static void set_alarms(void)
{
	const struct sigaction action = {.sa_handler = caught};
	const struct timeval time = {.tv_usec = 5000};
	const struct itimerval timer = {time, time};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static _Noreturn void become_probe(const char *token)
{
	execlp("probe", "probe", "hold", token, NULL);
	_exit(EXIT_NOT_FOUND);
}

static pid_t start_probe(const char *token, bool enter)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	if (enter)
		say("enter", errno_of(cgroup_enter(&group, 0)));
	become_probe(token);
}

static pid_t ended_child(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return child;
}

static pid_t start_command(char *words)
{
	char *argv[32] = {strtok(words, " ,")};
	struct command command = {.argv = argv};

	for (int i = 1; i < 31 && argv[i - 1]; i++)
		argv[i] = strtok(NULL, " ,");
	command.file = argv[0];
	return cgroup_spawn(&group, &command);
}

static void start_busy(int count)
{
	int error = 0;

	for (int i = 0; i < count && error == 0; i++) {
		char words[] = "probe spin busy";

		error = errno_of(start_command(words));
	}
	say("busy", error);
}

static void wait_for_event(char *words)
{
	const char *key = strtok(words, ":"), *value = strtok(NULL, ":");
	const char *patience = strtok(NULL, ":");

	if (!key || !value || !patience)
		bad_usage("wait=KEY:VALUE:MS");
	say("wait", errno_of(cgroup_wait(&group, key, strtoull(value, NULL, 10),
					 atoi(patience))));
}

/* How often it was not so when the call had returned. */
static void freeze_often(int times)
{
	int wrong = 0, error = 0;

	for (int i = 0; i < 2 * times && error == 0; i++) {
		bool frozen = i % 2 == 0;

		error = errno_of(cgroup_freeze(&group, frozen));
		wrong += event("frozen") != frozen;
	}
	say_both("freezes", error, wrong);
}

static void say_stats(const char *step, int error, struct cgroup_stats *s)
{
	tell(error);
	dprintf(STDOUT_FILENO,
		"user_usec %llu\nsystem_usec %llu\nnr_throttled %llu\n"
		"throttled_usec %llu\nmemory_peak %llu\noom_kill %llu\n"
		"pids_peak %llu\nmax %llu\n%s %d\n",
		(unsigned long long)s->user_usec,
		(unsigned long long)s->system_usec,
		(unsigned long long)s->throttled,
		(unsigned long long)s->throttled_usec,
		(unsigned long long)s->memory_peak,
		(unsigned long long)s->oom_kills,
		(unsigned long long)s->pids_peak,
		(unsigned long long)s->pids_max_hits, step, error);
}

static void call(const char *step)
{
	struct cgroup_stats stats;
	int error;

	/* What is to be filled in is not 0 before. */
	memset(&stats, 0x55, sizeof(stats));
	if (strcmp(step, "make") == 0)
		say(step, errno_of(cgroup_create(&group, "driver", &limits)));
	else if (strcmp(step, "limit") == 0)
		say(step, errno_of(cgroup_limit(&group, &limits)));
	else if (strcmp(step, "move") == 0)
		say(step, errno_of(cgroup_enter(&group, probe)));
	else if (strcmp(step, "vanished") == 0)
		say(step, errno_of(cgroup_enter(&group, ended_child())));
	else if (strcmp(step, "remove") == 0)
		say(step, errno_of(cgroup_remove(&group)));
	else if (strcmp(step, "freeze") == 0) {
		error = errno_of(cgroup_freeze(&group, true));
		say_both(step, error, event("frozen"));
	} else if (strcmp(step, "thaw") == 0) {
		error = errno_of(cgroup_freeze(&group, false));
		say_both(step, error, event("frozen"));
	} else if (strcmp(step, "kill") == 0) {
		error = errno_of(cgroup_kill(&group));
		say_both(step, error, event("populated"));
	} else if (strcmp(step, "stats") == 0) {
		error = errno_of(cgroup_read_stats(&group, &stats));
		say_stats(step, error, &stats);
	} else if (strcmp(step, "finish") == 0) {
		error = errno_of(cgroup_finish(&group, &stats));
		say_stats(step, error, &stats);
	} else if (strcmp(step, "alarms") == 0) {
		set_alarms();
	} else if (strcmp(step, "clock") == 0) {
		clock_is_set = true;
	} else if (strcmp(step, "late") == 0) {
		is_late = true;
	} else {
		bad_usage("%s: no such step", step);
	}
}

static void do_step(char *step)
{
	char *value = strchr(step, '=');

	if (!value) {
		call(step);
		return;
	}
	*value++ = '\0';
	if (strcmp(step, "memory") == 0)
		limits.memory = strtoull(value, NULL, 10);
	else if (strcmp(step, "pids") == 0)
		limits.pids = strtoull(value, NULL, 10);
	else if (strcmp(step, "cpu") == 0)
		limits.cpu = (unsigned)atoi(value);
	else if (strcmp(step, "weight") == 0)
		limits.weight = (unsigned)atoi(value);
	else if (strcmp(step, "group") == 0)
		group.dir = open(value, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (strcmp(step, "patience") == 0)
		cgroup_patience = atoi(value);
	else if (strcmp(step, "outside") == 0)
		probe = start_probe(value, false);
	else if (strcmp(step, "enter") == 0)
		start_probe(value, true);
	else if (strcmp(step, "until") == 0)
		wait_for_file(value);
	else if (strcmp(step, "spawn") == 0)
		say(step, errno_of(start_command(value)));
	else if (strcmp(step, "busy") == 0)
		start_busy(atoi(value));
	else if (strcmp(step, "wait") == 0)
		wait_for_event(value);
	else if (strcmp(step, "freezes") == 0)
		freeze_often(atoi(value));
	else
		bad_usage("%s: no such step", step);
}

int main(int argc, char **argv)
{
	char step[512];

	if (argc < 2)
		bad_usage("steps are needed");
	for (int i = 1; i < argc; i++) {
		/* A copy: what ps(1) shows of us is to stay whole. */
		snprintf(step, sizeof(step), "%s", argv[i]);
		do_step(step);
	}
	return 0;
}
