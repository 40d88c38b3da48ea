#include "points.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "inside.h"

/* What enter_root() mounts on the root file system itself. */
static const char *const standard[] = {"/proc", "/sys", "/dev"};

static int remember(struct points *points, const char *path)
{
	char **grown =
		realloc(points->missing, (points->count + 1) * sizeof(*grown));

	if (!grown)
		return failed("allocate", "%s", path);
	points->missing = grown;
	grown[points->count] = strdup(path);
	if (!grown[points->count])
		return failed("allocate", "%s", path);
	points->count++;
	return 0;
}

/* Every directory on the way to `path`, from the top, that is not there. */
static int note_path(struct points *points, const char *path)
{
	char *copy = strdup(path), *end = copy;
	int result = 0;

	if (!copy)
		return failed("allocate", "%s", path);
	while (result == 0 && *end) {
		char keep;
		int fd;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		keep = *end;
		*end = '\0';
		fd = open_inside(points->root, copy);
		if (fd >= 0)
			close(fd);
		else if (errno == ENOENT)
			result = remember(points, copy);
		*end = keep;
	}
	free(copy);
	return result;
}

int note_points(struct points *points, const struct root *root)
{
	*points = (struct points){.root = -1};
	if (root->overlay)
		return 0;
	points->root = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (points->root < 0)
		return failed("open", "%s", root->path);
	/* A file system without locks: then nothing is removed later. */
	if (flock(points->root, LOCK_SH) < 0) {
		close(points->root);
		points->root = -1;
		return 0;
	}
	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
		if (note_path(points, standard[i]) < 0)
			return -1;
	for (size_t i = 0; i < root->mount_count; i++)
		if (note_path(points, root->mounts[i].target) < 0)
			return -1;
	return 0;
}

static void remove_point(int root, char *path)
{
	char *name = strrchr(path, '/');
	struct stat st;
	int parent;

	/* Resolved as it was when it was made: a link must lead inside. */
	*name++ = '\0';
	parent = open_inside(root, *path ? path : "/");
	if (parent < 0)
		return;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(st.st_mode))
			unlinkat(parent, name, AT_REMOVEDIR);
		else if (S_ISREG(st.st_mode) && st.st_size == 0)
			unlinkat(parent, name, 0);
	}
	close(parent);
}

void remove_points(struct points *points)
{
	bool alone = points->root >= 0 && points->count > 0 &&
		     flock(points->root, LOCK_EX | LOCK_NB) == 0;

	while (points->count > 0) {
		char *path = points->missing[--points->count];

		if (alone)
			remove_point(points->root, path);
		free(path);
	}
	free(points->missing);
	points->missing = NULL;
	if (points->root >= 0)
		close(points->root);
	points->root = -1;
}
