/* What bench compares: programs that start a process in a new world. */
#ifndef CONTENDERS_H
#define CONTENDERS_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of the table; two of them are there to explain others. */
enum contender_id {
	PROCESS,
	FLOOR,
	BOX,
	BOX_PLAIN,
	UNSHARE,
	BWRAP,
	CRUN,
	CRUN_PLAIN,
	RUNC,
	CONTENDERS,
};

struct contender {
	const char *name;
	const char *const *argv; /* NULL at the end */
	bool makes_groups;	 /* cgroups, wherever the machine has its own */
	char why_not[256];	 /* it does not run here; "": it does */
	double *seconds;	 /* one for each run, then sorted */
	size_t runs;
};

struct programs {
	const char *box;
	const char *floor;
	const char *rootfs;
	char bundle[256]; /* directory of config.json and of state */
};

/*
 * Fills contenders[CONTENDERS] with what runs /bin/true in the root file
 * system, in worlds as much alike as each can make them, and tries each once.
 * Makes programs->bundle for the runtimes that read config.json. Returns 0, or
 * -1 with errno.
 */
int prepare_contenders(struct programs *programs,
		       struct contender contenders[CONTENDERS]);

/* Removes programs->bundle. */
void remove_bundle(const struct programs *programs);

#endif
