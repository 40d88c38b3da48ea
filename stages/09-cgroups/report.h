/* What a command used, for people and programs to read. Given. */
#ifndef REPORT_H
#define REPORT_H

#include "cgroup.h"
#include "reap.h"

/*
 * Writes to `fd`, in one write(2), lines of "key value" as the files of a
 * cgroup have them:
 *
 *	exited N | signal N | oom_killed N	how it ended; N: exit status,
 *						or the signal that killed it
 *	wall_usec, user_usec, system_usec	microseconds
 *	memory_peak		bytes, of all processes together
 *	max_rss			bytes, of the largest process waited for
 *	oom_kill		processes killed for lack of memory
 *	nr_throttled, throttled_usec		CPU time held back
 *	pids_peak		processes and threads at a time
 *	pids_max		forks refused
 *
 * 0 stands for what the kernel did not count too. `wall` is in seconds.
 * Returns 0, or -1 with errno.
 */
int report_usage(int fd, const struct outcome *outcome, double wall,
		 const struct cgroup_stats *stats);

#endif
