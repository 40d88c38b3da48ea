#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "files.h"
#include "hierarchy.h"
#include "neighbours.h"
#include "pipes.h"
#include "removal.h"

int cgroup_patience = 10000;

static void shut(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

/* A number and, behind a blank, another one if there is any. */
static int set(int dir, const char *file, uint64_t number, unsigned other)
{
	char text[64];
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC), length;
	ssize_t n;

	if (fd < 0)
		return failed("open", "%s", file);
	length = sprintf(text, "%" PRIu64, number);
	if (other)
		length += sprintf(text + length, " %u", other);
	n = write(fd, text, (size_t)length);
	shut(fd);
	return n == length ? 0 : failed("write", "%s", file);
}

/* Kept open from the start to the end, and read from its start each time. */
static int event_is(int fd, const char *key, uint64_t value)
{
	char text[300] = "\n", name[64];
	const char *at;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	n = read(fd, text + 1, sizeof(text) - 2);
	if (n < 0)
		return -1;
	text[n + 1] = '\0';
	snprintf(name, sizeof(name), "\n%s ", key);
	at = strstr(text, name);
	return at && strtoull(at + strlen(name), NULL, 10) == value;
}

static int make_group(struct cgroup *group, const char *prefix)
{
	bool stale;

	do {
		free_name(group->parent, prefix, group->name);
		stale = false;
		if (mkdirat(group->parent, group->name, 0777) < 0)
			return failed("make group", "%s", group->name);
		if (hold_group(group) < 0) {
			stale = errno == ESTALE;
			if (!stale)
				return -1;
		}
	} while (stale);
	return 0;
}

static int enable_controllers(struct cgroup *group,
			      const struct cgroup_limits *limits)
{
	static const char *const names[] = {"cpu", "memory", "pids"};
	unsigned needed = 0;
	char text[40] = "";

	needed |= limits->cpu || limits->weight ? 1 : 0;
	needed |= limits->memory ? 2 : 0;
	needed |= limits->pids ? 4 : 0;
	for (int i = 0; i < 3; i++) {
		if (!(needed >> i & 1))
			continue;
		if (need_controller(group->parent, names[i]) < 0)
			return -1;
		strcat(strcat(text, "+"), names[i]);
		strcat(text, "\n");
	}
	for (char *c = text; *c; c++)
		if (*c == '\n' && c[1])
			*c = ' ';
	if (!is_root_group(group->parent) && step_aside(group) < 0)
		return -1;
	return write_file(group->parent, "cgroup.subtree_control", "%s", text);
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
	int dir = group->dir;

	if (limits->pids && set(dir, "pids.max", limits->pids, 0) < 0)
		return -1;
	if (limits->cpu &&
	    set(dir, "cpu.max", limits->cpu * UINT64_C(2500), 250000) < 0)
		return -1;
	if (limits->weight && set(dir, "cpu.weight", limits->weight, 0) < 0)
		return -1;
	if (limits->memory) {
		if (set(dir, "memory.oom.group", 1, 0) < 0 ||
		    set(dir, "memory.max", limits->memory, 0) < 0)
			return -1;
		if (faccessat(dir, "memory.swap.max", F_OK, 0) == 0)
			return set(dir, "memory.swap.max", 0, 0);
	}
	return 0;
}

int cgroup_enter(const struct cgroup *group, pid_t pid)
{
	return set(group->dir, "cgroup.procs", (uint64_t)pid, 0);
}

pid_t cgroup_spawn(const struct cgroup *group, const struct command *command)
{
	struct namespaces world = {.cgroup = -1};
	struct barrier entered;
	pid_t child;

	if (barrier_open(&entered) < 0)
		return -1;
	child = fork_in_namespaces(&world, NULL);
	if (child == 0) {
		if (cgroup_enter(group, 0) < 0 ||
		    leave_namespaces(CLONE_NEWCGROUP) < 0 ||
		    barrier_release(&entered) < 0)
			die(EXIT_OURS);
		exec_command(command);
	}
	/* A child that has failed has said why, and its parent will see it. */
	if (child < 0 || barrier_wait(&entered) < 0)
		barrier_close(&entered);
	return child;
}

int cgroup_wait(const struct cgroup *group, const char *key, uint64_t value,
		int patience)
{
	int file = openat(group->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int set_of = epoll_create1(EPOLL_CLOEXEC), is = -1;
	struct epoll_event event = {.events = EPOLLPRI, .data.fd = file};
	struct epoll_event over = {.events = EPOLLIN, .data.fd = timer};
	struct itimerspec end = {
		{0, 0}, {patience / 1000, patience % 1000 * 1000000L + 1}};
	struct epoll_event seen;

	if (file < 0 || timer < 0 || set_of < 0 ||
	    timerfd_settime(timer, 0, &end, NULL) < 0 ||
	    epoll_ctl(set_of, EPOLL_CTL_ADD, file, &event) < 0 ||
	    epoll_ctl(set_of, EPOLL_CTL_ADD, timer, &over) < 0)
		goto out;
	while ((is = event_is(file, key, value)) == 0) {
		int n = epoll_wait(set_of, &seen, 1, -1);

		if (n < 0 && errno != EINTR)
			break;
		if (n == 1 && seen.data.fd == timer) {
			is = event_is(file, key, value);
			errno = ETIMEDOUT;
			break;
		}
	}
out:
	if (is != 1)
		failed("wait for", "%s", key);
	shut(file);
	shut(timer);
	shut(set_of);
	return is == 1 ? 0 : -1;
}

int cgroup_freeze(const struct cgroup *group, bool frozen)
{
	int done = set(group->dir, "cgroup.freeze", frozen, 0);

	if (done == 0)
		done = cgroup_wait(group, "frozen", frozen, cgroup_patience);
	return done;
}

int cgroup_kill(const struct cgroup *group)
{
	int left = cgroup_patience;

	for (;;) {
		if (set(group->dir, "cgroup.kill", 1, 0) < 0)
			return -1;
		if (cgroup_wait(group, "populated", 0, 10) == 0)
			return 0;
		left -= 10;
		if (errno != ETIMEDOUT || left <= 0)
			return -1;
	}
}

static int remove_when_empty(const struct cgroup *group)
{
	if (cgroup_wait(group, "populated", 0, cgroup_patience) < 0) {
		/* Its files are no more: neither is the group. */
		if (errno == ENOENT || errno == ENODEV)
			return 0;
		return -1;
	}
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

/* The text of a file that need not be there. */
static int read_if_there(int dir, const char *file, char *text, size_t size)
{
	text[0] = '\0';
	return read_file(dir, file, text, size) < 0 && errno != ENOENT ? -1 : 0;
}

int cgroup_read_stats(const struct cgroup *group, struct cgroup_stats *s)
{
	char text[2048];
	int dir = group->dir;

	memset(s, 0, sizeof(*s));
	if (read_file(dir, "cpu.stat", text, sizeof(text)) < 0)
		return -1;
	s->throttled_usec = value_of(text, "throttled_usec");
	s->throttled = value_of(text, "nr_throttled");
	s->system_usec = value_of(text, "system_usec");
	s->user_usec = value_of(text, "user_usec");
	if (read_if_there(dir, "memory.events", text, sizeof(text)) < 0)
		return -1;
	s->oom_kills = value_of(text, "oom_kill");
	if (read_if_there(dir, "pids.events", text, sizeof(text)) < 0)
		return -1;
	s->pids_max_hits = value_of(text, "max");
	if (read_if_there(dir, "memory.peak", text, sizeof(text)) < 0)
		return -1;
	s->memory_peak = strtoull(text, NULL, 10);
	if (read_if_there(dir, "pids.peak", text, sizeof(text)) < 0)
		return -1;
	s->pids_peak = strtoull(text, NULL, 10);
	return 0;
}

int cgroup_finish(struct cgroup *group, struct cgroup_stats *stats)
{
	int first = 0;

	if (cgroup_kill(group) < 0)
		first = errno;
	if (cgroup_read_stats(group, stats) < 0)
		first = first ? first : errno;
	if (cgroup_remove(group) < 0)
		first = first ? first : errno;
	errno = first;
	return first == 0 ? 0 : -1;
}
