/*
 * Several runs may make their groups in one directory, and any of them may be
 * killed at any moment. Given: how they keep apart what is alive and what is
 * left over, and how a caller steps out of its own way.
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include "cgroup.h"

/*
 * A name for a new group below `parent` that nobody has: "PREFIX.pid.number",
 * another one each time.
 */
void free_name(int parent, const char *prefix, char name[64]);

/*
 * Opens the group `name` of `parent` and holds it until *lock is closed, which
 * the kernel does when the holder dies, however it dies. A group that is not
 * held is a leftover. Returns the directory's descriptor, or -1 with errno:
 * ESTALE when another has the group, or has removed it already.
 *
 * Between mkdir(2) and this call, a group of one's own looks like a leftover
 * too. Who is told ESTALE then makes another.
 */
int hold_group(int parent, const char *name, int *lock);

/*
 * Removes what is left of runs that were killed: the groups below `parent`
 * with such a name that nobody holds and that no process is in. A process id
 * would prove nothing: it may be used again, or belong to another namespace.
 * What cannot be removed stays.
 */
void sweep_groups(int parent, const char *prefix);

/*
 * Moves the caller, which must be alone in group->parent, to a sibling of the
 * new group. Returns 0, or -1 with errno: EBUSY when it is not alone.
 */
int step_aside(struct cgroup *group);

/*
 * Undoes step_aside(), if there was one, after the new group has been removed:
 * disables the controllers, moves the caller back and removes the sibling.
 * While there are other groups, which need the controllers, all is left as it
 * is, and a later run sweeps the sibling. Returns 0, or -1 with errno.
 */
int step_back(struct cgroup *group);

#endif
