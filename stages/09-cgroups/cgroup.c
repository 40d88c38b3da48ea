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
 * TODO 1: a group is a directory. free_name() gives one a name that nobody
 * has, mkdirat(2) below group->parent makes it, and hold_group() opens it and
 * holds it for as long as you live. Between the last two another run may take
 * it for a leftover and remove it. hold_group() then fails with ESTALE: make
 * another one. The path that a message names is path_of(group->parent).
 */
static int make_group(struct cgroup *group, const char *prefix)
{
	return todo(1, group, prefix);
}

/*
 * TODO 2: the files memory.max, pids.max and cpu.max are in a group only when
 * the group above has passed their controller on. For each controller that a
 * limit needs: need_controller() says whether group->parent has it to pass on.
 * Then step_aside(), unless that is_root_group(), and write all of their names
 * at once, as in "+memory +pids", to cgroup.subtree_control of group->parent.
 * `weight` is a limit of the controller cpu. cgroups(7).
 */
static int enable_controllers(struct cgroup *group,
			      const struct cgroup_limits *limits)
{
	return todo(2, group, limits);
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
 * TODO 3: a limit is a number that is written to a file of the group, with
 * write_file(group->dir, ...). cgroup.h has the files and their units, and
 * what belongs to a limit on memory besides memory.max. cpu.max takes
 * "QUOTA PERIOD" in microseconds: 20 percent is "20000 100000". A kernel that
 * cannot swap has no memory.swap.max (ENOENT); that is no failure.
 */
int cgroup_limit(const struct cgroup *group, const struct cgroup_limits *limits)
{
	return todo(3, group, limits);
}

/*
 * TODO 4: whoever's process id is written to cgroup.procs moves into the
 * group, with all threads, and all that it forks from then on is born there.
 */
int cgroup_enter(const struct cgroup *group, pid_t pid)
{
	return todo(4, group, pid);
}

/*
 * Still TODO 4: nobody has to move who is born in the group.
 * fork_in_namespaces() of stage 06 sees to that, clone3(2) with
 * CLONE_INTO_CGROUP, when world.cgroup is the group's directory;
 * CLONE_NEWCGROUP among world.flags adds the cgroup namespace. The child then
 * becomes the command: exec_command().
 */
pid_t cgroup_spawn(const struct cgroup *group, const struct command *command)
{
	return todo(4, group, command);
}

/*
 * TODO 5: open cgroup.events (O_CLOEXEC) and read it; value_of() finds the
 * key. If it has another value, poll(2) for POLLPRI sleeps until the file has
 * changed since it was read. Then read it again, from its start: pread(2). A
 * poll that a signal has interrupted (EINTR) is no change, and no reason to
 * wait for longer than was asked for: clock_gettime(2), CLOCK_MONOTONIC.
 * ETIMEDOUT when the time is over. Close what you opened.
 */
int cgroup_wait(const struct cgroup *group, const char *key, uint64_t value,
		int patience)
{
	return todo(5, group, key, value, patience);
}

/* Still TODO 5: write cgroup.freeze, then wait for it to be true. */
int cgroup_freeze(const struct cgroup *group, bool frozen)
{
	return todo(5, group, frozen);
}

/*
 * TODO 6: write "1" to cgroup.kill, and wait a little for "populated 0", say
 * 20 ms. When that time is over (ETIMEDOUT), write again: cgroup.h says why.
 */
int cgroup_kill(const struct cgroup *group)
{
	return todo(6, group);
}

/*
 * Still TODO 6: rmdir(2) refuses a group while a process is in it. Wait until
 * it is empty, cgroup_patience at most, then remove_tree(). A failure to wait
 * that is not ETIMEDOUT may mean that the group is gone already: the removal
 * will tell.
 */
static int remove_when_empty(const struct cgroup *group)
{
	return todo(6, group);
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
 * TODO 7: struct cgroup_stats says which file has what. In cpu.stat,
 * memory.events and pids.events stand lines "key value", in memory.peak and
 * pids.peak stands one number. read_value() takes either, and what the kernel
 * does not have for 0. But cpu.stat is always there: read it once, read_file(),
 * and take the values out with value_of(), because the kernel adds them up
 * anew for each reader.
 */
int cgroup_read_stats(const struct cgroup *group, struct cgroup_stats *s)
{
	return todo(7, group, s);
}

/*
 * Still TODO 7: kill, read, remove, in this order, and each of them whatever
 * becomes of the others. The errno to return is that of the first failure.
 */
int cgroup_finish(struct cgroup *group, struct cgroup_stats *stats)
{
	return todo(7, group, stats);
}
