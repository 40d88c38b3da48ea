/* Where each stage can be judged. */
#ifndef STAGES_H
#define STAGES_H

#include "chain.h"

enum where {
	HERE,	   /* exit status 0 of doctor --can */
	IN_THE_VM, /* 1: all of it, or its limits */
	NOWHERE,   /* 2 */
};

struct stage {
	const char *name; /* "03-signals" */
	unsigned needs;	  /* links, besides those of every sandbox */
	bool limits;	  /* tests that set limits */
	bool only_limits; /* nearly all of them do */
};

/* Ten of them. */
extern const struct stage stages[10];

/* By name, "03-signals", or number, "03"; NULL: none. */
const struct stage *find_stage(const char *name);

/*
 * Where the stage is judged. *broken is the link for which it is not here,
 * LINKS when it is or when only the rights to limits are missing.
 */
enum where where_is(const struct stage *stage, enum link_id *broken);

/* The same for what sets limits, in any stage. */
enum where where_are_limits(enum link_id *broken);

#endif
