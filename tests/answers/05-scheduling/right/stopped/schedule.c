/*
 * Lanes that set themselves up, stop, and are continued all at once; the CPU
 * time is what getrusage(2) has more after each of them.
 */
#include "schedule.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "failure.h"
#include "syscalls.h"
#include "watch.h"

static int current_nice(pid_t pid, int *nice)
{
	errno = 0;
	*nice = getpriority(PRIO_PROCESS, (id_t)pid);
	return *nice == -1 && errno ? failed("getpriority", "") : 0;
}

/* What the kernel made of it is looked at afterwards. */
static int change_nice(pid_t pid, int wanted)
{
	int is;

	if (setpriority(PRIO_PROCESS, (id_t)pid, wanted) < 0)
		return failed("setpriority", "");
	if (current_nice(pid, &is) < 0)
		return -1;
	if (is == wanted)
		return 0;
	errno = EINVAL;
	return failed("setpriority", "to %d", wanted);
}

static int change_io(pid_t pid, unsigned class, int level)
{
	bool leveled = class == 1 || class == 2;

	if (class > 3 || level < 0 || (leveled && level > 7) ||
	    (!leveled && level > 0)) {
		errno = EINVAL;
		return failed("ioprio_set", "");
	}
	return sys_ioprio_set(1, pid, (int)(class << 13 | (unsigned)level)) < 0
		       ? failed("ioprio_set", "")
		       : 0;
}

static int change_cpus(pid_t pid, const cpu_set_t *cpus)
{
	cpu_set_t is, both;

	if (sched_setaffinity(pid, sizeof(is), cpus) < 0 ||
	    sched_getaffinity(pid, sizeof(is), &is) < 0)
		return failed("sched_setaffinity", "");
	CPU_AND(&both, &is, cpus);
	if (CPU_COUNT(&both) == CPU_COUNT(cpus))
		return 0;
	errno = EINVAL;
	return failed("sched_setaffinity", "");
}

int apply_schedule(pid_t pid, const struct schedule *schedule)
{
	/* A process that is named is found also when it is the caller. */
	pid_t who = pid ? pid : getpid();

	if (schedule->set_cpus && change_cpus(who, &schedule->cpus) < 0)
		return -1;
	if (schedule->set_policy) {
		struct sched_param param = {.sched_priority =
						    schedule->priority};

		if (syscall(SYS_sched_setscheduler, who, schedule->policy,
			    &param) < 0)
			return failed("sched_setscheduler", "");
	}
	if (schedule->set_io && change_io(who, (unsigned)schedule->io_class,
					  schedule->io_level) < 0)
		return -1;
	return schedule->set_nice ? change_nice(who, schedule->nice) : 0;
}

double nice_weight(int nice)
{
	double weight = 1024;

	if (nice < -20 || nice > 19)
		return 0;
	for (int i = 0; i < abs(nice); i++)
		weight = nice < 0 ? weight * 5 / 4 : weight * 4 / 5;
	return weight;
}

/* Where a lane says why it cannot run. */
struct note {
	volatile int error;
};

static _Noreturn void be_lane(const struct schedule *schedule, pid_t parent,
			      struct note *note)
{
	if (end_with_parent(&parent) < 0 || apply_schedule(0, schedule) < 0) {
		note->error = errno;
		_exit(1);
	}
	raise(SIGSTOP);
	for (;;)
		;
}

/* Until it has stopped, or has ended and said why. */
static int await_stop(pid_t pid, const struct note *note)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT) <
	       0)
		if (errno != EINTR)
			return failed("waitid", "");
	if (info.si_code == CLD_STOPPED)
		return 0;
	errno = note->error ? note->error : ECANCELED;
	return failed("start", "a lane");
}

/* The first CPU that may be used. */
static void choose_cpu(cpu_set_t *one)
{
	cpu_set_t all;
	size_t cpu = 0;

	CPU_ZERO(one);
	sched_getaffinity(0, sizeof(all), &all);
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &all))
		cpu++;
	CPU_SET(cpu, one);
}

static int start_lanes(const struct lane *lanes, size_t count, pid_t *pids,
		       struct note *note)
{
	struct schedule schedule = {
		.set_nice = true, .set_cpus = true, .set_policy = true};
	pid_t parent = getpid();

	choose_cpu(&schedule.cpus);
	for (size_t i = 0; i < count; i++) {
		schedule.nice = lanes[i].nice;
		pids[i] = fork();
		if (pids[i] == 0)
			be_lane(&schedule, parent, note);
		if (pids[i] < 0) {
			pids[i] = 0;
			return failed("fork", "");
		}
	}
	for (size_t i = 0; i < count; i++)
		if (await_stop(pids[i], note) < 0)
			return -1;
	for (size_t i = 0; i < count; i++)
		kill(pids[i], SIGCONT);
	return 0;
}

static void sleep_for(double seconds)
{
	struct timespec then;
	double end;

	clock_gettime(CLOCK_MONOTONIC, &then);
	end = (double)then.tv_nsec / 1e9 + seconds;
	then.tv_sec += (time_t)end;
	then.tv_nsec = (long)((end - (double)(time_t)end) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL) ==
	       EINTR)
		;
}

static double used_by_children(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int stop_lanes(struct lane *lanes, size_t count, pid_t *pids)
{
	int over = 0;

	for (size_t i = 0; i < count; i++) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)pids[i], &info,
			   WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pids[i])
			over++;
	}
	for (size_t i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	for (size_t i = 0; i < count; i++) {
		double before = used_by_children();

		while (waitpid(pids[i], NULL, 0) < 0)
			if (errno != EINTR)
				return failed("waitpid", "");
		pids[i] = 0;
		lanes[i].cpu_seconds = used_by_children() - before;
	}
	if (over == 0)
		return 0;
	errno = ECANCELED;
	return failed("race", "without %d lanes", over);
}

int race(struct lane *lanes, size_t count, double seconds)
{
	pid_t pids[count + 1];
	struct note *note;
	double sum = 0, weights = 0;
	int result;

	if (count == 0 || seconds <= 0 || seconds > 1e8) {
		errno = EINVAL;
		return failed("race", "");
	}
	note = mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED)
		return failed("mmap", "");
	for (size_t i = 0; i < count; i++)
		pids[i] = 0;
	result = start_lanes(lanes, count, pids, note);
	if (result == 0) {
		sleep_for(seconds);
		result = stop_lanes(lanes, count, pids);
	}
	end_all(pids, count);
	munmap(note, sizeof(*note));
	for (size_t i = 0; i < count; i++) {
		sum += lanes[i].cpu_seconds;
		weights += nice_weight(lanes[i].nice);
	}
	for (size_t i = 0; i < count; i++) {
		lanes[i].share = sum > 0 ? lanes[i].cpu_seconds / sum : 0;
		lanes[i].expected =
			weights > 0 ? nice_weight(lanes[i].nice) / weights : 0;
	}
	return result;
}
