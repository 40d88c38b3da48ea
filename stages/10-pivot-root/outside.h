/*
 * What box keeps out here while a container runs: descriptors, the terminal,
 * the time. Given: it is bookkeeping, no mechanism.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <signal.h>
#include <sys/types.h>

#include "container.h"

/* What a process inside needs to know of the outside. */
struct inside {
	struct container *container;
	int parent;		 /* pidfd of the process that supervises */
	int tty_socket;		 /* where pty_open() sends; -1: no terminal */
	int slave;		 /* the terminal, once pty_open() made it */
	struct outcome *command; /* shared: process 1 writes, we read */
	int network;		 /* out here: the namespace inside; -1 */
	bool cable;		 /* out here: there is one into it */
};

struct outside {
	struct inside inside;
	int tty_socket;	 /* our end; -1 */
	double started;	 /* CLOCK_MONOTONIC, seconds */
	sigset_t before; /* the signal mask that the command gets */
};

/*
 * Holds all signals from here on and opens what both sides need. Returns 0,
 * or -1 with errno and nothing left open.
 */
int open_outside(struct outside *outside, struct container *container);

/*
 * Keeps the network namespace of `child` in inside->network until all is over,
 * so that it is still there when the cable into it is cut: both at once is a
 * race in the kernel, which has been seen to end one of 6.18. Returns 0, or -1
 * with errno. namespaces(7).
 */
int hold_network(struct inside *inside, pid_t child);

/*
 * Supervises `child` until its end, terminal included, and fills *report but
 * for the cgroup. Returns 0, or -1 with errno; the child is then killed.
 */
int watch(struct outside *outside, pid_t child, struct report *report);

/* Closes everything; errno stays. */
void close_outside(struct outside *outside);

/*
 * The last thing before a command is executed, in its own process: terminal,
 * limits, user, descriptors. Written by the student, in container.c; `data` is
 * a struct inside. Returns 0, or -1 with errno. struct command, prepare.
 */
int prepare_command(void *data);

#endif
