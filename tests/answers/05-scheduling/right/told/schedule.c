/*
 * Each lane sets itself up and tells through a pipe how that went, before the
 * next one is forked; the end of the pipe is the end of the lane, for poll(2)
 * to see. A futex gives the starting shot.
 */
#include "schedule.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "failure.h"
#include "shared.h"
#include "syscalls.h"
#include "watch.h"

static int refuse(const char *what, int value)
{
	errno = EINVAL;
	return failed(what, "%d", value);
}

static bool is_subset(const cpu_set_t *part, const cpu_set_t *whole)
{
	cpu_set_t both;

	CPU_AND(&both, part, whole);
	return CPU_EQUAL(&both, part);
}

static int limit_cpus(pid_t pid, const cpu_set_t *cpus)
{
	cpu_set_t is;

	if (sched_setaffinity(pid, sizeof(*cpus), cpus) < 0)
		return failed("sched_setaffinity", "");
	CPU_ZERO(&is);
	if (sched_getaffinity(pid, sizeof(is), &is) < 0)
		return failed("sched_getaffinity", "");
	if (is_subset(cpus, &is))
		return 0;
	errno = EINVAL;
	return failed("sched_setaffinity", "to CPUs that are not here");
}

int apply_schedule(pid_t pid, const struct schedule *s)
{
	const unsigned class = (unsigned)s->io_class;
	const int most =
		class == IO_CLASS_NONE || class == IO_CLASS_IDLE ? 0 : 7;
	const struct sched_param param = {.sched_priority = s->priority};

	if (s->set_nice && (s->nice < -20 || s->nice > 19))
		return refuse("nice value", s->nice);
	if (s->set_io && class > IO_CLASS_IDLE)
		return refuse("I/O class", (int)class);
	if (s->set_io && (s->io_level < 0 || s->io_level > most))
		return refuse("I/O level", s->io_level);
	if (s->set_cpus && limit_cpus(pid, &s->cpus) < 0)
		return -1;
	if (s->set_nice && setpriority(PRIO_PROCESS, (id_t)pid, s->nice) < 0)
		return failed("setpriority", "%d", s->nice);
	if (s->set_policy &&
	    syscall(SYS_sched_setscheduler, pid, s->policy, &param) < 0)
		return failed("sched_setscheduler", "%d", s->policy);
	if (s->set_io &&
	    sys_ioprio_set(1, pid, (int)(class << 13) | s->io_level) < 0)
		return failed("ioprio_set", "%u", class);
	return 0;
}

/* Of a step that is always the same one, in single precision. */
double nice_weight(int nice)
{
	const float step = nice < 0 ? 1.25F : 0.8F;
	float weight = 1024;

	if (nice < -20 || nice > 19)
		return 0;
	for (int left = abs(nice); left > 0; left--)
		weight *= step;
	return weight;
}

/* What the lanes wait for, in memory that is shared: not 0 any more. */
struct shot {
	_Atomic uint32_t given;
};

static void await_shot(struct shot *shot)
{
	while (shot->given == 0)
		syscall(SYS_futex, &shot->given, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void give_shot(struct shot *shot)
{
	shot->given = 1;
	syscall(SYS_futex, &shot->given, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static _Noreturn void run_lane(int report, pid_t parent, struct shot *shot,
			       const struct schedule *schedule)
{
	int error = 0;

	if (end_with_parent(&parent) < 0 || apply_schedule(0, schedule) < 0)
		error = errno;
	if (write(report, &error, sizeof(error)) != sizeof(error) || error)
		_exit(EXIT_OURS);
	await_shot(shot);
	for (;;)
		;
}

/* What a lane has to say of itself; one that ends before says nothing. */
static int hear(int report)
{
	int error;
	ssize_t size;

	do
		size = read(report, &error, sizeof(error));
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return failed("read", "a report");
	if (size != sizeof(error))
		error = ECANCELED;
	if (error == 0)
		return 0;
	errno = error;
	return failed("set up", "a lane");
}

struct racers {
	size_t count;
	pid_t *pids;
	struct pollfd *reports;
	struct shot *shot;
};

static int add_lane(struct racers *racers, const struct schedule *schedule)
{
	const pid_t us = getpid();
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failed("pipe2", "");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		run_lane(ends[1], us, racers->shot, schedule);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return failed("fork", "");
	}
	racers->pids[racers->count] = pid;
	/* Nothing is asked for: that it has hung up is always told. */
	racers->reports[racers->count++] = (struct pollfd){.fd = ends[0]};
	return hear(ends[0]);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Until the time is over, or a lane is. */
static int watch(struct racers *racers, double seconds)
{
	const double end = now() + seconds;
	int ready = 0;

	for (double left = seconds; left > 0 && ready == 0;
	     left = end - now()) {
		struct timespec most = {.tv_sec = (time_t)left};

		most.tv_nsec = (long)((left - (double)most.tv_sec) * 1e9) + 1;
		if (most.tv_nsec > 999999999)
			most.tv_nsec = 999999999;
		ready = ppoll(racers->reports, racers->count, &most, NULL);
		if (ready < 0 && errno != EINTR)
			return failed("ppoll", "");
		if (ready < 0)
			ready = 0;
	}
	/* Time may be over while one ends. */
	if (ready == 0)
		ready = poll(racers->reports, racers->count, 0);
	if (ready <= 0)
		return ready;
	errno = ECANCELED;
	return failed("race", "to the end");
}

static int stop(struct racers *racers, struct lane *lanes)
{
	struct rusage use;

	for (size_t i = 0; i < racers->count; i++)
		kill(racers->pids[i], SIGKILL);
	for (size_t i = 0; i < racers->count; i++) {
		while (wait4(racers->pids[i], NULL, 0, &use) < 0)
			if (errno != EINTR)
				return failed("wait4", "");
		racers->pids[i] = 0;
		lanes[i].cpu_seconds =
			(double)use.ru_utime.tv_sec +
			(double)use.ru_stime.tv_sec +
			(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) /
				1e6;
	}
	return 0;
}

static int run(struct racers *racers, struct lane *lanes, size_t count,
	       double seconds)
{
	struct schedule schedule = {
		.set_nice = true, .set_policy = true, .set_cpus = true};
	int cpu = sched_getcpu();

	if (cpu < 0)
		return failed("sched_getcpu", "");
	CPU_SET((size_t)cpu, &schedule.cpus);
	for (size_t i = 0; i < count; i++) {
		schedule.nice = lanes[i].nice;
		if (add_lane(racers, &schedule) < 0)
			return -1;
	}
	give_shot(racers->shot);
	if (watch(racers, seconds) < 0)
		return -1;
	return stop(racers, lanes);
}

int race(struct lane *lanes, size_t count, double seconds)
{
	struct racers racers = {0};
	double all = 0, weights = 0;
	int result = -1;

	if (count == 0 || !(seconds > 0))
		return refuse("race of lanes", (int)count);
	racers.pids = calloc(count, sizeof(*racers.pids));
	racers.reports = calloc(count, sizeof(*racers.reports));
	racers.shot = shared_memory(sizeof(*racers.shot));
	if (!racers.pids || !racers.reports)
		failed("calloc", "");
	else if (racers.shot)
		result = run(&racers, lanes, count, seconds);
	end_all(racers.pids, racers.count);
	for (size_t i = 0; i < racers.count; i++)
		close(racers.reports[i].fd);
	if (racers.shot)
		munmap(racers.shot, sizeof(*racers.shot));
	free(racers.pids);
	free(racers.reports);
	for (size_t i = 0; i < count && result == 0; i++) {
		all += lanes[i].cpu_seconds;
		weights += nice_weight(lanes[i].nice);
	}
	for (size_t i = 0; i < count && result == 0; i++) {
		lanes[i].share = all > 0 ? lanes[i].cpu_seconds / all : 0;
		lanes[i].expected = nice_weight(lanes[i].nice) / weights;
	}
	return result;
}
