#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "files.h"
#include "hierarchy.h"
#include "neighbours.h"
#include "removal.h"
#include "todo.h"

int cgroup_patience = 10000;

/*
 * Task 1: a group is a directory. free_name() gives one a name that nobody
 * has, mkdirat(2) below group->parent makes it, and hold_group() opens it and
 * holds it for as long as you live. Between the last two another run may take
 * it for a leftover and remove it. hold_group() then fails with ESTALE: make
 * another one. The path that a message names is path_of(group->parent).
 */
static int make_group(struct cgroup *group, const char *prefix)
{
	/* <answer> return todo(1, group, prefix); */
	do {
		free_name(group->parent, prefix, group->name);
		if (mkdirat(group->parent, group->name, 0755) < 0)
			return failed("mkdir", "%s/%s", path_of(group->parent),
				      group->name);
	} while (hold_group(group) < 0 && errno == ESTALE);
	return group->dir < 0 ? -1 : 0;
	/* </answer> */
}

/*
 * Task 2: the files memory.max, pids.max and cpu.max are in a group only when
 * the group above has passed their controller on. For each controller that a
 * limit needs: need_controller() says whether group->parent has it to pass on.
 * Then step_aside(), unless that is_root_group(), and write all of their names
 * at once, as in "+memory +pids", to cgroup.subtree_control of group->parent.
 * `weight` is a limit of the controller cpu. cgroups(7).
 */
static int enable_controllers(struct cgroup *group,
			      const struct cgroup_limits *limits)
{
	/* <answer> return todo(2, group, limits); */
	const char *const needed[] = {
		limits->memory ? "memory" : NULL,
		limits->pids ? "pids" : NULL,
		limits->cpu || limits->weight ? "cpu" : NULL,
	};
	char text[64] = "";
	size_t length = 0;

	for (int i = 0; i < 3; i++) {
		if (!needed[i])
			continue;
		if (need_controller(group->parent, needed[i]) < 0)
			return -1;
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "+%s ", needed[i]);
	}
	if (!is_root_group(group->parent) && step_aside(group) < 0)
		return -1;
	return write_file(group->parent, "cgroup.subtree_control", "%s", text);
	/* </answer> */
}

static bool has_limits(const struct cgroup_limits *limits)
{
	return limits->memory || limits->pids || limits->cpu || limits->weight;
}

int cgroup_create(struct cgroup *group, const char *prefix,
		  const struct cgroup_limits *limits)
{
	struct failure first;

	*group = (struct cgroup){.parent = -1, .dir = -1, .lock = -1};
	group->parent = open_group_of(0);
	if (group->parent < 0)
		return -1;
	sweep_groups(group->parent, prefix);
	/* Without limits it needs no controllers, and nobody is in the way. */
	if (make_group(group, prefix) == 0 &&
	    (!has_limits(limits) || enable_controllers(group, limits) == 0))
		return 0;
	keep_failure(&first);
	cgroup_remove(group);
	return restore_failure(&first);
}

/*
 * Task 3: a limit is a number that is written to a file of the group, with
 * write_file(group->dir, ...). cgroup.h has the files and their units, and
 * what belongs to a limit on memory besides memory.max. cpu.max takes
 * "QUOTA PERIOD" in microseconds: 20 percent is "20000 100000". A kernel that
 * cannot swap has no memory.swap.max (ENOENT); that is no failure.
 */
int cgroup_limit(const struct cgroup *group, const struct cgroup_limits *limits)
{
	/* <answer> return todo(3, group, limits); */
	const unsigned long long period = 100000;
	int dir = group->dir;

	if (limits->memory &&
	    (write_file(dir, "memory.max", "%" PRIu64, limits->memory) < 0 ||
	     write_file(dir, "memory.oom.group", "1") < 0))
		return -1;
	if (limits->memory && write_file(dir, "memory.swap.max", "0") < 0 &&
	    errno != ENOENT)
		return -1;
	if (limits->pids &&
	    write_file(dir, "pids.max", "%" PRIu64, limits->pids) < 0)
		return -1;
	if (limits->cpu && write_file(dir, "cpu.max", "%llu %llu",
				      limits->cpu * period / 100, period) < 0)
		return -1;
	if (limits->weight &&
	    write_file(dir, "cpu.weight", "%u", limits->weight) < 0)
		return -1;
	return 0;
	/* </answer> */
}

/*
 * Task 4: whoever's process id is written to cgroup.procs moves into the
 * group, with all threads, and all that it forks from then on is born there.
 */
int cgroup_enter(const struct cgroup *group, pid_t pid)
{
	/* <answer> return todo(4, group, pid); */
	return write_file(group->dir, "cgroup.procs", "%d", (int)pid);
	/* </answer> */
}

/*
 * Still Task 4: nobody has to move who is born in the group.
 * fork_in_namespaces() of stage 06 sees to that, clone3(2) with
 * CLONE_INTO_CGROUP, when world.cgroup is the group's directory;
 * CLONE_NEWCGROUP among world.flags adds the cgroup namespace. The child then
 * becomes the command: exec_command().
 */
pid_t cgroup_spawn(const struct cgroup *group, const struct command *command)
{
	/* <answer> return todo(4, group, command); */
	const struct namespaces world = {
		.flags = CLONE_NEWCGROUP,
		.cgroup = group->dir,
	};
	pid_t child = fork_in_namespaces(&world, NULL);

	if (child == 0)
		exec_command(command);
	return child;
	/* </answer> */
}

/* <answer> */
static long long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* </answer> */
/*
 * Task 5: open cgroup.events (O_CLOEXEC) and read it; value_of() finds the
 * key. If it has another value, poll(2) for POLLPRI sleeps until the file has
 * changed since it was read. Then read it again, from its start: pread(2). A
 * poll that a signal has interrupted (EINTR) is no change, and no reason to
 * wait for longer than was asked for: clock_gettime(2), CLOCK_MONOTONIC.
 * ETIMEDOUT when the time is over. Close what you opened.
 */
int cgroup_wait(const struct cgroup *group, const char *key, uint64_t value,
		int patience)
{
	/* <answer> return todo(5, group, key, value, patience); */
	int fd = openat(group->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
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
	/* </answer> */
}

/* Still Task 5: write cgroup.freeze, then wait for it to be true. */
int cgroup_freeze(const struct cgroup *group, bool frozen)
{
	/* <answer> return todo(5, group, frozen); */
	if (write_file(group->dir, "cgroup.freeze", "%d", frozen) < 0)
		return -1;
	return cgroup_wait(group, "frozen", frozen, cgroup_patience);
	/* </answer> */
}

/*
 * Task 6: write "1" to cgroup.kill, and wait a little for "populated 0", say
 * 20 ms. When that time is over (ETIMEDOUT), write again: cgroup.h says why.
 */
int cgroup_kill(const struct cgroup *group)
{
	/* <answer> return todo(6, group); */
	long long deadline = milliseconds() + cgroup_patience;

	do {
		if (write_file(group->dir, "cgroup.kill", "1") < 0)
			return -1;
		if (cgroup_wait(group, "populated", 0, 20) == 0)
			return 0;
	} while (errno == ETIMEDOUT && milliseconds() < deadline);
	return -1;
	/* </answer> */
}

/*
 * Still Task 6: rmdir(2) refuses a group while a process is in it. Wait until
 * it is empty, cgroup_patience at most, then remove_tree(). A failure to wait
 * that is not ETIMEDOUT may mean that the group is gone already: the removal
 * will tell.
 */
static int remove_when_empty(const struct cgroup *group)
{
	/* <answer> return todo(6, group); */
	/* As a rule nobody is in it, and no group below it. */
	if (unlinkat(group->parent, group->name, AT_REMOVEDIR) == 0)
		return 0;
	if (cgroup_wait(group, "populated", 0, cgroup_patience) < 0 &&
	    errno == ETIMEDOUT)
		return -1;
	return remove_tree(group->parent, group->name);
	/* </answer> */
}

int cgroup_remove(struct cgroup *group)
{
	struct failure first;
	int result = group->dir < 0 ? 0 : remove_when_empty(group);

	if (result < 0)
		keep_failure(&first);
	if (step_back(group) < 0 && result == 0) {
		keep_failure(&first);
		result = -1;
	}
	if (group->lock >= 0)
		close(group->lock);
	if (group->dir >= 0)
		close(group->dir);
	if (group->parent >= 0)
		close(group->parent);
	*group = (struct cgroup){.parent = -1, .dir = -1, .lock = -1};
	return result < 0 ? restore_failure(&first) : 0;
}

/*
 * Task 7: struct cgroup_stats says which file has what. In cpu.stat,
 * memory.events and pids.events stand lines "key value", in memory.peak and
 * pids.peak stands one number. read_value() takes either, and what the kernel
 * does not have for 0. But cpu.stat is always there: read it once, read_file(),
 * and take the values out with value_of(), because the kernel adds them up
 * anew for each reader.
 */
int cgroup_read_stats(const struct cgroup *group, struct cgroup_stats *s)
{
	/* <answer> return todo(7, group, s); */
	int dir = group->dir;
	char cpu[4096];

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
	/* </answer> */
}

/*
 * Still Task 7: kill, read, remove, in this order, and each of them whatever
 * becomes of the others. The errno to return is that of the first failure.
 */
int cgroup_finish(struct cgroup *group, struct cgroup_stats *stats)
{
	/* <answer> return todo(7, group, stats); */
	int error = 0;

	if (cgroup_kill(group) < 0)
		error = errno;
	if (cgroup_read_stats(group, stats) < 0 && error == 0)
		error = errno;
	if (cgroup_remove(group) < 0 && error == 0)
		error = errno;
	errno = error;
	return error ? -1 : 0;
	/* </answer> */
}
