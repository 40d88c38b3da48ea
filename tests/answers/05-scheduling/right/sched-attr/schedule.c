/* With sched_setattr(2), a pipe to wait at, and the CPU time of zombies. */
#include "schedule.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "failure.h"
#include "files.h"
#include "syscalls.h"
#include "watch.h"

/* sched_setattr(2), the first version of it. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int invalid(const char *what, int value)
{
	errno = EINVAL;
	return failed("set", "%s %d", what, value);
}

static int set_attributes(pid_t pid, int policy, int priority, int nice)
{
	struct attributes attributes = {
		.size = sizeof(attributes),
		.policy = (uint32_t)policy,
		.nice = nice,
		.priority = (uint32_t)priority,
	};

	if (syscall(SYS_sched_setattr, pid, &attributes, 0) < 0)
		return failed("sched_setattr", "policy %d", policy);
	return 0;
}

/* All at once where the policy has nice values, else one after the other. */
static int set_policy_and_nice(pid_t pid, const struct schedule *s)
{
	long now = syscall(SYS_sched_getscheduler, pid);
	int policy, nice;

	if (s->set_nice && (s->nice > 19 || s->nice < -20))
		return invalid("nice value", s->nice);
	errno = 0;
	nice = getpriority(PRIO_PROCESS, (id_t)pid);
	if (now < 0 || (nice == -1 && errno != 0))
		return failed("look at", "process %d", (int)pid);
	policy = s->set_policy ? s->policy : (int)now;
	if (policy == SCHED_OTHER || policy == SCHED_BATCH)
		return set_attributes(pid, policy, s->priority,
				      s->set_nice ? s->nice : nice);
	if (s->set_policy && set_attributes(pid, policy, s->priority, 0) < 0)
		return -1;
	if (s->set_nice && setpriority(PRIO_PROCESS, (id_t)pid, s->nice) < 0)
		return failed("setpriority", "%d", s->nice);
	return 0;
}

int apply_schedule(pid_t pid, const struct schedule *s)
{
	static const int levels[] = {1, 8, 8, 1};

	if ((s->set_nice || s->set_policy) && set_policy_and_nice(pid, s) < 0)
		return -1;
	if (s->set_io) {
		int class = (int)s->io_class;

		if (class < 0 || class > 3)
			return invalid("I/O class", class);
		if (s->io_level < 0 || s->io_level >= levels[class])
			return invalid("I/O level", s->io_level);
		if (sys_ioprio_set(1, pid, class * 8192 + s->io_level) < 0)
			return failed("ioprio_set", "class %d", class);
	}
	if (s->set_cpus) {
		cpu_set_t got;

		if (sched_setaffinity(pid, sizeof(cpu_set_t), &s->cpus) < 0)
			return failed("sched_setaffinity", "");
		CPU_ZERO(&got);
		if (sched_getaffinity(pid, sizeof(cpu_set_t), &got) < 0)
			return failed("sched_getaffinity", "");
		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET((size_t)cpu, &s->cpus) &&
			    !CPU_ISSET((size_t)cpu, &got))
				return invalid("CPU", cpu);
	}
	return 0;
}

double nice_weight(int nice)
{
	return nice >= -20 && nice <= 19 ? 1024 * pow(1.25, -nice) : 0;
}

struct race {
	pid_t *pids;
	int start[2]; /* nobody writes: it is closed */
	pid_t parent;
	cpu_set_t cpu;
};

static _Noreturn void run_lane(struct race *race)
{
	char nothing;

	close(race->start[1]);
	if (end_with_parent(&race->parent) < 0)
		die(EXIT_OURS);
	while (read(race->start[0], &nothing, 1) < 0 && errno == EINTR)
		continue;
	while (1)
		continue;
}

static int make_lanes(struct race *race, const struct lane *lanes, size_t count)
{
	struct schedule schedule = {
		.set_cpus = true,
		.set_nice = true,
		.set_policy = true,
		.cpus = race->cpu,
	};

	for (size_t i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			run_lane(race);
		if (pid < 0)
			return failed("fork", "");
		race->pids[i] = pid;
		schedule.nice = lanes[i].nice;
		if (apply_schedule(pid, &schedule) < 0)
			return -1;
	}
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_until(double then)
{
	double left;

	while ((left = then - now()) > 0) {
		double whole = floor(left);
		struct timespec t = {
			.tv_sec = (time_t)whole,
			.tv_nsec = (long)((left - whole) * 1e9),
		};

		nanosleep(&t, NULL);
	}
}

/* Ended, and still there: what it had is not counted any more. */
static int time_of_zombie(pid_t pid, double *seconds)
{
	char path[64], text[128];
	siginfo_t info;

	kill(pid, SIGKILL);
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return failed("waitid", "%d", (int)pid);
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	if (read_file(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	*seconds = strtod(text, NULL) / 1e9;
	return 0;
}

static int end_race(struct race *race, struct lane *lanes, size_t count)
{
	double sum = 0, weights = 0;

	for (size_t i = 0; i < count; i++) {
		siginfo_t info = {0};

		waitid(P_PID, (id_t)race->pids[i], &info,
		       WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid) {
			errno = ECANCELED;
			return failed("race in lane", "%zu", i);
		}
	}
	for (size_t i = 0; i < count; i++)
		kill(race->pids[i], SIGSTOP);
	for (size_t i = 0; i < count; i++)
		if (time_of_zombie(race->pids[i], &lanes[i].cpu_seconds) < 0)
			return -1;
	for (size_t i = 0; i < count; i++) {
		sum += lanes[i].cpu_seconds;
		weights += nice_weight(lanes[i].nice);
	}
	for (size_t i = 0; i < count; i++) {
		lanes[i].share = sum > 0 ? lanes[i].cpu_seconds / sum : 0;
		lanes[i].expected = nice_weight(lanes[i].nice) / weights;
	}
	return 0;
}

int race(struct lane *lanes, size_t count, double seconds)
{
	struct race race = {.start = {-1, -1}, .parent = getpid()};
	int result = -1;

	if (count < 1 || isnan(seconds) || seconds <= 0)
		return invalid("lanes", (int)count);
	race.pids = calloc(count, sizeof(pid_t));
	if (!race.pids || pipe2(race.start, O_CLOEXEC) < 0) {
		free(race.pids);
		return failed("prepare", "the race");
	}
	CPU_SET((size_t)sched_getcpu(), &race.cpu);
	if (make_lanes(&race, lanes, count) == 0) {
		close(race.start[1]);
		race.start[1] = -1;
		wait_until(now() + seconds);
		result = end_race(&race, lanes, count);
	}
	end_all(race.pids, count);
	close(race.start[0]);
	if (race.start[1] >= 0)
		close(race.start[1]);
	free(race.pids);
	return result;
}
