/*
 * Stage 09: control groups, version 2. cgroups(7), cgroup_namespaces(7), and
 * the kernel's Documentation/admin-guide/cgroup-v2.rst.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spawn.h"

/* Limits; 0 leaves a limit as it is. */
struct cgroup_limits {
	uint64_t memory; /* memory.max in bytes; memory.swap.max is then 0 */
	uint64_t pids;	 /* pids.max: processes and threads */
	unsigned cpu;	 /* cpu.max in percent of one CPU: 150 is 1.5 */
	unsigned weight; /* cpu.weight, 1 to 10000; the kernel's is 100 */
};

/* What the group used; 0 where the kernel keeps no such count. */
struct cgroup_stats {
	uint64_t user_usec;	 /* cpu.stat */
	uint64_t system_usec;	 /* cpu.stat */
	uint64_t throttled;	 /* cpu.stat nr_throttled: periods cut short */
	uint64_t throttled_usec; /* cpu.stat */
	uint64_t memory_peak;	 /* memory.peak, bytes; Linux 5.19 */
	uint64_t oom_kills;	 /* memory.events oom_kill; > 0: it happened */
	uint64_t pids_peak;	 /* pids.peak; Linux 6.1 has it */
	uint64_t pids_max_hits;	 /* pids.events max: forks refused */
};

/* A group that this program made. */
struct cgroup {
	int parent;    /* directory of the group it was made in; -1: none */
	int dir;       /* its own; -1: none */
	int lock;      /* it is no leftover while this is open; -1: none */
	char name[64]; /* in the parent */
	bool aside;    /* step_aside() moved the caller */
};

/*
 * How long these functions wait at most for what the kernel is to do, in
 * milliseconds: 10000, until somebody changes it.
 */
extern int cgroup_patience;

/*
 * Makes a new group below the one the caller is in and enables the
 * controllers that `limits` needs for it.
 *
 * A group that has processes cannot have groups with controllers below it (the
 * "no internal processes" rule), unless it is the root: when the caller is in
 * the way of its own new group and alone in there, it moves aside first, to a
 * sibling of the new one, and cgroup_remove() brings it back. (The kernel
 * refuses only "+memory" with EBUSY. After "+cpu" or "+pids" alone it takes
 * the caller's group for the root of a threaded one, in which the new group is
 * of no use: so one steps aside before any of them.)
 *
 * Groups that earlier callers left behind, killed before they could remove
 * them, are removed on the way, with the processes in them. The name is
 * "PREFIX.pid.number", held.
 *
 * Returns 0, or -1 with errno: ENOENT when no version 2 hierarchy is mounted,
 * EOPNOTSUPP when a controller that is needed is not there (a hybrid host
 * keeps it in version 1), EACCES when the group is not delegated to the
 * caller, EBUSY when other processes are in the way. Nothing is left behind.
 */
int cgroup_create(struct cgroup *group, const char *prefix,
		  const struct cgroup_limits *limits);

/*
 * Sets the limits, before a process enters. A group that runs out of memory is
 * killed whole (memory.oom.group): half a container is worse than none, and
 * the command then dies of it for all to see. Swap would let it live on past
 * its limit: memory.swap.max 0, where the kernel has that file. Returns 0, or
 * -1 with errno of the file that refused.
 */
int cgroup_limit(const struct cgroup *group,
		 const struct cgroup_limits *limits);

/*
 * Moves process `pid` (0: the caller) into the group: cgroup.procs. Returns 0,
 * or -1 with errno: ESRCH when there is no such process.
 */
int cgroup_enter(const struct cgroup *group, pid_t pid);

/*
 * Starts the command in a child process that is in the group when this
 * returns, and before the command is executed: a process that it forks
 * earlier, or a page that it touches, would never count, and cgroup_kill()
 * would miss it. It is in a new user namespace, as user 0, and in a new cgroup
 * namespace, in which the group is "/": its root is the group that its first
 * process is in when it is made. clone3(2) puts the child there first
 * (CLONE_INTO_CGROUP, CLONE_NEWCGROUP); one that is moved later is to ask for
 * the namespace later still.
 *
 * Returns the child's process id, or -1 with errno: EAGAIN when a limit
 * forbids another process. Those of the group forbid a birth in there; one that
 * is moved the kernel counts, and does not refuse. A child that fails later
 * says why and exits as exec_command() does.
 */
pid_t cgroup_spawn(const struct cgroup *group, const struct command *command);

/*
 * Waits until cgroup.events of the group has `value` for `key`: "populated" is
 * 1 while a process is in the group or in one below it, "frozen" is 1 when all
 * of them are stopped. Sleeps until the file changes, `patience` milliseconds
 * at most; a signal neither ends the wait nor prolongs it. Returns 0, or -1
 * with errno: ETIMEDOUT. poll(2).
 */
int cgroup_wait(const struct cgroup *group, const char *key, uint64_t value,
		int patience);

/*
 * Stops (`frozen`) or continues all processes of the group and waits until
 * they are: cgroup.freeze. Returns 0, or -1 with errno: ETIMEDOUT after
 * cgroup_patience.
 */
int cgroup_freeze(const struct cgroup *group, bool frozen);

/*
 * Kills every process of the group and of all groups below, and waits until
 * they are gone (populated 0). One write to cgroup.kill reaches them all but
 * for a child whose parent was in the middle of fork(2): it is repeated until
 * nobody is left. Returns 0, or -1 with errno: ETIMEDOUT after
 * cgroup_patience.
 */
int cgroup_kill(const struct cgroup *group);

/*
 * Waits until the group is empty, which cgroup_kill() sees to, removes it with
 * all groups that were made below it, brings the caller back if it had moved
 * aside, and closes the descriptors, also when it fails. A group that is gone
 * already is no failure. Returns 0, or -1 with errno: ETIMEDOUT when it stays
 * populated for cgroup_patience. rmdir(2).
 */
int cgroup_remove(struct cgroup *group);

/*
 * Reads what the group used so far. What the kernel does not count here, as it
 * has no such file, is 0. Returns 0, or -1 with errno: a file that is there and
 * cannot be read is a failure.
 */
int cgroup_read_stats(const struct cgroup *group, struct cgroup_stats *stats);

/*
 * The end of a group: kills what is left in it, reads what it used (which goes
 * with it), and removes it. A failure of one keeps none of the others from
 * being done. Returns 0, or -1 with errno of the first that failed.
 */
int cgroup_finish(struct cgroup *group, struct cgroup_stats *stats);

#endif
