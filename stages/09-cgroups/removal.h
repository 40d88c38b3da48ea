/* Removing a group and all that was made below it. Given. */
#ifndef REMOVAL_H
#define REMOVAL_H

/*
 * Removes the group `name` of the group `parent` and all groups below it,
 * deepest first: rmdir(2) takes only a group with none below it and with no
 * process. Returns 0, also when there is no such group, or -1 with errno:
 * EBUSY when a process is in one of them.
 */
int remove_tree(int parent, const char *name);

#endif
