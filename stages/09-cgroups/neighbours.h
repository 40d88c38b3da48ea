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
 * Opens the group group->name of group->parent, which has just been made, and
 * holds it until group->lock is closed; the kernel does that when the holder
 * dies, however it dies. A group that nobody holds is a leftover. Fills dir
 * and lock and returns 0, or -1 with errno, and the group is removed. ESTALE:
 * between mkdir(2) and this call another run took it for a leftover. It must
 * then be made again, under another name.
 */
int hold_group(struct cgroup *group);

/*
 * Removes what is left of runs that were killed: the groups below `parent`
 * with such a name that nobody holds, and the processes in them. A process id
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
