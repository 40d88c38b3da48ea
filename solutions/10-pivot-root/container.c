#include "container.h"

#include <errno.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "failure.h"
#include "harden.h"
#include "init.h"
#include "joining.h"
#include "points.h"
#include "pty.h"
#include "shared.h"
#include "syscalls.h"
#include "tree.h"
#include "uts.h"

#define PEER_NAME "eth0"

/* What a process inside needs to know of the outside. */
struct inside {
	struct container *container;
	int parent;		/* pidfd of the process that supervises */
	int tty_socket;		/* -1: no terminal wanted */
	int slave;		/* of that terminal */
	struct outcome *command; /* shared: process 1 writes, we read */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

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
static int prepare_command(void *data)
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

/* From the child's start to its end, terminal included. */
static int watch(pid_t child, struct inside *inside, int tty_socket,
		 struct report *report)
{
	struct container *c = inside->container;
	int timed_out, left = 1;

	/* A container that ended before it had a terminal has said why. */
	if (c->tty && pty_start(tty_socket) < 0 && errno != ENOTCONN)
		report_failure();
	timed_out = supervise(child, &c->how, &report->outcome);
	if (timed_out < 0) {
		kill(child, SIGKILL);
		return -1;
	}
	report->timed_out = timed_out;
	report->status = timed_out ? EXIT_TIMEOUT :
				     exit_status(report->outcome.status);
	/* What the terminal's process has in hand is still to be shown. */
	while (c->tty && left > 0) {
		siginfo_t info;

		waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
		left = reap_ended(child, &report->outcome);
	}
	return 0;
}

static int finish_group(struct cgroup *group, struct report *report)
{
	int result;

	if (group->dir < 0)
		return 0;
	report->has_cgroup = true;
	result = cgroup_kill(group);
	if (cgroup_read_stats(group, &report->stats) < 0)
		result = -1;
	return cgroup_remove(group) < 0 ? -1 : result;
}

int run_container(struct container *c, struct report *report)
{
	struct inside inside = {.container = c, .slave = -1, .tty_socket = -1};
	struct points points;
	struct cgroup group;
	int sockets[2] = {-1, -1};
	double started = now();
	int result = -1;
	sigset_t before;
	pid_t child;

	inside.command = shared_memory(sizeof(*inside.command));
	if (!inside.command)
		return -1;
	inside.parent = sys_pidfd_open(getpid(), 0);
	if (inside.parent < 0)
		return failed("pidfd_open", "");
	if (c->tty &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return failed("socketpair", "");
	inside.tty_socket = sockets[1];
	c->command.mask = &before;
	if (hold_signals(&before) < 0 || note_points(&points, &c->root) < 0 ||
	    make_group(c, &group) < 0)
		return -1;
	child = start(&inside, &group);
	drop_sources(&c->root);
	if (c->tty)
		close(sockets[1]);
	if (child > 0)
		result = watch(child, &inside, sockets[0], report);
	report->wall_seconds = now() - started;
	report->command = c->no_init ? report->outcome : *inside.command;
	remove_points(&points);
	if (child > 0 && remove_veth(c) < 0)
		result = -1;
	if (finish_group(&group, report) < 0)
		result = -1;
	if (c->tty)
		close(sockets[0]);
	close(inside.parent);
	return result;
}

int exec_in_container(pid_t pid, struct container *c, struct report *report)
{
	struct inside inside = {.container = c, .slave = -1, .tty_socket = -1};
	int sockets[2] = {-1, -1};
	double started = now();
	struct joining joining;
	sigset_t before;
	pid_t child;
	int result;

	inside.parent = sys_pidfd_open(getpid(), 0);
	if (inside.parent < 0)
		return failed("pidfd_open", "");
	if (c->tty &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return failed("socketpair", "");
	inside.tty_socket = sockets[1];
	c->command.mask = &before;
	c->command.prepare = prepare_command;
	c->command.data = &inside;
	if (look_at_container(pid, &joining) < 0 || hold_signals(&before) < 0)
		return -1;
	c->capabilities = joining.capabilities;
	c->seccomp = joining.seccomp;
	if (enter_group(&joining) < 0 ||
	    join_namespaces(joining.pidfd, JOINED_NAMESPACES) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		if (die_with_parent(inside.parent) < 0 ||
		    (c->tty && (inside.slave = pty_open(sockets[1])) < 0) ||
		    harden(c->capabilities, c->seccomp) < 0)
			die(EXIT_OURS);
		exec_command(&c->command);
	}
	close_joining(&joining);
	if (child < 0)
		return failed("fork for", "%s", c->command.file);
	if (c->tty)
		close(sockets[1]);
	result = watch(child, &inside, sockets[0], report);
	report->wall_seconds = now() - started;
	report->command = report->outcome;
	return result;
}
