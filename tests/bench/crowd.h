/* Many boxes alive at once. */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>
#include <stddef.h>

#include "contenders.h"
#include "memory.h"

/* How many starts are taken for the first and for the last. */
#define CROWD_ENDS 20

struct crowd {
	size_t wanted, alive;
	char why_fewer[256];		/* "" when all that were wanted came */
	double first, last;		/* median of the seconds to start */
	double first_plain, last_plain; /* of a plain process, just then */
	double all;	 /* seconds from the first start to the last */
	double end;	 /* seconds until all had ended */
	size_t failures; /* that did not end with status 0 */
	size_t left_mounts, left_groups; /* more than there were before */
	struct memory before, full;
	/* KiB, the mean of some of them; share -1: cannot be seen */
	long box_share, init_share, command_share;
	long box_peak, init_peak; /* largest seen */
};

/*
 * Starts `wanted` boxes, each with a command that waits for the end of its
 * standard input, one after the other: a start has ended when the command
 * runs. Stops early, and says so in why_fewer, before a limit of processes or
 * of namespaces is reached or memory gets short. Then ends all of them at once,
 * and looks for what is left. Returns 0, or -1 with errno and all boxes
 * ended.
 *
 * Each has a cgroup where there can be one. Beside the first and the last some
 * plain processes are started: by them one can tell a machine that was busy
 * with something else from one that grew slower.
 */
int gather(const struct programs *programs, size_t wanted, struct crowd *crowd);

#endif
