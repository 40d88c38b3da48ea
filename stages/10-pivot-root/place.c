#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "inside.h"
#include "mounts.h"
#include "tree.h"

int mount_inside(int root, const char *type, const char *path,
		 unsigned long flags, const char *options)
{
	char buffer[FD_PATH_SIZE];
	int fd = make_inside(root, path, S_IFDIR);
	int result, saved;

	if (fd < 0)
		return -1;
	result = mount(type, fd_path(fd, buffer), type, flags, options);
	saved = errno;
	close(fd);
	errno = saved;
	if (result < 0) {
		char what[64];

		snprintf(what, sizeof(what), "mount %s on", type);
		return failed(what, "%s", path);
	}
	return 0;
}

/* A copy of what is there, read-only, on top of it. */
static int cover_with_itself(const char *path)
{
	int tree = take_tree(path, true);
	int result, saved;

	if (tree < 0)
		return -1;
	result = attach_tree(tree, path);
	saved = errno;
	close(tree);
	errno = saved;
	return result;
}

int mask_inside(int root, const char *path, bool hide)
{
	char buffer[FD_PATH_SIZE];
	struct stat st;
	int fd = open_inside(root, path);
	int result, saved;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	fd_path(fd, buffer);
	result = fstat(fd, &st);
	if (result == 0 && !hide)
		result = cover_with_itself(buffer);
	else if (result == 0 && S_ISDIR(st.st_mode))
		result = mount("tmpfs", buffer, "tmpfs", MS_RDONLY, "size=4k");
	else if (result == 0)
		result = bind_mount("/dev/null", buffer, false);
	saved = errno;
	close(fd);
	errno = saved;
	return result < 0 ? failed("mask", "%s", path) : 0;
}

int place_request(int root, const struct mount_request *request)
{
	char buffer[FD_PATH_SIZE];
	mode_t type = S_IFDIR;
	struct stat st;
	int fd, result, saved;

	if (!request->source)
		return mount_inside(root, "tmpfs", request->target,
				    MS_NOSUID | MS_NODEV, request->options);
	/* A file is mounted on a file. */
	if (fstat(request->tree, &st) == 0 && !S_ISDIR(st.st_mode))
		type = S_IFREG;
	fd = make_inside(root, request->target, type);
	if (fd < 0)
		return -1;
	result = attach_tree(request->tree, fd_path(fd, buffer));
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}
