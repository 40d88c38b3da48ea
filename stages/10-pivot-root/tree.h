/*
 * Mount trees held by a descriptor. Given.
 *
 * A path is looked up by somebody: root may look through a directory that the
 * container's user may not. So whoever may takes hold of the tree, and the
 * container attaches it where it wants. open_tree(2), move_mount(2), from
 * Linux 5.2.
 */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>

#include "root.h"

/*
 * A private copy of the mount tree at `path` (what is mounted below it too),
 * attached nowhere, read-only when asked for: a close-on-exec descriptor, or
 * -1 with errno. EPERM when the caller owns no mount namespace: an ordinary
 * user tries again in the child, being the same user there.
 */
int take_tree(const char *path, bool read_only);

/* Attaches the tree at `target`. Returns 0, or -1 with errno. */
int attach_tree(int tree, const char *target);

/*
 * Takes hold of the root file system and of every source. Called before the
 * child is made, where it is no failure that an ordinary user may not, and
 * again in the child, where it is: `last` then is true. Returns 0, or -1 with
 * errno; everything taken so far stays in root->tree and mounts[].tree.
 */
int take_sources(struct root *root, bool last);

/* Closes what take_sources() took, in the parent. */
void drop_sources(struct root *root);

#endif
