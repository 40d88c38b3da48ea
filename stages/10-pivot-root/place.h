/*
 * Mounting at a path inside a root that is being built: made where it is not
 * there, resolved as inside.h says. Each returns 0, or -1 with errno and the
 * operation and the path named. Given.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>

#include "root.h"

/* mount(2) of a new file system of `type` at the directory `path`. */
int mount_inside(int root, const char *type, const char *path,
		 unsigned long flags, const char *options);

/*
 * Hides `path` (an empty directory or /dev/null takes its place) or makes it
 * read-only. One that is not there needs neither.
 */
int mask_inside(int root, const char *path, bool hide);

/* What was asked for: a tmpfs, or a source that take_sources() has taken. */
int place_request(int root, const struct mount_request *request);

#endif
