/*
 * Stage 08: the time namespace. time_namespaces(7).
 */
#ifndef CLOCK_H
#define CLOCK_H

/*
 * Moves the caller into a new time namespace in which the machine was started
 * `uptime` seconds ago (>= 0): CLOCK_BOOTTIME and CLOCK_MONOTONIC are shifted
 * by the same amount; CLOCK_REALTIME belongs to everybody and is not.
 *
 * The offsets are written before any process is in the namespace; the kernel
 * refuses them later. Returns 0, or -1 with errno; ERANGE when the clock
 * would run over. unshare(2), /proc/self/timens_offsets, setns(2).
 */
int enter_time_namespace(double uptime);

#endif
