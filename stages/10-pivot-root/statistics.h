/* What box says of a container that has ended. Given. */
#ifndef STATISTICS_H
#define STATISTICS_H

#include "container.h"

/*
 * Opens (creates, empties) the file before the container starts, so that one
 * that cannot be written is known in time. Returns a close-on-exec descriptor,
 * or -1 with errno.
 */
int open_statistics(const char *path);

/*
 * Writes one "key value" a line, as cgroup files do. Always:
 *
 *	cause		exited, signaled, timeout or oom
 *	status		exit status of box
 *	signal		that ended the command, 0 for none
 *	wall_usec user_usec system_usec
 *	memory_peak	bytes: of the group, or of the largest process
 *
 * and with a cgroup: oom_kill, pids_peak, nr_throttled, throttled_usec and
 * pids_max (forks refused). Returns 0, or -1 with errno.
 */
int write_statistics(int fd, const char *path, const struct report *report);

#endif
