/* Trying something in a child, and learning how it failed. */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

struct attempt {
	int error;	  /* errno; 0: it worked */
	char text[256];	  /* the line of report_failure(), or "" */
	char remark[128]; /* what what() had to say, or "" */
};

/*
 * Runs what() in a child process of its own: whatever it does to namespaces,
 * mounts, or its own privileges ends with it. what() returns 0, or -1 with
 * errno. One that takes longer than `patience` seconds is killed, ETIMEDOUT.
 */
void try_it(int (*what)(void), int patience, struct attempt *attempt);

/* For what(): attempt->remark, printf(3) format. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * For what(): the same in a child in new namespaces (CLONE_NEW* flags; user
 * is added), as user 0 of them. Returns 0, or -1 with the child's errno.
 */
int in_namespaces(uint64_t flags, int (*what)(void));

#endif
