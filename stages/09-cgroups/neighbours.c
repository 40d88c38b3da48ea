#include "neighbours.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "hierarchy.h"
#include "removal.h"
#include "shared.h"

/* What follows a group's name in that of the sibling its maker went to. */
#define ASIDE ".maker"

/* How many groups of others a run looks at. */
#define MOST_LOOKS 64

void free_name(int parent, const char *prefix, char name[64])
{
	static unsigned number;

	do
		snprintf(name, 64, "%.30s.%d.%u", prefix, (int)getpid(),
			 number++);
	while (faccessat(parent, name, F_OK, 0) == 0);
}

/*
 * The lock is on a file that only the group's owner may open: nobody else can
 * make a leftover look alive.
 */
static int lock_group(int dir)
{
	int fd = openat(dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	int saved;

	if (fd < 0)
		return -1;
	/* One more look: a lock on what has been removed means nothing. */
	if (try_lock_file(fd) == 0 &&
	    faccessat(dir, "cgroup.kill", F_OK, 0) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* The directory's descriptor, or -1; ESTALE: somebody else's, or gone. */
static int open_and_lock(int parent, const char *name, int *lock)
{
	int dir = openat(parent, name,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int saved;

	*lock = dir < 0 ? -1 : lock_group(dir);
	if (*lock >= 0)
		return dir;
	saved = errno;
	if (dir >= 0)
		close(dir);
	/* Files of a group that is being removed say ENODEV. */
	if (saved == EAGAIN || saved == ENOENT || saved == ENODEV)
		saved = ESTALE;
	errno = saved;
	return -1;
}

int hold_group(struct cgroup *group)
{
	int saved;

	group->dir = open_and_lock(group->parent, group->name, &group->lock);
	if (group->dir >= 0)
		return 0;
	saved = errno;
	if (saved != ESTALE)
		unlinkat(group->parent, group->name, AT_REMOVEDIR);
	errno = saved;
	return failed("hold group", "%s", group->name);
}

/* What follows "PREFIX.12.3" in a name, or NULL if it is none of that kind. */
static const char *after_name(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(name, prefix, length) != 0)
		return NULL;
	name += length;
	for (int i = 0; i < 2; i++) {
		if (*name++ != '.' || !isdigit((unsigned char)*name))
			return NULL;
		name += strspn(name, "0123456789");
	}
	return name;
}

static void sweep(int parent, const char *name)
{
	struct cgroup group = {.parent = parent};
	int lock, dir = open_and_lock(parent, name, &lock);

	if (dir < 0)
		return;
	/* Its maker would have killed what is left in it, had it lived. */
	group.dir = dir;
	if (cgroup_kill(&group) == 0)
		remove_tree(parent, name);
	close(lock);
	close(dir);
}

/*
 * A look that costs next to nothing. Somebody has the number that the maker
 * had: the maker, as a rule; if not, a later run will look again.
 */
static bool may_be_alive(const char *name, const char *prefix)
{
	pid_t pid = (pid_t)strtol(name + strlen(prefix) + 1, NULL, 10);

	return kill(pid, 0) == 0 || errno != ESRCH;
}

void sweep_groups(int parent, const char *prefix)
{
	DIR *groups = open_groups(parent);
	const char *name, *rest;
	int looks = 0;

	/* A thousand neighbours must not make a start slow. */
	while (groups && looks < MOST_LOOKS &&
	       (name = next_group(groups)) != NULL) {
		rest = after_name(name, prefix);
		looks += rest != NULL;
		if (rest && may_be_alive(name, prefix))
			continue;
		if (rest && *rest == '\0')
			sweep(parent, name);
		/* This succeeds if no process is in it: its maker is gone. */
		if (rest && strcmp(rest, ASIDE) == 0)
			unlinkat(parent, name, AT_REMOVEDIR);
	}
	if (groups)
		closedir(groups);
}

int step_aside(struct cgroup *group)
{
	int processes = count_processes(group->parent);
	char name[80], procs[96];

	if (processes < 0)
		return failed("read", "%s/cgroup.procs",
			      path_of(group->parent));
	if (processes > 1) {
		errno = EBUSY;
		return failed("enable controllers in",
			      "%s, where other processes are",
			      path_of(group->parent));
	}
	snprintf(name, sizeof(name), "%s" ASIDE, group->name);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", name);
	group->aside = true;
	for (;;) {
		if (mkdirat(group->parent, name, 0755) < 0 && errno != EEXIST)
			return failed("mkdir", "%s", name);
		if (write_file(group->parent, procs, "0") == 0)
			return 0;
		/* While nobody is in it yet, another run may sweep it away. */
		if (errno != ENOENT && errno != ENODEV)
			return -1;
	}
}

/* Whether there are groups below `parent` but for that one: 1, 0 or -1. */
static int has_other_groups(int parent, const char *name)
{
	DIR *groups = open_groups(parent);
	const char *next;
	int before = errno, after;

	if (!groups)
		return failed("open", "%s", path_of(parent));
	errno = 0;
	do
		next = next_group(groups);
	while (next && strcmp(next, name) == 0);
	after = errno;
	closedir(groups);
	errno = after ? after : before;
	if (after)
		return failed("read", "%s", path_of(parent));
	return next != NULL;
}

static int disable_controllers(int parent)
{
	static const char control[] = "cgroup.subtree_control";
	static const char *const controllers[] = {"memory", "pids", "cpu"};

	for (int i = 0; i < 3; i++) {
		int enabled = lists_word(parent, control, controllers[i]);

		if (enabled < 0 ||
		    (enabled &&
		     write_file(parent, control, "-%s", controllers[i]) < 0))
			return -1;
	}
	return 0;
}

int step_back(struct cgroup *group)
{
	int others, parent = group->parent;
	char name[80];

	if (!group->aside)
		return 0;
	snprintf(name, sizeof(name), "%s" ASIDE, group->name);
	others = has_other_groups(parent, name);
	if (others != 0)
		return others < 0 ? -1 : 0;
	if (disable_controllers(parent) < 0 ||
	    write_file(parent, "cgroup.procs", "0") < 0)
		return -1;
	group->aside = false;
	return remove_tree(parent, name);
}
