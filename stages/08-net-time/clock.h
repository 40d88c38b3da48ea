/*
 * Stage 08: the time namespace. time_namespaces(7).
 */
#ifndef CLOCK_H
#define CLOCK_H

/*
 * Moves the caller, which has no threads, into a new time namespace in which
 * the machine was started `uptime` seconds ago (>= 0) and has not slept since:
 * CLOCK_BOOTTIME and CLOCK_MONOTONIC both read `uptime` now. CLOCK_REALTIME
 * belongs to everybody and stays.
 *
 * The offsets in /proc/self/timens_offsets count from the machine's own
 * clocks, and a new namespace starts with those of the one it was made in:
 * what clock_gettime(2) says here has them added already. They are written
 * before any process is in the namespace; the kernel refuses them later.
 * Returns 0, or -1 with errno: ERANGE when a clock would run over; EACCES in a
 * process that has become another user since its execve(2), for its /proc/self
 * is root's then (PR_SET_DUMPABLE in prctl(2)). unshare(2), setns(2),
 * /proc/self/ns/time_for_children.
 */
int enter_time_namespace(double uptime);

#endif
