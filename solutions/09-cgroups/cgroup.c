#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "hierarchy.h"
#include "neighbours.h"
#include "removal.h"

#define CPU_PERIOD 100000 /* microseconds */
#define PATIENCE 10000	  /* milliseconds */
#define KILL_AGAIN 20	  /* milliseconds */

static int make_group(struct cgroup *group, const char *prefix)
{
	do {
		free_name(group->parent, prefix, group->name);
		if (mkdirat(group->parent, group->name, 0755) < 0)
			return failed("mkdir", "%s/%s", path_of(group->parent),
				      group->name);
		/* Until it is held, another run may take it for a leftover. */
	} while (hold_group(group) < 0 && errno == ESTALE);
	return group->dir < 0 ? -1 : 0;
}

static int enable_controllers(struct cgroup *group,
			      const struct cgroup_limits *limits)
{
	const struct {
		const char *name;
		bool needed;
	} controllers[] = {
		{"memory", limits->memory},
		{"pids", limits->pids},
		{"cpu", limits->cpu || limits->weight},
	};
	char text[64] = "";
	size_t length = 0;
	int parent = group->parent;

	for (int i = 0; i < 3; i++) {
		if (!controllers[i].needed)
			continue;
		if (need_controller(parent, controllers[i].name) < 0)
			return -1;
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "+%s ", controllers[i].name);
	}
	if (length == 0)
		return 0;
	if (!is_root_group(parent) && step_aside(group) < 0)
		return -1;
	return write_file(parent, "cgroup.subtree_control", "%s", text);
}

int cgroup_create(struct cgroup *group, const char *prefix,
		  const struct cgroup_limits *limits)
{
	int saved;

	*group = (struct cgroup){.parent = -1, .dir = -1, .lock = -1};
	group->parent = open_group_of(0);
	if (group->parent < 0)
		return -1;
	sweep_groups(group->parent, prefix);
	if (make_group(group, prefix) == 0 &&
	    enable_controllers(group, limits) == 0)
		return 0;
	saved = errno;
	cgroup_remove(group);
	errno = saved;
	return -1;
}

int cgroup_limit(const struct cgroup *group, const struct cgroup_limits *limits)
{
	int dir = group->dir;

	if (limits->memory &&
	    (write_file(dir, "memory.max", "%" PRIu64, limits->memory) < 0 ||
	     write_file(dir, "memory.oom.group", "1") < 0))
		return -1;
	/* There is no such file where the kernel cannot swap. */
	if (limits->memory && write_file(dir, "memory.swap.max", "0") < 0 &&
	    errno != ENOENT)
		return -1;
	if (limits->pids &&
	    write_file(dir, "pids.max", "%" PRIu64, limits->pids) < 0)
		return -1;
	if (limits->cpu &&
	    write_file(dir, "cpu.max", "%llu %d",
		       limits->cpu * (CPU_PERIOD / 100ULL), CPU_PERIOD) < 0)
		return -1;
	if (limits->weight &&
	    write_file(dir, "cpu.weight", "%u", limits->weight) < 0)
		return -1;
	return 0;
}

int cgroup_enter(const struct cgroup *group, pid_t pid)
{
	return write_file(group->dir, "cgroup.procs", "%d", (int)pid);
}

int cgroup_read_stats(const struct cgroup *group, struct cgroup_stats *s)
{
	int dir = group->dir;
	char cpu[4096];

	/* Once: the kernel adds it up anew for each reader. */
	if (read_file(dir, "cpu.stat", cpu, sizeof(cpu)) < 0)
		return -1;
	s->user_usec = value_of(cpu, "user_usec");
	s->system_usec = value_of(cpu, "system_usec");
	s->throttled = value_of(cpu, "nr_throttled");
	s->throttled_usec = value_of(cpu, "throttled_usec");
	if (read_value(dir, "memory.peak", NULL, &s->memory_peak) < 0 ||
	    read_value(dir, "memory.events", "oom_kill", &s->oom_kills) < 0 ||
	    read_value(dir, "pids.peak", NULL, &s->pids_peak) < 0 ||
	    read_value(dir, "pids.events", "max", &s->pids_max_hits) < 0)
		return -1;
	return 0;
}

static long long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Until cgroup.events says so. What changes there wakes poll(2). */
static int wait_for(int dir, const char *key, uint64_t value, int patience)
{
	int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd events = {.fd = fd, .events = POLLPRI};
	long long left, deadline = milliseconds() + patience;
	char text[256];
	ssize_t length;
	int saved;

	if (fd < 0)
		return failed("open", "cgroup.events");
	for (;;) {
		/* Read first: poll(2) reports what changed since. */
		length = pread(fd, text, sizeof(text) - 1, 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			break;
		text[length] = '\0';
		if (value_of(text, key) == value) {
			close(fd);
			return 0;
		}
		left = deadline - milliseconds();
		errno = ETIMEDOUT;
		if (left <= 0 ||
		    (poll(&events, 1, (int)left) < 0 && errno != EINTR))
			break;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return failed("wait for cgroup.events:", "%s %d", key, (int)value);
}

int cgroup_freeze(const struct cgroup *group, bool frozen)
{
	if (write_file(group->dir, "cgroup.freeze", "%d", frozen) < 0)
		return -1;
	return wait_for(group->dir, "frozen", frozen, PATIENCE);
}

int cgroup_kill(const struct cgroup *group)
{
	long long deadline = milliseconds() + PATIENCE;

	do {
		if (write_file(group->dir, "cgroup.kill", "1") < 0)
			return -1;
		if (wait_for(group->dir, "populated", 0, KILL_AGAIN) == 0)
			return 0;
	} while (errno == ETIMEDOUT && milliseconds() < deadline);
	return -1;
}

static int remove_when_empty(const struct cgroup *group)
{
	/* As a rule nobody is in it, and no group below it. */
	if (unlinkat(group->parent, group->name, AT_REMOVEDIR) == 0)
		return 0;
	/* If anything else keeps us from waiting, the removal will tell. */
	if (wait_for(group->dir, "populated", 0, PATIENCE) < 0 &&
	    errno == ETIMEDOUT)
		return -1;
	return remove_tree(group->parent, group->name);
}

int cgroup_remove(struct cgroup *group)
{
	int error = 0;

	if (group->dir >= 0 && remove_when_empty(group) < 0)
		error = errno;
	if (step_back(group) < 0 && error == 0)
		error = errno;
	if (group->lock >= 0)
		close(group->lock);
	if (group->dir >= 0)
		close(group->dir);
	if (group->parent >= 0)
		close(group->parent);
	*group = (struct cgroup){.parent = -1, .dir = -1, .lock = -1};
	errno = error;
	return error ? -1 : 0;
}
