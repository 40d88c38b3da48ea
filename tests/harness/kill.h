/* Signals to processes of a sandbox, and to no other ones. */
#ifndef KILL_H
#define KILL_H

#include <sys/types.h>

/*
 * Sends the signal to process `pid`. Numbers are given again: what has ended
 * since it was looked at, or was never found (0), would make kill(2) signal
 * another process, or the judge's whole group. This one signals only what is in
 * a PID namespace below the caller's. Returns 0, or -1 with errno: ESRCH when
 * there is no such process there, or any of pidfd_send_signal(2).
 */
int kill_process(pid_t pid, int sig);

#endif
