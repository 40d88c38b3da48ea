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
#include "todo.h"
#include "watch.h"

/* ioprio_set(2): one process, and where in the number the class stands. */
enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_SHIFT = 13 };

/*
 * Task 1: the nice value of one process, set and not added. setpriority(2)
 * takes any number and makes of it the nearest one that there is: what is not
 * in -20 to 19 is for you to refuse, with EINVAL. Each failure goes through
 * failed() (failure.h), so that the program can say what went wrong.
 */
static int apply_nice(pid_t pid, int nice)
{
	/* <answer> return todo(1, pid, nice); */
	if (nice < -20 || nice > 19) {
		errno = EINVAL;
		return failed("set nice value", "%d", nice);
	}
	if (setpriority(PRIO_PROCESS, (id_t)pid, nice) < 0)
		return failed("setpriority", "to nice %d", nice);
	return 0;
	/* </answer> */
}

/*
 * Task 2: the CPUs that a process may run on. sched_setaffinity(2) takes those
 * of the set that there are and forgets about the others. Ask what has come of
 * it: when that is not the set that was wanted (CPU_EQUAL(3)), fail with
 * EINVAL.
 */
static int apply_cpus(pid_t pid, const cpu_set_t *cpus)
{
	/* <answer> return todo(2, pid, cpus); */
	cpu_set_t taken;

	if (sched_setaffinity(pid, sizeof(*cpus), cpus) < 0 ||
	    sched_getaffinity(pid, sizeof(taken), &taken) < 0)
		return failed("sched_setaffinity", "");
	if (!CPU_EQUAL(cpus, &taken)) {
		errno = EINVAL;
		return failed("sched_setaffinity", "to a CPU not here");
	}
	return 0;
	/* </answer> */
}

/*
 * Task 3: the policy of a process and, with it, its priority (struct
 * sched_param). The kernel checks that the two go together. Make the system
 * call itself, by syscall(2) with SYS_sched_setscheduler: the function of that
 * name in musl only fails with ENOSYS.
 */
static int apply_policy(pid_t pid, int policy, int priority)
{
	/* <answer> return todo(3, pid, policy, priority); */
	const struct sched_param param = {.sched_priority = priority};

	if (syscall(SYS_sched_setscheduler, pid, policy, &param) < 0)
		return failed("sched_setscheduler", "to policy %d, priority %d",
			      policy, priority);
	return 0;
	/* </answer> */
}

/*
 * Task 4: I/O class and level, which ioprio_set(2) takes as one number: the
 * class IOPRIO_CLASS_SHIFT bits up, the level below it. sys_ioprio_set() is in
 * syscalls.h. The kernel keeps silent about a level that means nothing: refuse
 * with EINVAL what is not 0 to 7 for a class with levels, not 0 for one
 * without, and classes that schedule.h does not have.
 */
static int apply_io(pid_t pid, enum io_class class, int level)
{
	/* <answer> return todo(4, pid, class, level); */
	bool levels =
		class == IO_CLASS_REALTIME || class == IO_CLASS_BEST_EFFORT;
	int io = (int)class << IOPRIO_CLASS_SHIFT | level;

	if ((unsigned)class > IO_CLASS_IDLE || level < 0 ||
	    level > (levels ? 7 : 0)) {
		errno = EINVAL;
		return failed("set I/O priority", "class %d, level %d",
			      (int)class, level);
	}
	if (sys_ioprio_set(IOPRIO_WHO_PROCESS, pid, io) < 0)
		return failed("ioprio_set", "to class %d, level %d", (int)class,
			      level);
	return 0;
	/* </answer> */
}

int apply_schedule(pid_t pid, const struct schedule *schedule)
{
	if (schedule->set_policy &&
	    apply_policy(pid, schedule->policy, schedule->priority) < 0)
		return -1;
	if (schedule->set_cpus && apply_cpus(pid, &schedule->cpus) < 0)
		return -1;
	if (schedule->set_io &&
	    apply_io(pid, schedule->io_class, schedule->io_level) < 0)
		return -1;
	if (schedule->set_nice && apply_nice(pid, schedule->nice) < 0)
		return -1;
	return 0;
}

/*
 * Task 5: 1024 for 0, and for each step of the nice value 1.25 times less, or
 * more when it goes below 0.
 */
double nice_weight(int nice)
{
	/* <answer> return todo(5, nice); */
	double weight = 1024;

	if (nice < -20 || nice > 19)
		return 0;
	for (; nice < 0; nice++)
		weight *= 1.25;
	for (; nice > 0; nice--)
		weight /= 1.25;
	return weight;
	/* </answer> */
}

/* <answer> */
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
/* </answer> */

/*
 * Task 6: a process for each lane, all on the CPU that we are on now
 * (sched_getcpu(3)), each with its nice value and SCHED_OTHER, where nice
 * values mean something: apply_schedule() can do that to a child too. Its
 * process id goes to pids[], whatever happens after. The child calls
 * end_with_parent() (watch.h), waits for the starting shot, which is
 * sem_wait(3) on `start`, and then does nothing but spin. A signal that has a
 * handler interrupts sem_wait(): that is no starting shot.
 */
static int line_up(const struct lane *lanes, size_t count, pid_t *pids,
		   sem_t *start)
{
	/* <answer> return todo(6, lanes, count, pids, start); */
	struct schedule schedule = {
		.set_policy = true,
		.policy = SCHED_OTHER,
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
	/* </answer> */
}

/*
 * Task 7: the starting shot, sem_post(3) once for each lane; then sleep for
 * `seconds`. nanosleep(2) may be interrupted: it says what is left.
 */
static int let_race(sem_t *start, size_t count, double seconds)
{
	/* <answer> return todo(7, start, count, seconds); */
	struct timespec left = {.tv_sec = (time_t)seconds};

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	for (size_t i = 0; i < count; i++)
		if (sem_post(start) < 0)
			return failed("sem_post", "");
	while (nanosleep(&left, &left) < 0)
		if (errno != EINTR)
			return failed("nanosleep", "%g seconds", seconds);
	return 0;
	/* </answer> */
}

/* <answer> */
static double in_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* 1 when the child has ended, which stays to be waited for; 0, or -1. */
static int has_ended(pid_t pid)
{
	siginfo_t info = {0};
	int result;

	do
		result = waitid(P_PID, (id_t)pid, &info,
				WEXITED | WNOHANG | WNOWAIT);
	while (result < 0 && errno == EINTR);
	return result < 0 ? -1 : info.si_pid != 0;
}
/* </answer> */

/*
 * Task 7: after the race. A lane that has ended already (waitid(2) can look
 * without taking it away: WNOHANG, WNOWAIT) makes it worth nothing: ECANCELED.
 * Else end all lanes, SIGKILL to every one before the first wait, or those
 * that are left go on running. wait4(2) collects a child and tells the CPU
 * time that it had, as user and as system time (getrusage(2)). The pids[] of
 * one that is collected becomes 0: race() ends all that are not.
 */
static int finish(struct lane *lanes, size_t count, pid_t *pids)
{
	/* <answer> return todo(7, lanes, count, pids); */
	struct rusage usage;

	for (size_t i = 0; i < count; i++) {
		int ended = has_ended(pids[i]);

		if (ended > 0)
			errno = ECANCELED;
		if (ended != 0)
			return failed("race in", "lane %zu", i + 1);
	}
	for (size_t i = 0; i < count; i++)
		if (kill(pids[i], SIGKILL) < 0)
			return failed("kill", "lane %zu", i + 1);
	for (size_t i = 0; i < count; i++) {
		while (wait4(pids[i], NULL, 0, &usage) < 0)
			if (errno != EINTR)
				return failed("wait4", "%d", (int)pids[i]);
		pids[i] = 0;
		lanes[i].cpu_seconds =
			in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
	}
	return 0;
	/* </answer> */
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
