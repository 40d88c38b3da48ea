/* What this machine lets us do, found out by doing it. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

/*
 * True when a cgroup with limits of memory, pids and cpu can be made and used
 * here. The group that is made to find out is removed.
 */
bool host_has_limits(void);

#endif
