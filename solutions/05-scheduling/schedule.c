#include "schedule.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "shared.h"
#include "syscalls.h"
#include "watch.h"

/* ioprio_set(2): one process, and where in the number the class stands. */
enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_SHIFT = 13 };

static bool nice_exists(int nice)
{
	return nice >= -20 && nice <= 19;
}

/* The kernel would take a level that means nothing and keep silent. */
static bool io_exists(enum io_class class, int level)
{
	bool levels =
		class == IO_CLASS_REALTIME || class == IO_CLASS_BEST_EFFORT;

	return (unsigned)class <= IO_CLASS_IDLE && level >= 0 &&
	       level <= (levels ? 7 : 0);
}

static int apply_cpus(pid_t pid, const cpu_set_t *cpus)
{
	cpu_set_t taken;

	if (sched_setaffinity(pid, sizeof(*cpus), cpus) < 0 ||
	    sched_getaffinity(pid, sizeof(taken), &taken) < 0)
		return failed("sched_setaffinity", "");
	/* It takes the CPUs that there are and forgets about the others. */
	if (!CPU_EQUAL(cpus, &taken)) {
		errno = EINVAL;
		return failed("sched_setaffinity", "to a CPU not here");
	}
	return 0;
}

int apply_schedule(pid_t pid, const struct schedule *schedule)
{
	const struct sched_param param = {.sched_priority = schedule->priority};
	int io = (int)schedule->io_class << IOPRIO_CLASS_SHIFT |
		 schedule->io_level;

	if ((schedule->set_nice && !nice_exists(schedule->nice)) ||
	    (schedule->set_io &&
	     !io_exists(schedule->io_class, schedule->io_level))) {
		errno = EINVAL;
		return failed("apply", "a schedule");
	}
	/* Not through musl: its sched_setscheduler(3) only says ENOSYS. */
	if (schedule->set_policy &&
	    syscall(SYS_sched_setscheduler, pid, schedule->policy, &param) < 0)
		return failed("sched_setscheduler", "to policy %d, priority %d",
			      schedule->policy, schedule->priority);
	if (schedule->set_cpus && apply_cpus(pid, &schedule->cpus) < 0)
		return -1;
	if (schedule->set_io && sys_ioprio_set(IOPRIO_WHO_PROCESS, pid, io) < 0)
		return failed("ioprio_set", "to class %d, level %d",
			      (int)schedule->io_class, schedule->io_level);
	if (schedule->set_nice &&
	    setpriority(PRIO_PROCESS, (id_t)pid, schedule->nice) < 0)
		return failed("setpriority", "to nice %d", schedule->nice);
	return 0;
}

double nice_weight(int nice)
{
	double weight = 1024;

	if (!nice_exists(nice))
		return 0;
	for (; nice < 0; nice++)
		weight *= 1.25;
	for (; nice > 0; nice--)
		weight /= 1.25;
	return weight;
}

/* What runs in a lane: from the starting shot on, nothing but spinning. */
static _Noreturn void spin(pid_t parent, sem_t *start)
{
	if (end_with_parent(&parent) < 0)
		die(EXIT_OURS);
	while (sem_wait(start) < 0)
		if (errno != EINTR)
			die(EXIT_OURS);
	for (;;)
		;
}

/* A process for each lane, on the CPU we are on, waiting at the start. */
static int line_up(const struct lane *lanes, size_t count, pid_t *pids,
		   sem_t *start)
{
	struct schedule schedule = {
		.set_policy = true,
		.policy = SCHED_OTHER, /* where nice values mean something */
		.set_cpus = true,
		.set_nice = true,
	};
	pid_t parent = getpid();
	int cpu = sched_getcpu();

	if (cpu < 0)
		return failed("sched_getcpu", "");
	CPU_SET((size_t)cpu, &schedule.cpus);
	for (size_t i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return failed("fork for", "lane %zu", i + 1);
		if (pids[i] == 0)
			spin(parent, start);
		schedule.nice = lanes[i].nice;
		if (apply_schedule(pids[i], &schedule) < 0)
			return -1;
	}
	return 0;
}

static int let_race(sem_t *start, size_t count, double seconds)
{
	struct timespec left = {.tv_sec = (time_t)seconds};

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	for (size_t i = 0; i < count; i++)
		if (sem_post(start) < 0)
			return failed("sem_post", "");
	while (nanosleep(&left, &left) < 0)
		if (errno != EINTR)
			return failed("nanosleep", "%g seconds", seconds);
	return 0;
}

static double in_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static int finish(struct lane *lanes, size_t count, pid_t *pids)
{
	struct rusage usage;
	int status;

	/* All before the first wait: who is left would go on running. */
	for (size_t i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (size_t i = 0; i < count; i++) {
		while (wait4(pids[i], &status, 0, &usage) < 0)
			if (errno != EINTR)
				return failed("wait4", "%d", (int)pids[i]);
		pids[i] = 0;
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
			errno = ECANCELED;
			return failed("race in", "lane %zu", i + 1);
		}
		lanes[i].cpu_seconds =
			in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
	}
	return 0;
}

static void share_out(struct lane *lanes, size_t count)
{
	double cpu_seconds = 0, weight = 0;

	for (size_t i = 0; i < count; i++) {
		cpu_seconds += lanes[i].cpu_seconds;
		weight += nice_weight(lanes[i].nice);
	}
	for (size_t i = 0; i < count; i++) {
		lanes[i].share = cpu_seconds > 0
					 ? lanes[i].cpu_seconds / cpu_seconds
					 : 0;
		lanes[i].expected = nice_weight(lanes[i].nice) / weight;
	}
}

int race(struct lane *lanes, size_t count, double seconds)
{
	pid_t *pids;
	sem_t *start;
	int result = -1;

	if (count == 0 || !(seconds > 0 && seconds < 1e9)) {
		errno = EINVAL;
		return failed("race", "of %zu lanes", count);
	}
	pids = calloc(count, sizeof(*pids));
	if (!pids)
		return failed("calloc", "%zu lanes", count);
	start = shared_memory(sizeof(*start));
	if (start && sem_init(start, 1, 0) == 0 &&
	    line_up(lanes, count, pids, start) == 0 &&
	    let_race(start, count, seconds) == 0)
		result = finish(lanes, count, pids);
	end_all(pids, count);
	if (start)
		munmap(start, sizeof(*start));
	free(pids);
	if (result == 0)
		share_out(lanes, count);
	return result;
}
