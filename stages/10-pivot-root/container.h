/*
 * Stage 10: the container, all ten stages of it.
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "cgroup.h"
#include "clone.h"
#include "network.h"
#include "root.h"
#include "schedule.h"
#include "signals.h"
#include "spawn.h"

/* One setrlimit(2). */
struct limit {
	int resource;
	struct rlimit value;
};

struct container {
	struct command command;	  /* stages 01, 03: what runs inside */
	struct supervision how;	  /* 03: grace and timeout */
	struct schedule schedule; /* 05 */
	struct namespaces world;  /* 06: the id maps; flags are filled in */
	const char *hostname;	  /* 06 */
	uid_t uid;		  /* 06: who the command is, inside */
	gid_t gid;
	bool no_init; /* 07: the command itself is process 1 */
	bool veth;    /* 08: else loopback alone */
	struct address host_end, peer_end;
	bool set_uptime; /* 08 */
	double uptime;
	struct cgroup_limits limits; /* 09 */
	bool want_cgroup;      /* 09: even without limits, if there can be */
	struct root root;      /* 10 */
	uint64_t capabilities; /* 10: those that are kept */
	bool seccomp;	       /* 10 */
	const struct limit *rlimits; /* 10 */
	size_t rlimit_count;
	bool tty; /* 10: a terminal of its own */
};

/* How it went. */
struct report {
	int status; /* exit status: 0 to 255, 124 on timeout */
	bool timed_out;
	struct outcome outcome; /* of process 1, or of box exec's command */
	struct outcome command; /* of the command, as process 1 saw it */
	double wall_seconds;
	struct cgroup_stats stats; /* 0 throughout without a cgroup */
};

/*
 * Runs a container and waits for its end.
 *
 * The command is in eight namespaces of its own, below a process 1 that
 * run_init() (init.h) makes of the child (or with no_init is process 1), with
 * enter_root() and harden() behind it. Of the caller's it has descriptors 0, 1
 * and 2, and no other; with `tty` not even these. Its limits are its own and
 * not those of process 1. It is in no session of the caller's where no filter
 * keeps it from typing into a terminal; where one does it stays there, unless
 * it has a terminal of its own. Nothing of the outside can be reached through
 * /proc/1.
 *
 * Nobody inside outlives the caller, also one that is killed. At the end, and
 * after every failure, there is no process, cgroup, interface or mount point
 * left. What cannot be done is reported on standard error by the process that
 * met it. Fills *report and returns 0; -1 with errno when this process could
 * not do its part. A part that failed inside shows as status 125.
 */
int run_container(struct container *container, struct report *report);

/*
 * Runs a command inside the container that `pid` (as seen here) is a process
 * of: same namespaces, cgroup, capabilities and system call filter. Of
 * *container only command, how, uid, gid, tty and rlimits are read. The command
 * does not outlive the caller, also one that is killed, whoever it is inside.
 * Returns as run_container() does. Given: exec.c, which leaves the last steps
 * to prepare_command() (container.c).
 *
 * The calling program must not be a file that the container can reach
 * (seal.h): CVE-2019-5736.
 */
int exec_in_container(pid_t pid, struct container *container,
		      struct report *report);

#endif
