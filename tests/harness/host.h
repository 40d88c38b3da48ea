/* What this machine lets us do, found out by doing it. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes a cgroup with limits of memory, pids and cpu below the caller's and
 * removes it. Returns 0, or -1 with errno as cgroup_create() and
 * cgroup_limit() leave it.
 */
int host_try_limits(void);

/*
 * True when gates can use such groups here: they can be made, and given to
 * the student, who is another user. That takes root.
 */
bool host_has_limits(void);

/*
 * The bytes of memory that can be had without swapping, MemAvailable of
 * proc_meminfo(5); UINT64_MAX when the kernel does not say.
 */
uint64_t host_memory(void);

#endif
