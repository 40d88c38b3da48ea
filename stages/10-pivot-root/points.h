/*
 * Mount points that the root file system did not have. Given.
 *
 * mount(2) needs something to mount on. What is missing is made in the root
 * file system itself, outside of every namespace, and would stay there when
 * the container is gone.
 */
#ifndef POINTS_H
#define POINTS_H

#include <stddef.h>

#include "root.h"

struct points {
	int root;	/* the root file system, locked as shared */
	char **missing; /* paths in it, in the order of making */
	size_t count;
};

/*
 * Before the container starts: finds which of its mount points are not there.
 * With an overlay they are made in memory, and there is nothing to find.
 * Returns 0, or -1 with errno.
 */
int note_points(struct points *points, const struct root *root);

/*
 * After it has ended: removes those that were made and are empty. Not while
 * another container lives on the same root file system: the kernel takes a
 * mount away with the directory that it is mounted on, in whatever namespace.
 * flock(2), unlinkat(2).
 */
void remove_points(struct points *points);

#endif
