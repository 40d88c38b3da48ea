/*
 * Stage 03: signals. Block them, take them one by one, pass them on.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <sys/types.h>

#include "reap.h"

struct supervision {
	/*
	 * Seconds between the first SIGTERM passed on and SIGKILL, >= 0.
	 */
	double grace;
	/* Seconds after which the child is sent SIGTERM; 0: never. */
	double timeout;
	/* The child was given the terminal (terminal.h): stop when it stops. */
	bool terminal;
};

/* What `grace` is unless somebody says otherwise: that of docker stop. */
#define GRACE_SECONDS 10.0

/*
 * Blocks every signal that can be passed on, and SIGCHLD. From here on none
 * is lost: it waits until supervise() takes it. The signals that a fault in
 * the program itself raises (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP,
 * SIGABRT, SIGSYS) stay as they are, blocked or not, and are not taken:
 * blocking them would be no help.
 *
 * The mask from before goes to *before: the child must start with that one
 * (struct command, mask), for a mask is inherited through execve(2). So is
 * what is ignored, and that stays as it is, for nohup(1) relies on it. SIGCHLD
 * alone gets its default action: while it is ignored, children leave no
 * status.
 *
 * Returns 0, or -1 with errno. sigprocmask(2), signal(7).
 */
int hold_signals(sigset_t *before);

/*
 * Watches over `child` until it ends; hold_signals() was called before it was
 * started. The child leads a process group of its own or will in a moment, or
 * it stays in the caller's.
 *
 * Every signal that arrives goes on to the child, and to nobody else, also one
 * that came before this call. (But not what the terminal has sent to the child
 * as well: came_to_both().) Without how->terminal, SIGTSTP stops this process
 * after that, also one that has come to both: stop_self().
 *
 * The first SIGTERM starts the grace period, and later signals do not put off
 * its end. When the child has not ended by then its process group is sent
 * SIGKILL, or the child alone if it leads none. When how->timeout runs out the
 * child is sent SIGTERM as if it had arrived, and SIGCONT, for a stopped child
 * would not notice. Other children are collected as they end. While nothing
 * happens the process sleeps.
 *
 * With how->terminal, a child that stops gives the terminal back and stops
 * this process too, so that the shell above sees it; SIGCONT undoes both. The
 * end of the child gives the terminal back too.
 *
 * Returns 0 when the child has ended, 1 when it has ended after its timeout,
 * or -1 with errno: ECHILD when there is no such child, others of wait4(2) and
 * kill(2). *outcome is as reap_ended() leaves it. sigtimedwait(2), kill(2),
 * clock_gettime(2).
 */
int supervise(pid_t child, const struct supervision *how,
	      struct outcome *outcome);

#endif
