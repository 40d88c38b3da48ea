/* The system calls that are made to fail, and what is to be said then. */
#ifndef CALLS_H
#define CALLS_H

#include <stddef.h>

struct call {
	const char *name;
	int number; /* of the system call; -1: this machine has none */
	int error;  /* one that it really fails with */
	/*
	 * Words of which one has to be in the message, each between two "|":
	 * the name of the call, or of what it is a part of.
	 */
	const char *words;
};

extern const struct call calls[];
extern const size_t call_count;

#endif
