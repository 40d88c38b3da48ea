/* What one must know of a container to join it. Given. */
#ifndef JOINING_H
#define JOINING_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "syscalls.h"

#define JOINED_NAMESPACES                                                      \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |           \
	 CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME)

struct joining {
	int pidfd;	       /* of a process of the container */
	uint64_t capabilities; /* its bounding set */
	bool seccomp;	       /* a filter is installed */
	int cgroup;	       /* directory of its group; -1: there is none */
};

/*
 * `pid` is any process of a container, or the `box run` that supervises one.
 * Fills *joining, from the outside. Returns 0, or -1 with errno: ESRCH when
 * there is no such process, EINVAL when it is in no container.
 */
int look_at_container(pid_t pid, struct joining *joining);

/*
 * Moves the caller into the container's cgroup, where there is one. Returns 0,
 * or -1 with errno. cgroups(7).
 */
int enter_group(const struct joining *joining);

void close_joining(struct joining *joining);

#endif
