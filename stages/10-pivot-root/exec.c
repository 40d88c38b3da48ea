/* box exec: one more command in a container that runs. Given. */
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clone.h"
#include "container.h"
#include "failure.h"
#include "harden.h"
#include "init.h"
#include "joining.h"
#include "outside.h"
#include "pty.h"

static _Noreturn void live_joined(struct inside *inside,
				  const struct joining *joining)
{
	struct container *c = inside->container;

	c->command.prepare = prepare_command;
	c->command.data = inside;
	if (die_with_parent(inside->parent) < 0)
		die(EXIT_OURS);
	if (c->tty) {
		inside->slave = pty_open(inside->tty_socket);
		if (inside->slave < 0)
			die(EXIT_OURS);
	}
	/* It may do no more than those who are there already. */
	if (harden(joining->capabilities, joining->seccomp) < 0)
		die(EXIT_OURS);
	exec_command(&c->command);
}

static int join(struct outside *outside, const struct joining *joining,
		struct report *report)
{
	const int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	pid_t child;

	if (enter_group(joining) < 0 ||
	    join_namespaces(joining->pidfd, JOINED_NAMESPACES) < 0)
		return -1;
	/*
	 * A PID namespace is entered by children only. Until it executes the
	 * command, this one is a process of the container that has descriptors
	 * of the outside: those inside may not look into it (CVE-2016-9962).
	 * execve(2) turns that off again.
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed("prctl", "PR_SET_DUMPABLE");
	child = fork();
	if (child < 0)
		return failed("fork for", "%s",
			      outside->inside.container->command.file);
	if (child == 0)
		live_joined(&outside->inside, joining);
	/* They do not see this one; who has started it may look. */
	if (dumpable == 1)
		prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
	return watch(outside, child, report);
}

int exec_in_container(pid_t pid, struct container *c, struct report *report)
{
	struct joining joining;
	struct outside outside;
	int result, saved;

	if (look_at_container(pid, &joining) < 0)
		return -1;
	c->seccomp = joining.seccomp;
	result = open_outside(&outside, c);
	if (result == 0) {
		result = join(&outside, &joining, report);
		close_outside(&outside);
	}
	saved = errno;
	close_joining(&joining);
	errno = saved;
	return result;
}
