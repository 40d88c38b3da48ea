/* userns: run a program as somebody else, somewhere else. Stage 06. */
#include <sched.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "options.h"
#include "signals.h"
#include "spawn.h"
#include "terminal.h"
#include "uts.h"

enum { UID = 1, GID, HOSTNAME, IPC, DROP_CAPS };

/* (uid_t)-1 means "leave it" to setresuid(2), so nobody can have it. */
#define LAST_ID 4294967294LL

static const struct option_spec specs[] = {
	{0, "uid", "N", "user id inside; default 0", UID},
	{0, "gid", "N", "group id inside; default 0", GID},
	{0, "hostname", "NAME", "new UTS namespace with this host name",
	 HOSTNAME},
	{0, "ipc", NULL, "new IPC namespace", IPC},
	{0, "drop-caps", NULL, "give up every capability for good", DROP_CAPS},
	{0},
};

struct setup {
	bool terminal;
	const char *hostname;
	bool drop_caps;
};

/* In the child, as the user it is inside. */
static int set_up(void *data)
{
	struct setup *setup = data;

	if (terminal_own_group(&setup->terminal) < 0)
		return -1;
	if (setup->hostname && set_hostname(setup->hostname) < 0)
		return -1;
	return setup->drop_caps ? drop_capabilities(0) : 0;
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[--uid N] [--gid N] [--hostname NAME] [--ipc] "
			 "[--drop-caps] CMD...",
		.summary = "Runs CMD in a user namespace of its own, in which "
			   "the caller is user N.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct namespaces world = {.cgroup = -1};
	struct supervision how = {.grace = GRACE_SECONDS};
	struct outcome outcome = {0};
	struct command command = {0};
	struct setup setup = {0};
	sigset_t before;
	pid_t child;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		switch (id) {
		case UID:
			world.uid = (uid_t)number_of(&options, options.value, 0,
						     LAST_ID);
			break;
		case GID:
			world.gid = (gid_t)number_of(&options, options.value, 0,
						     LAST_ID);
			break;
		case HOSTNAME:
			setup.hostname = options.value;
			world.flags |= CLONE_NEWUTS;
			break;
		case IPC:
			world.flags |= CLONE_NEWIPC;
			break;
		case DROP_CAPS:
			setup.drop_caps = true;
			break;
		}
	}
	setup.terminal = how.terminal = terminal_is_ours();
	command.argv = operands(&options, "CMD");
	command.file = command.argv[0];
	command.mask = &before;
	command.prepare = set_up;
	command.data = &setup;

	if (hold_signals(&before) < 0)
		die(EXIT_OURS);
	child = fork_in_namespaces(&world, NULL);
	if (child == 0)
		exec_command(&command);
	if (child < 0 || supervise(child, &how, &outcome) < 0)
		die(EXIT_OURS);
	return exit_status(outcome.status);
}
