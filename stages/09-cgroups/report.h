/* What a command used, for people and programs to read. Given. */
#ifndef REPORT_H
#define REPORT_H

#include "cgroup.h"
#include "reap.h"

/*
 * Writes to `fd`, in one write(2), lines of "key value" as the files of a
 * cgroup have them:
 *
 *	cause		exited, signaled, oom or timeout
 *	status		exit status, 124 on timeout
 *	signal		that ended the command, 0 for none
 *	wall_usec user_usec system_usec
 *	memory_peak	bytes: of the group, or of the largest process
 *	oom_kill	processes killed for lack of memory
 *	pids_peak	processes and threads at a time
 *	nr_throttled throttled_usec
 *	pids_max	forks refused
 *
 * 0 also stands for what the kernel did not count; times are the child's own
 * where there is no group. `wall` is in seconds.
 * Returns 0, or -1 with errno.
 */
int report_usage(int fd, const struct outcome *outcome, double wall,
		 const struct cgroup_stats *stats, bool timed_out);

#endif
