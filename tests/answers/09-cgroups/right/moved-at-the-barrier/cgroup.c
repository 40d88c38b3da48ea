#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "files.h"
#include "hierarchy.h"
#include "neighbours.h"
#include "removal.h"

int cgroup_patience = 10000;

static void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The parent's part while the child waits at the barrier. */
static int arrange_group(pid_t child, void *data)
{
	return cgroup_enter(data, child);
}

/* Every process of the group and of those below, one by one. */
static int signal_all(int dir)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "r");
	DIR *groups;
	const char *name;
	int pid;

	if (!list)
		return failed("open", "cgroup.procs");
	while (fscanf(list, "%d", &pid) == 1)
		if (pid > 0)
			kill(pid, SIGKILL);
	fclose(list);
	groups = open_groups(dir);
	while (groups && (name = next_group(groups)) != NULL) {
		int below = openat(dir, name, O_DIRECTORY | O_CLOEXEC);

		if (below >= 0) {
			signal_all(below);
			close(below);
		}
	}
	if (groups)
		closedir(groups);
	return 0;
}

/* Deepest first. */
static int take_away(int parent, const char *name)
{
	int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *below;
	DIR *groups;

	if (dir < 0)
		return errno == ENOENT ? 0 : failed("open", "%s", name);
	groups = open_groups(dir);
	while (groups && (below = next_group(groups)) != NULL)
		take_away(dir, below);
	if (groups)
		closedir(groups);
	close(dir);
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return failed("rmdir", "%s", name);
}

static int make_group(struct cgroup *group, const char *prefix)
{
	int result;

retry:
	free_name(group->parent, prefix, group->name);
	if (mkdirat(group->parent, group->name, 0711) < 0)
		return failed("mkdir", "%s", group->name);
	result = hold_group(group);
	if (result < 0 && errno == ESTALE)
		goto retry;
	return result;
}

static int enable_controllers(struct cgroup *group,
			      const struct cgroup_limits *limits)
{
	bool cpu = limits->cpu > 0 || limits->weight > 0;
	int missing = 0, parent = group->parent;

	missing |= cpu ? need_controller(parent, "cpu") : 0;
	if (missing == 0)
		missing |= limits->pids ? need_controller(parent, "pids") : 0;
	if (missing == 0 && limits->memory)
		missing |= need_controller(parent, "memory");
	if (missing)
		return -1;
	if (!is_root_group(parent) && step_aside(group) < 0)
		return -1;
	/* Should one fail, step_back() disables those before it. */
	if (cpu && write_file(parent, "cgroup.subtree_control", "+cpu") < 0)
		return -1;
	if (limits->pids &&
	    write_file(parent, "cgroup.subtree_control", "+pids") < 0)
		return -1;
	if (limits->memory &&
	    write_file(parent, "cgroup.subtree_control", "+memory") < 0)
		return -1;
	return 0;
}

static bool has_limits(const struct cgroup_limits *limits)
{
	return limits->memory || limits->pids || limits->cpu || limits->weight;
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
	/* Without limits it needs no controllers, and nobody is in the way. */
	if (make_group(group, prefix) == 0 &&
	    (!has_limits(limits) || enable_controllers(group, limits) == 0))
		return 0;
	saved = errno;
	cgroup_remove(group);
	errno = saved;
	return -1;
}

int cgroup_limit(const struct cgroup *group, const struct cgroup_limits *limits)
{
	struct {
		const char *file;
		bool wanted, may_lack;
		char text[48];
	} files[] = {
		{"cpu.weight", limits->weight, false, ""},
		{"cpu.max", limits->cpu, false, ""},
		{"pids.max", limits->pids, false, ""},
		{"memory.oom.group", limits->memory, false, "1"},
		{"memory.swap.max", limits->memory, true, "0"},
		{"memory.max", limits->memory, false, ""},
	};

	snprintf(files[0].text, 48, "%u", limits->weight);
	/* A shorter period, so that nobody has to stand still for so long. */
	snprintf(files[1].text, 48, "%llu %d", limits->cpu * 500ULL, 50000);
	/* The kernel takes no quota below a millisecond. */
	if (limits->cpu < 2)
		snprintf(files[1].text, 48, "%llu %d", limits->cpu * 10000ULL,
			 1000000);
	snprintf(files[2].text, 48, "%llu", (unsigned long long)limits->pids);
	snprintf(files[5].text, 48, "%llu", (unsigned long long)limits->memory);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!files[i].wanted)
			continue;
		if (write_file(group->dir, files[i].file, "%s", files[i].text) <
			    0 &&
		    !(files[i].may_lack && errno == ENOENT))
			return -1;
	}
	return 0;
}

int cgroup_enter(const struct cgroup *group, pid_t pid)
{
	int fd = openat(group->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int error = fd < 0 || dprintf(fd, "%d\n", (int)pid) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	errno = error;
	return error ? failed("enter", "%s", path_of(group->dir)) : 0;
}

pid_t cgroup_spawn(const struct cgroup *group, const struct command *command)
{
	const struct namespaces world = {
		.cgroup = -1,
		.arrange = arrange_group,
		.data = (void *)group,
	};
	pid_t child = fork_in_namespaces(&world, NULL);

	if (child > 0 || child < 0)
		return child;
	if (leave_namespaces(CLONE_NEWCGROUP) < 0)
		die(EXIT_OURS);
	exec_command(command);
}

/* Whether it is so now: 1, 0, or -1 with errno. */
static int is_so(int events, const char *key, uint64_t value)
{
	char text[512];
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	text[n] = '\0';
	return value_of(text, key) == value;
}

int cgroup_wait(const struct cgroup *group, const char *key, uint64_t value,
		int patience)
{
	int64_t end = clock_ms() + patience, left;
	int fd = openat(group->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int so = fd < 0 ? -1 : is_so(fd, key, value), error;

	while (so == 0 && (left = end - clock_ms()) > 0) {
		struct timeval time = {left / 1000, left % 1000 * 1000};
		fd_set changed;

		FD_ZERO(&changed);
		FD_SET(fd, &changed);
		/* An exception: it has changed since it was read. */
		so = select(fd + 1, NULL, NULL, &changed, &time);
		if (so >= 0 || errno == EINTR)
			so = is_so(fd, key, value);
	}
	error = so < 0 ? errno : ETIMEDOUT;
	if (fd >= 0)
		close(fd);
	errno = error;
	return so > 0 ? 0 : failed("wait for", "%s", key);
}

int cgroup_freeze(const struct cgroup *group, bool frozen)
{
	if (write_file(group->dir, "cgroup.freeze", frozen ? "1" : "0") < 0)
		return -1;
	return cgroup_wait(group, "frozen", frozen, cgroup_patience);
}

int cgroup_kill(const struct cgroup *group)
{
	int64_t end = clock_ms() + cgroup_patience;

	/* As it had to be done before there was cgroup.kill. */
	do {
		if (signal_all(group->dir) < 0)
			return -1;
		if (cgroup_wait(group, "populated", 0, 30) == 0)
			return 0;
		if (errno != ETIMEDOUT)
			return -1;
	} while (clock_ms() < end);
	errno = ETIMEDOUT;
	return failed("kill all of", "%s", group->name);
}

static int remove_when_empty(const struct cgroup *group)
{
	int64_t end = clock_ms() + cgroup_patience;

	while (take_away(group->parent, group->name) < 0) {
		if (errno != EBUSY && errno != ENOTEMPTY)
			return -1;
		if (clock_ms() >= end) {
			errno = ETIMEDOUT;
			return failed("empty group", "%s", group->name);
		}
		pause_ms(5);
	}
	return 0;
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

int cgroup_read_stats(const struct cgroup *group, struct cgroup_stats *s)
{
	struct {
		const char *file, *key;
		uint64_t *value;
	} sources[] = {
		{"cpu.stat", "user_usec", &s->user_usec},
		{"cpu.stat", "system_usec", &s->system_usec},
		{"cpu.stat", "nr_throttled", &s->throttled},
		{"cpu.stat", "throttled_usec", &s->throttled_usec},
		{"memory.events", "oom_kill", &s->oom_kills},
		{"memory.peak", NULL, &s->memory_peak},
		{"pids.events", "max", &s->pids_max_hits},
		{"pids.peak", NULL, &s->pids_peak},
	};
	int dir = group->dir, result = 0;

	if (faccessat(dir, "cpu.stat", F_OK, 0) < 0)
		return failed("read", "cpu.stat");
	for (int i = 0; i < 8 && result == 0; i++)
		result = read_value(dir, sources[i].file, sources[i].key,
				    sources[i].value);
	return result;
}

int cgroup_finish(struct cgroup *group, struct cgroup_stats *stats)
{
	int errors[3] = {0};

	if (cgroup_kill(group) < 0)
		errors[0] = errno;
	if (cgroup_read_stats(group, stats) < 0)
		errors[1] = errno;
	if (cgroup_remove(group) < 0)
		errors[2] = errno;
	for (int i = 0; i < 3; i++)
		if (errors[i]) {
			errno = errors[i];
			return -1;
		}
	return 0;
}
