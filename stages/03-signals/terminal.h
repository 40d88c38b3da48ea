/*
 * Who reads the keyboard: a terminal has one process group in the foreground,
 * and Ctrl-C goes to that one. Given: job control is a course of its own.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

/* True when the caller's process group has the terminal of its session. */
bool terminal_is_ours(void);

/*
 * In the child, before exec: lead a process group of its own and, when
 * `*data` (a bool, from terminal_is_ours() in the parent) is true, bring it
 * to the foreground. For struct command, prepare. Returns 0, or -1 with
 * errno. setpgid(2), tcsetpgrp(3).
 */
int terminal_own_group(void *data);

/*
 * Brings the process group `group` of this session to the foreground. Returns
 * 0, or -1 with errno. The caller, who may be in the background, must have
 * SIGTTOU blocked or it is stopped for asking; hold_signals() has.
 */
int terminal_give(pid_t group);

/*
 * Brings the caller's own group to the foreground if `group` has it now, and
 * leaves the terminal alone if anybody else has: the shell may have put the
 * job in the background meanwhile. Returns 0, or -1 with errno.
 */
int terminal_take(pid_t group);

#endif
