#include "container.h"

#include <errno.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "failure.h"
#include "harden.h"
#include "init.h"
#include "outside.h"
#include "points.h"
#include "pty.h"
#include "syscalls.h"
#include "tree.h"
#include "uts.h"

#define PEER_NAME "eth0"

static int set_up_network(const struct container *c)
{
	if (loopback_up() < 0)
		return -1;
	if (!c->veth)
		return 0;
	if (configure_interface(PEER_NAME, &c->peer_end) < 0)
		return -1;
	return add_default_route(c->host_end.ip);
}

/* In the child: from a copy of the machine's world to one of its own. */
static int set_up(struct inside *inside)
{
	struct container *c = inside->container;

	/* Not with clone3: its root would be the parent's group, not ours. */
	if (leave_namespaces(CLONE_NEWCGROUP) < 0)
		return -1;
	if (die_with_parent(inside->parent) < 0 ||
	    set_hostname(c->hostname) < 0 || set_up_network(c) < 0)
		return -1;
	if (c->set_uptime && enter_time_namespace(c->uptime) < 0)
		return -1;
	if (take_sources(&c->root, true) < 0 || enter_root(&c->root) < 0)
		return -1;
	if (c->tty) {
		inside->slave = pty_open(inside->tty_socket);
		if (inside->slave < 0)
			return -1;
	}
	return harden(c->capabilities, c->seccomp);
}

/* In the process that becomes the command; struct command, prepare. */
int prepare_command(void *data)
{
	struct inside *inside = data;
	struct container *c = inside->container;

	if (c->tty && pty_enter(inside->slave) < 0)
		return -1;
	/* Nothing else keeps it from typing into the caller's terminal. */
	if (!c->tty && !c->seccomp && !c->no_init && setsid() < 0)
		return failed("setsid", "");
	for (size_t i = 0; i < c->rlimit_count; i++)
		if (setrlimit(c->rlimits[i].resource, &c->rlimits[i].value) < 0)
			return failed("setrlimit", "%d",
				      c->rlimits[i].resource);
	if (become_user(c->uid, c->gid) < 0)
		return -1;
	/* A new user id has cancelled the request of process 1. */
	if (c->no_init && die_with_parent(inside->parent) < 0)
		return -1;
	/* Whatever the caller left open leads outside: CVE-2024-21626. */
	if (sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return failed("close_range", "");
	return 0;
}

static _Noreturn void live_inside(struct inside *inside)
{
	struct container *c = inside->container;
	/* Who is outside decides when the grace period is over. */
	const struct supervision forever = {.grace = 1e9};

	c->command.prepare = prepare_command;
	c->command.data = inside;
	if (set_up(inside) < 0)
		die(EXIT_OURS);
	if (c->no_init)
		exec_command(&c->command);
	/* /proc/1/exe and /proc/1/fd lead outside. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		failed("prctl", "PR_SET_DUMPABLE");
		die(EXIT_OURS);
	}
	_exit(run_init(&c->command, &forever, inside->command));
}

#define NAME_SIZE 16

/* Ours out here; one of the container is gone before its process id is. */
static const char *host_name(char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "box%d", (int)getpid());
	return name;
}

/* In the parent, while the child waits at the barrier. */
static int arrange(pid_t child, void *data)
{
	struct container *c = data;
	char name[NAME_SIZE];

	if (apply_schedule(child, &c->schedule) < 0)
		return -1;
	if (!c->veth)
		return 0;
	if (create_veth(host_name(name), PEER_NAME, child) < 0)
		return -1;
	return configure_interface(name, &c->host_end);
}

/* It goes with the namespace of its peer, but not before the kernel has time */
static int remove_veth(const struct container *c)
{
	char name[NAME_SIZE];

	if (!c->veth || delete_interface(host_name(name)) == 0)
		return 0;
	return errno == ENODEV ? 0 : -1;
}

static bool limited(const struct cgroup_limits *limits)
{
	return limits->memory || limits->pids || limits->cpu || limits->weight;
}

/* A group is made for the limits, or for the statistics if it can be. */
static int make_group(const struct container *c, struct cgroup *group)
{
	group->dir = -1;
	if (!limited(&c->limits) && !c->want_cgroup)
		return 0;
	if (cgroup_create(group, "box", &c->limits) < 0) {
		group->dir = -1;
		return limited(&c->limits) ? -1 : 0;
	}
	if (cgroup_limit(group, &c->limits) < 0) {
		int saved = errno;

		cgroup_remove(group);
		errno = saved;
		return -1;
	}
	return 0;
}

static pid_t start(struct inside *inside, const struct cgroup *group)
{
	struct container *c = inside->container;
	pid_t child;

	c->world.flags = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
			 CLONE_NEWNS | CLONE_NEWNET;
	if (!c->set_uptime)
		c->world.flags |= CLONE_NEWTIME;
	c->world.cgroup = group->dir;
	c->world.arrange = arrange;
	c->world.data = c;
	if (take_sources(&c->root, false) < 0)
		return -1;
	child = fork_in_namespaces(&c->world, NULL);
	if (child == 0)
		live_inside(inside);
	return child;
}

static int finish_group(struct cgroup *group, struct report *report)
{
	int result;

	if (group->dir < 0)
		return 0;
	result = cgroup_kill(group);
	if (cgroup_read_stats(group, &report->stats) < 0)
		result = -1;
	return cgroup_remove(group) < 0 ? -1 : result;
}

/* All that there is besides the group, from first to last. */
static int run_in_group(struct outside *outside, const struct cgroup *group,
			struct report *report)
{
	struct container *c = outside->inside.container;
	struct points points;
	pid_t child = -1;
	int result = -1, saved;

	if (note_points(&points, &c->root) == 0)
		child = start(&outside->inside, group);
	if (child > 0)
		result = watch(outside, child, report);
	saved = errno;
	drop_sources(&c->root);
	remove_points(&points);
	errno = saved;
	if (child > 0 && remove_veth(c) < 0)
		result = -1;
	return result;
}

int run_container(struct container *c, struct report *report)
{
	struct outside outside;
	struct cgroup group;
	int result = -1;

	if (open_outside(&outside, c) < 0)
		return -1;
	if (make_group(c, &group) == 0) {
		result = run_in_group(&outside, &group, report);
		if (finish_group(&group, report) < 0)
			result = -1;
	}
	close_outside(&outside);
	return result;
}
