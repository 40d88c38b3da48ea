/*
 * clone3(2) with pidfds: poll(2) sees a lane end at once, and a timer the end
 * of the race. An eventfd gives the starting shot.
 */
#include "schedule.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include "failure.h"
#include "syscalls.h"
#include "watch.h"

#define INVALID(...) (errno = EINVAL, failed(__VA_ARGS__))

static int check(const struct schedule *s)
{
	if (s->set_nice && (s->nice < -20 || s->nice > 19))
		return INVALID("use nice value", "%d", s->nice);
	if (!s->set_io)
		return 0;
	switch (s->io_class) {
	case IO_CLASS_NONE:
	case IO_CLASS_IDLE:
		if (s->io_level != 0)
			return INVALID("use I/O level", "%d", s->io_level);
		return 0;
	case IO_CLASS_REALTIME:
	case IO_CLASS_BEST_EFFORT:
		if (s->io_level < 0 || s->io_level > 7)
			return INVALID("use I/O level", "%d", s->io_level);
		return 0;
	}
	return INVALID("use I/O class", "%d", (int)s->io_class);
}

int apply_schedule(pid_t pid, const struct schedule *s)
{
	cpu_set_t usable;

	if (check(s) < 0)
		return -1;
	if (s->set_io &&
	    sys_ioprio_set(1, pid, (int)s->io_class << 13 | s->io_level) < 0)
		return failed("ioprio_set", "process %d", (int)pid);
	if (s->set_nice && setpriority(PRIO_PROCESS, (id_t)pid, s->nice) < 0)
		return failed("setpriority", "process %d", (int)pid);
	if (s->set_policy &&
	    syscall(SYS_sched_setscheduler, pid, s->policy,
		    &(struct sched_param){.sched_priority = s->priority}) < 0)
		return failed("sched_setscheduler", "process %d", (int)pid);
	if (!s->set_cpus)
		return 0;
	if (sched_setaffinity(pid, sizeof(s->cpus), &s->cpus) < 0)
		return failed("sched_setaffinity", "process %d", (int)pid);
	sched_getaffinity(pid, sizeof(usable), &usable);
	CPU_XOR(&usable, &usable, &s->cpus);
	return CPU_COUNT(&usable) ? INVALID("use", "all of these CPUs") : 0;
}

double nice_weight(int nice)
{
	double up = 1, down = 1;

	if (nice > 19 || nice < -20)
		return 0;
	while (nice-- > 0)
		down *= 1.25;
	while (++nice < 0)
		up *= 1.25;
	return 1024 * up / down;
}

struct runner {
	pid_t pid;
	int fd;
};

static pid_t clone_lane(int *pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	return sys_clone3(&args, sizeof(args));
}

static int begin(struct runner *runner, pid_t us, int shot, int nice, int cpu)
{
	struct schedule schedule = {.set_nice = true, .nice = nice};
	uint64_t one;

	runner->pid = clone_lane(&runner->fd);
	if (runner->pid < 0)
		return failed("clone3", "");
	if (runner->pid == 0) {
		if (end_with_parent(&us) < 0)
			die(EXIT_OURS);
		while (read(shot, &one, sizeof(one)) != sizeof(one))
			;
		for (;;)
			;
	}
	schedule.set_policy = true;
	schedule.set_cpus = true;
	CPU_SET((size_t)cpu, &schedule.cpus);
	return apply_schedule(runner->pid, &schedule);
}

/* 0 when the time is up, -1 when a lane has ended before. */
static int watch(const struct runner *runners, size_t count, int timer)
{
	struct pollfd fds[count + 1];
	int ready;

	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = runners[i].fd, .events = POLLIN};
	fds[count] = (struct pollfd){.fd = timer, .events = POLLIN};
	do
		ready = poll(fds, count + 1, -1);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return failed("poll", "");
	for (size_t i = 0; i < count; i++)
		if (fds[i].revents) {
			errno = ECANCELED;
			return failed("race", "lane %zu has ended", i + 1);
		}
	return 0;
}

static void end(struct runner *runners, size_t count, struct lane *lanes)
{
	struct rusage use;
	int saved = errno;

	for (size_t i = 0; i < count; i++)
		if (runners[i].pid > 0)
			sys_pidfd_send_signal(runners[i].fd, SIGKILL);
	for (size_t i = 0; i < count; i++) {
		if (runners[i].pid <= 0)
			continue;
		while (wait4(runners[i].pid, NULL, 0, &use) < 0 &&
		       errno == EINTR)
			;
		close(runners[i].fd);
		lanes[i].cpu_seconds =
			(double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
			1e-6 * (double)(use.ru_utime.tv_usec +
					use.ru_stime.tv_usec);
	}
	errno = saved;
}

static int run(struct runner *runners, struct lane *lanes, size_t count,
	       int shot, int timer)
{
	pid_t us = getpid();
	int cpu = sched_getcpu();
	uint64_t all = count;

	for (size_t i = 0; i < count; i++)
		if (begin(&runners[i], us, shot, lanes[i].nice, cpu) < 0)
			return -1;
	if (write(shot, &all, sizeof(all)) != sizeof(all))
		return failed("write", "to the eventfd");
	return watch(runners, count, timer);
}

static int set_timer(int timer, double seconds)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)seconds}};

	when.it_value.tv_nsec =
		(long)((seconds - (double)when.it_value.tv_sec) * 1e9) + 1;
	if (when.it_value.tv_nsec == 1000000000)
		when.it_value.tv_nsec--;
	return timerfd_settime(timer, 0, &when, NULL);
}

int race(struct lane *lanes, size_t count, double seconds)
{
	struct runner *runners = calloc(count + 1, sizeof(*runners));
	int shot = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	double all = 0, weights = 0;
	int result = -1, saved;

	if (!runners || shot < 0 || timer < 0)
		failed("begin", "a race");
	else if (count == 0 || !(seconds > 0))
		INVALID("race", "of %zu lanes", count);
	else if (set_timer(timer, seconds) < 0)
		failed("timerfd_settime", "%g", seconds);
	else
		result = run(runners, lanes, count, shot, timer);
	saved = errno;
	if (runners)
		end(runners, count, lanes);
	for (size_t i = 0; result == 0 && i < count; i++) {
		all += lanes[i].cpu_seconds;
		weights += nice_weight(lanes[i].nice);
	}
	for (size_t i = 0; result == 0 && i < count; i++) {
		lanes[i].share = all > 0 ? lanes[i].cpu_seconds / all : 0;
		lanes[i].expected = nice_weight(lanes[i].nice) / weights;
	}
	free(runners);
	if (shot >= 0)
		close(shot);
	if (timer >= 0)
		close(timer);
	errno = saved;
	return result;
}
