#include "removal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "failure.h"
#include "hierarchy.h"

#define OPEN_GROUP (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The first group below the group `dir`: 1; there is none: 0; -1 with errno. */
static int first_below(int dir, char name[NAME_MAX + 1])
{
	DIR *groups = open_groups(dir);
	const char *first;
	int before = errno, after;

	if (!groups)
		return -1;
	errno = 0;
	first = next_group(groups);
	after = errno;
	if (first)
		snprintf(name, NAME_MAX + 1, "%s", first);
	closedir(groups);
	errno = after ? after : before;
	return first ? 1 : after ? -1 : 0;
}

static int remove_one(int dir, const char *name)
{
	/* ENOENT: somebody else was faster. */
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -1;
	return 0;
}

/*
 * Removes all groups below `dir`, and closes it. A single descriptor moves
 * down and up again: whoever was in there has chosen how deep.
 */
static int remove_below(int dir)
{
	char name[NAME_MAX + 1];
	int found, next, saved, depth = 0;
	bool entered = false; /* because rmdir(2) had refused this group */

	for (;;) {
		found = first_below(dir, name);
		if (found < 0)
			break;
		if (found > 0 && remove_one(dir, name) == 0) {
			entered = false;
			continue;
		}
		if (found > 0 && errno != EBUSY)
			break;
		if (found == 0 && depth == 0) {
			close(dir);
			return 0;
		}
		/* Nothing below it: then it is a process that is in the way. */
		if (found == 0 && entered) {
			errno = EBUSY;
			break;
		}
		next = openat(dir, found > 0 ? name : "..", OPEN_GROUP);
		if (next < 0)
			break;
		close(dir);
		dir = next;
		entered = found > 0;
		depth += found > 0 ? 1 : -1;
	}
	saved = errno;
	close(dir);
	errno = saved;
	return -1;
}

int remove_tree(int parent, const char *name)
{
	int dir = openat(parent, name, OPEN_GROUP);

	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0 || remove_below(dir) < 0 || remove_one(parent, name) < 0)
		return failed("remove group", "%s", name);
	return 0;
}
