/*
 * Stage 05: who runs, where, and for how long. sched(7).
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* I/O scheduling classes, ioprio_set(2). */
enum io_class {
	IO_CLASS_NONE, /* follow the nice value */
	IO_CLASS_REALTIME,
	IO_CLASS_BEST_EFFORT,
	IO_CLASS_IDLE,
};

/* What to change; what is not asked for stays as it is inherited. */
struct schedule {
	bool set_nice;
	int nice; /* -20 (most) to 19 (least), set, not added */
	bool set_cpus;
	cpu_set_t cpus; /* the CPUs it may run on */
	bool set_policy;
	int policy;   /* SCHED_OTHER, _BATCH, _IDLE, _FIFO, _RR */
	int priority; /* 1 to 99 for _FIFO and _RR, else 0 */
	bool set_io;
	enum io_class io_class;
	int io_level; /* 0 (most) to 7 (least); 0 for _NONE, _IDLE */
};

/*
 * Applies `schedule` to process `pid` (0: the caller); what it executes and
 * its children inherit it. The process gets what was asked for or this fails:
 * the kernel itself would clamp a nice value, forget about CPUs that are not
 * there, and take an I/O level of 8, all in silence. Those are EINVAL.
 *
 * Returns 0, or -1 with errno: EACCES or EPERM when more is asked for than
 * this process may have (RLIMIT_NICE, RLIMIT_RTPRIO, CAP_SYS_NICE). What was
 * applied before the failure stays. setpriority(2), sched_setaffinity(2),
 * sched_setscheduler(2), ioprio_set(2); musl has the third only as a system
 * call.
 */
int apply_schedule(pid_t pid, const struct schedule *schedule);

/*
 * The weight that the kernel gives a nice value: 1024 for 0, multiplied or
 * divided by 1.25 for each step. (Its own table, of whole numbers, is up to 3
 * percent off; this is not rounded.) A process gets its weight's share of the
 * sum of those that compete. 0 when `nice` is not in -20 to 19.
 */
double nice_weight(int nice);

/* One competitor in a race. */
struct lane {
	int nice;	    /* in: -20 to 19 */
	double cpu_seconds; /* out: CPU time it got */
	double share;	    /* out: of all lanes' CPU time, 0 to 1 */
	double expected;    /* out: by the weights, 0 to 1 */
};

/*
 * Lets `count` processes (1 or more) that do nothing but spin compete for one
 * CPU, one that the caller may use, each with its lane's nice value and
 * SCHED_OTHER, for `seconds` of wall time (more than 0). They start together
 * when all are set up (shared.h), are gone when this returns, and die with the
 * caller when it is killed (watch.h). They stay in the caller's session: with
 * autogroup on, nice compares only inside one session (sched(7)). The caller
 * itself keeps its own nice value, policy and CPUs, its signal handlers and
 * mask, and its other children. A signal that it handles meanwhile makes the
 * race neither shorter nor longer.
 *
 * Returns 0, or -1 with errno: EINVAL for values out of range, EACCES
 * or EPERM when a lane wants a nice value that the caller may not give,
 * ECANCELED when a lane ended before the race did, whatever ended it. fork(2),
 * wait4(2).
 */
int race(struct lane *lanes, size_t count, double seconds);

#endif
