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
#include "todo.h"
#include "tree.h"
#include "uts.h"

#define PEER_NAME "eth0"

/*
 * TODO 6: the network of the container, seen from inside. Loopback is up
 * (loopback_up(), network.h). With c->veth the interface PEER_NAME is here by
 * now: configure_interface() gives it c->peer_end, and add_default_route()
 * sends all that is for elsewhere to c->host_end.
 */
static int set_up_network(const struct container *c)
{
	return todo(6, c);
}

/*
 * Also TODO 6: in the child, from a copy of the machine's world to one of its
 * own. In this order:
 * - die_with_parent() (init.h), inside->parent being the parent's pidfd;
 * - the host name (uts.h), the network, and, with c->set_uptime, the time
 *   namespace (clock.h);
 * - take_sources() (tree.h), for the last time, and enter_root();
 * - with c->tty, inside->slave from pty_open() (pty.h) on inside->tty_socket:
 *   the new /dev has to be there for that;
 * - harden(), after which none of the above would be allowed.
 */
static int set_up(struct inside *inside)
{
	return todo(6, inside, set_up_network);
}

/*
 * Also TODO 6: the last steps, in the process that becomes the command (struct
 * command, prepare). With c->tty, pty_enter() makes inside->slave its terminal.
 * Without it a new session (setsid(2)) keeps it from typing into the caller's
 * terminal, where no filter does. Then its limits (setrlimit(2)), for itself
 * alone, and become_user() (user.h): a process with a new user id has cancelled
 * die_with_parent(). Ask for it again: the command may be process 1
 * (c->no_init), or that of box exec, and then nobody else ends with its caller
 * and takes it along. Last, no descriptor but 0, 1 and 2 may reach the command:
 * whatever the caller left open leads outside (CVE-2024-21626). close_range(2)
 * has a flag that leaves them to execve(2).
 */
int prepare_command(void *data)
{
	return todo(6, data);
}

/*
 * Also TODO 6: the child's life. After set_up(), with c->no_init it becomes the
 * command itself: exec_command() (spawn.h). Otherwise it is process 1, and what
 * run_init() (init.h) returns is its exit status; before that PR_SET_DUMPABLE 0
 * (prctl(2)) shuts /proc/1/exe and /proc/1/fd, which lead outside. Whatever
 * fails on the way is reported and ends it with EXIT_OURS: die() (failure.h).
 */
static _Noreturn void live_inside(struct inside *inside)
{
	struct container *c = inside->container;
	/* Who is outside decides when the grace period is over. */
	const struct supervision forever = {.grace = 1e9};

	c->command.prepare = prepare_command;
	c->command.data = inside;
	todo_exit(6, &forever, set_up);
}

#define NAME_SIZE 16

/* Ours out here; one of the container is gone before its process id is. */
static const char *host_name(char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "box%d", (int)getpid());
	return name;
}

/*
 * TODO 7: in the parent, while the child waits at the barrier
 * (struct namespaces, arrange). The child gets its place among the others:
 * apply_schedule() (schedule.h). With c->veth there is a cable between
 * host_name() here and PEER_NAME in its network namespace (network.h), whose
 * end out here has c->host_end; hold_network() (outside.h) comes before it. As
 * soon as there is a cable inside->cable says so to whoever cleans up: one that
 * cannot be used, or that nobody comes to use, does not stay, and what you
 * could not make may be somebody else's.
 */
static int arrange(pid_t child, void *data)
{
	return todo(7, child, data, host_name);
}

/* It goes with the namespace of its peer, but not before the kernel has time */
static int cut_veth(const struct inside *inside)
{
	char name[NAME_SIZE];

	if (!inside->cable || delete_interface(host_name(name)) == 0)
		return 0;
	return errno == ENODEV ? 0 : -1;
}

static bool limited(const struct cgroup_limits *limits)
{
	return limits->memory || limits->pids || limits->cpu || limits->weight;
}

/*
 * A group is made for the limits, or for the statistics if it can be;
 * group->dir is -1 when there is none.
 */
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
		struct failure first;

		keep_failure(&first);
		cgroup_remove(group);
		return restore_failure(&first);
	}
	return 0;
}

/*
 * Also TODO 7: the child. c->world says where it is to live: new UTS, IPC, PID,
 * mount, network and cgroup namespaces, a time namespace too unless set_up()
 * makes one (c->set_uptime), the cgroup open as group->dir (which then is the
 * root of the new cgroup namespace), and arrange() with `inside`. Before that,
 * take_sources() (tree.h), not for the last time: of what only root may reach
 * an ordinary user gets nothing yet, and that is no failure.
 * fork_in_namespaces() (clone.h) returns twice: in the child it is
 * live_inside() that goes on.
 */
static pid_t start(struct inside *inside, const struct cgroup *group)
{
	return todo(7, inside, group, arrange, live_inside);
}

/*
 * Also TODO 7: the end of the group, if there is one (cgroup.h). Nobody is to
 * be left in it; what it used goes to report->stats while it is still there;
 * then it is removed, also when one of these has failed.
 */
static int finish_group(struct cgroup *group, struct report *report)
{
	return todo(7, group, report);
}

/*
 * Also TODO 7: all that there is besides the group, from first to last. Before:
 * note_points() (points.h). Then start() the child and watch() it (outside.h)
 * to its end. After, however it went, and without a child too: drop_sources()
 * (tree.h), remove_points(), and cut_veth(). What failed first is what is told,
 * errno with it: keep_failure() and restore_failure() (failure.h).
 */
static int run_in_group(struct outside *outside, const struct cgroup *group,
			struct report *report)
{
	return todo(7, outside, group, report, cut_veth, start);
}

int run_container(struct container *c, struct report *report)
{
	struct outside outside;
	struct cgroup group;
	struct failure first;
	int result = -1;

	if (open_outside(&outside, c) < 0)
		return -1;
	if (make_group(c, &group) == 0) {
		result = run_in_group(&outside, &group, report);
		/* What failed first is what people want to know. */
		keep_failure(&first);
		if (finish_group(&group, report) < 0 && result == 0)
			result = -1;
		else if (result < 0)
			restore_failure(&first);
	}
	close_outside(&outside);
	return result;
}
