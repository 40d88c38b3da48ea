/*
 * Who reads the keyboard: a terminal has one process group in the foreground,
 * and Ctrl-C goes to that one. Given: job control is a course of its own.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <signal.h>
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

/*
 * Stops this process, so that the shell above sees its job stop; returns 0
 * when somebody has sent SIGCONT, or -1 with errno. The caller has SIGTSTP
 * blocked, with its default action. That one, not SIGSTOP: the kernel does not
 * stop an orphaned process group by it, which nobody could continue; then this
 * returns at once. setpgid(2).
 */
int stop_self(void);

/*
 * Continues the process group of the child, with the terminal if that is
 * the caller's to give: a shell's `fg` has given it back to us, `bg` has not.
 * The SIGCONT that has continued this process, and is blocked and waits, is
 * taken: this is what it asks for. Returns 0, or -1 with errno. SIGTTOU is to
 * be blocked, as for terminal_give().
 */
int go_on(pid_t child);

/*
 * True when the terminal has sent this signal to a whole process group that
 * the child is in too: Ctrl-C and its like reach everybody there. A signal
 * from the terminal is known by its si_code, SI_KERNEL. sigaction(2).
 */
bool came_to_both(const siginfo_t *info, pid_t child);

#endif
