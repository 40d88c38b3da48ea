#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "failure.h"
#include "syscalls.h"

int take_tree(const char *path, bool read_only)
{
	/* Private: what is mounted below it must not show on the machine. */
	struct mount_attr attr = {.propagation = MS_PRIVATE};
	int saved, tree;

	tree = sys_open_tree(AT_FDCWD, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
				     AT_RECURSIVE);
	if (tree < 0)
		return failed("open_tree", "%s", path);
	if (read_only)
		attr.attr_set = MOUNT_ATTR_RDONLY;
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) <
	    0) {
		saved = errno;
		close(tree);
		errno = saved;
		return failed("mount_setattr", "%s", path);
	}
	return tree;
}

int attach_tree(int tree, const char *target)
{
	if (sys_move_mount(tree, "", AT_FDCWD, target,
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) < 0)
		return failed("move_mount to", "%s", target);
	return 0;
}

int take_sources(struct root *root, bool last)
{
	if (root->tree < 0)
		root->tree = take_tree(root->path, false);
	if (root->tree < 0 && (last || errno != EPERM))
		return -1;
	for (size_t i = 0; i < root->mount_count; i++) {
		struct mount_request *m = &root->mounts[i];

		if (m->source && m->tree < 0)
			m->tree = take_tree(m->source, m->read_only);
		if (m->source && m->tree < 0 && (last || errno != EPERM))
			return -1;
	}
	return 0;
}

void drop_sources(struct root *root)
{
	if (root->tree >= 0)
		close(root->tree);
	root->tree = -1;
	for (size_t i = 0; i < root->mount_count; i++) {
		if (root->mounts[i].tree >= 0)
			close(root->mounts[i].tree);
		root->mounts[i].tree = -1;
	}
}
