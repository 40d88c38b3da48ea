#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
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

/* One file of the group, by its path, through stdio. */
static int put(int dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	FILE *stream;
	int error, fd;

	snprintf(path, sizeof(path), "%s/%s", path_of(dir), file);
	/* Not fopen(3): it would make a file that is not there. */
	fd = open(path, O_WRONLY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (!stream)
		return failed("open", "%s", path);
	fputs(text, stream);
	error = fflush(stream) == EOF ? errno : 0;
	fclose(stream);
	errno = error;
	return error ? failed("write", "%s", path) : 0;
}

static int put_number(int dir, const char *file, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return put(dir, file, text);
}

/* The number of a key, or of a file that has only one; 0 if there is none. */
static uint64_t get(int dir, const char *file, const char *key)
{
	char path[PATH_MAX], name[64];
	uint64_t number = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", path_of(dir), file);
	stream = fopen(path, "re");
	if (!stream)
		return 0;
	if (!key) {
		if (fscanf(stream, "%" SCNu64, &number) != 1)
			number = 0;
	} else {
		while (fscanf(stream, "%63s %" SCNu64, name, &number) == 2 &&
		       strcmp(name, key) != 0)
			number = 0;
	}
	fclose(stream);
	return number;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int make_group(struct cgroup *group, const char *prefix)
{
	char path[PATH_MAX];

	for (;;) {
		free_name(group->parent, prefix, group->name);
		snprintf(path, sizeof(path), "%s/%s", path_of(group->parent),
			 group->name);
		if (mkdir(path, 0700) < 0)
			return failed("mkdir", "%s", path);
		if (hold_group(group) == 0)
			return 0;
		if (errno != ESTALE)
			return -1;
	}
}

static int enable_controllers(struct cgroup *group,
			      const struct cgroup_limits *limits)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%s%s",
		 limits->cpu || limits->weight ? " +cpu" : "",
		 limits->pids ? " +pids" : "",
		 limits->memory ? " +memory" : "");
	if ((limits->memory && need_controller(group->parent, "memory") < 0) ||
	    (limits->pids && need_controller(group->parent, "pids") < 0) ||
	    (strstr(text, "cpu") && need_controller(group->parent, "cpu") < 0))
		return -1;
	if (!is_root_group(group->parent) && step_aside(group) < 0)
		return -1;
	return put(group->parent, "cgroup.subtree_control", text + 1);
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
	char quota[64];

	if (limits->weight &&
	    put_number(group->dir, "cpu.weight", limits->weight) < 0)
		return -1;
	/* The period is 100 ms if nobody says otherwise. */
	snprintf(quota, sizeof(quota), "%llu", limits->cpu * 1000ULL);
	if (limits->cpu && put(group->dir, "cpu.max", quota) < 0)
		return -1;
	if (limits->pids &&
	    put_number(group->dir, "pids.max", limits->pids) < 0)
		return -1;
	if (!limits->memory)
		return 0;
	if (put(group->dir, "memory.swap.max", "0") < 0 && errno != ENOENT)
		return -1;
	if (put_number(group->dir, "memory.max", limits->memory) < 0)
		return -1;
	return put(group->dir, "memory.oom.group", "1");
}

int cgroup_enter(const struct cgroup *group, pid_t pid)
{
	return put_number(group->dir, "cgroup.procs", (uint64_t)pid);
}

pid_t cgroup_spawn(const struct cgroup *group, const struct command *command)
{
	const struct namespaces world = {.cgroup = group->dir};
	pid_t child = fork_in_namespaces(&world, NULL);

	if (child != 0)
		return child;
	/* Born in the group, and in a namespace that starts here. */
	if (unshare(CLONE_NEWCGROUP) < 0) {
		failed("unshare", "CLONE_NEWCGROUP");
		die(EXIT_OURS);
	}
	exec_command(command);
}

int cgroup_wait(const struct cgroup *group, const char *key, uint64_t value,
		int patience)
{
	double until = now() + patience / 1e3, left;
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), result = -1;
	struct pollfd events = {.fd = watch, .events = POLLIN};
	char path[PATH_MAX], seen[1024];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/cgroup.events", path_of(group->dir));
	if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) < 0) {
		result = failed("watch", "%s", path);
		if (watch >= 0)
			close(watch);
		return result;
	}
	while ((stream = fopen(path, "re")) != NULL) {
		fclose(stream);
		if (get(group->dir, "cgroup.events", key) == value) {
			result = 0;
			break;
		}
		/* One look at the clock: poll(2) takes less than 0 for ever. */
		left = until - now();
		errno = ETIMEDOUT;
		if (left <= 0)
			break;
		poll(&events, 1, (int)(left * 1e3) + 1);
		while (read(watch, seen, sizeof(seen)) > 0)
			;
	}
	if (result < 0)
		failed("wait for", "%s %llu", key, (unsigned long long)value);
	value = (uint64_t)errno;
	close(watch);
	errno = (int)value;
	return result;
}

int cgroup_freeze(const struct cgroup *group, bool frozen)
{
	if (put(group->dir, "cgroup.freeze", frozen ? "1" : "0") < 0)
		return -1;
	return cgroup_wait(group, "frozen", frozen ? 1 : 0, cgroup_patience);
}

int cgroup_kill(const struct cgroup *group)
{
	int result = -1;

	for (int spent = 0; result < 0 && spent < cgroup_patience;
	     spent += 50) {
		if (put(group->dir, "cgroup.kill", "1") < 0)
			return -1;
		result = cgroup_wait(group, "populated", 0, 50);
		if (result < 0 && errno != ETIMEDOUT)
			return -1;
	}
	return result;
}

static int remove_when_empty(const struct cgroup *group)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", path_of(group->parent),
		 group->name);
	if (access(path, F_OK) < 0)
		return 0;
	if (cgroup_wait(group, "populated", 0, cgroup_patience) < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
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

int cgroup_read_stats(const struct cgroup *group, struct cgroup_stats *s)
{
	static const char *const files[] = {"cpu.stat", "memory.peak",
					    "memory.events", "pids.peak",
					    "pids.events"};

	*s = (struct cgroup_stats){0};
	for (int i = 0; i < 5; i++)
		if (faccessat(group->dir, files[i], R_OK, 0) < 0 &&
		    (i == 0 || errno != ENOENT))
			return failed("read", "%s", files[i]);
	s->user_usec = get(group->dir, "cpu.stat", "user_usec");
	s->system_usec = get(group->dir, "cpu.stat", "system_usec");
	s->throttled = get(group->dir, "cpu.stat", "nr_throttled");
	s->throttled_usec = get(group->dir, "cpu.stat", "throttled_usec");
	s->memory_peak = get(group->dir, "memory.peak", NULL);
	s->oom_kills = get(group->dir, "memory.events", "oom_kill");
	s->pids_peak = get(group->dir, "pids.peak", NULL);
	s->pids_max_hits = get(group->dir, "pids.events", "max");
	return 0;
}

int cgroup_finish(struct cgroup *group, struct cgroup_stats *stats)
{
	int killed = cgroup_kill(group), why = errno, read, removed;

	read = cgroup_read_stats(group, stats);
	if (killed == 0)
		why = errno;
	removed = cgroup_remove(group);
	if (killed == 0 && read == 0)
		why = errno;
	errno = why;
	return killed < 0 || read < 0 || removed < 0 ? -1 : 0;
}
