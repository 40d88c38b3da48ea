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
 * Puts a process group of this session in the foreground. Blocks SIGTTOU
 * meanwhile: the caller is in the background, and would be stopped for it.
 * Returns 0, or -1 with errno.
 */
int terminal_give(pid_t group);

#endif
