#include "container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* What arrange() needs to know besides the container. */
struct place {
	struct container *container;
	struct cgroup group;
	char link[16]; /* our end of the cable; "": none */
};

static int make_network(const struct container *c)
{
	int result = loopback_up();

	if (result == 0 && c->veth)
		result = configure_interface("eth0", &c->peer_end);
	if (result == 0 && c->veth)
		result = add_default_route(c->host_end.ip);
	return result;
}

/* The parent has put us in our group by now: it is the root we shall see. */
static int make_world(struct inside *inside)
{
	struct container *c = inside->container;

	if (leave_namespaces(CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
		return -1;
	if (die_with_parent(inside->parent) < 0)
		return -1;
	if (make_network(c) < 0 || set_hostname(c->hostname) < 0)
		return -1;
	if (c->set_uptime && enter_time_namespace(c->uptime) < 0)
		return -1;
	if (take_sources(&c->root, true) < 0)
		return -1;
	if (enter_root(&c->root) < 0)
		return -1;
	if (c->tty && (inside->slave = pty_open(inside->tty_socket)) < 0)
		return -1;
	return harden(c->capabilities, c->seccomp);
}

/* Each of them by its name in /proc, all close-on-exec. */
static int shut_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir)
		return failed("open", "/proc/self/fd");
	while ((entry = readdir(dir)) != NULL) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
			closedir(dir);
			return failed("fcntl", "%d", fd);
		}
	}
	closedir(dir);
	return 0;
}

int prepare_command(void *data)
{
	struct inside *inside = data;
	struct container *c = inside->container;

	/* While /proc/self is still ours to look into. */
	if (shut_descriptors() < 0)
		return -1;
	if (c->tty ? pty_enter(inside->slave) < 0 : !c->seccomp && setsid() < 0)
		return failed("setsid", "");
	for (size_t i = 0; i < c->rlimit_count; i++)
		if (prlimit(0, (int)c->rlimits[i].resource,
			    &c->rlimits[i].value, NULL) < 0)
			return failed("prlimit", "%d", c->rlimits[i].resource);
	if (become_user(c->uid, c->gid) < 0)
		return -1;
	return die_with_parent(inside->parent);
}

static _Noreturn void be_inside(struct inside *inside)
{
	const struct supervision patient = {.grace = 1e9};
	struct container *c = inside->container;

	c->command.data = inside;
	c->command.prepare = prepare_command;
	if (make_world(inside) < 0)
		die(EXIT_OURS);
	if (c->no_init)
		exec_command(&c->command);
	if (prctl(PR_SET_DUMPABLE, 0) < 0) {
		failed("prctl", "PR_SET_DUMPABLE");
		die(EXIT_OURS);
	}
	_exit(run_init(&c->command, &patient, inside->command));
}

static int arrange(pid_t child, void *data)
{
	struct place *place = data;
	const struct container *c = place->container;
	char link[16];

	if (place->group.dir >= 0 && cgroup_enter(&place->group, child) < 0)
		return -1;
	if (c->veth) {
		snprintf(link, sizeof(link), "box%d", (int)getpid());
		if (create_veth(link, "eth0", child) < 0)
			return -1;
		strcpy(place->link, link);
		if (configure_interface(link, &c->host_end) < 0)
			return -1;
	}
	return apply_schedule(child, &c->schedule);
}

static int open_place(struct place *place, struct container *c)
{
	const struct cgroup_limits *l = &c->limits;
	bool limited = l->memory || l->pids || l->cpu || l->weight;
	int saved;

	*place = (struct place){.container = c, .group = {.dir = -1}};
	if (!limited && !c->want_cgroup)
		return 0;
	if (cgroup_create(&place->group, "box", l) < 0) {
		place->group.dir = -1;
		return limited ? -1 : 0;
	}
	if (cgroup_limit(&place->group, l) == 0)
		return 0;
	saved = errno;
	cgroup_remove(&place->group);
	errno = saved;
	return -1;
}

static int close_place(struct place *place, struct report *report)
{
	int result = 0;

	if (place->link[0] && delete_interface(place->link) < 0 &&
	    errno != ENODEV)
		result = -1;
	if (place->group.dir < 0)
		return result;
	if (cgroup_kill(&place->group) < 0 ||
	    cgroup_read_stats(&place->group, &report->stats) < 0)
		result = -1;
	return cgroup_remove(&place->group) < 0 ? -1 : result;
}

static int run_there(struct place *place, struct outside *outside,
		     struct report *report)
{
	struct container *c = place->container;
	struct points points;
	pid_t child = -1;
	int result = -1, saved;

	c->world.flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID;
	c->world.flags |= c->set_uptime ? 0 : CLONE_NEWTIME;
	c->world.cgroup = -1;
	c->world.arrange = arrange;
	c->world.data = place;
	if (note_points(&points, &c->root) == 0 &&
	    take_sources(&c->root, false) == 0)
		child = fork_in_namespaces(&c->world, NULL);
	if (child == 0)
		be_inside(&outside->inside);
	if (child > 0)
		result = watch(outside, child, report);
	saved = errno;
	remove_points(&points);
	drop_sources(&c->root);
	errno = saved;
	return result;
}

int run_container(struct container *c, struct report *report)
{
	struct outside outside;
	struct place place;
	int result = -1, saved;

	if (open_outside(&outside, c) < 0)
		return -1;
	if (open_place(&place, c) == 0) {
		result = run_there(&place, &outside, report);
		saved = errno;
		if (close_place(&place, report) < 0 && result == 0)
			result = -1;
		else
			errno = saved;
	}
	close_outside(&outside);
	return result;
}
