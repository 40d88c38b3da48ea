/* netns: run a program on a network and a clock of its own. Stage 08. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "address.h"
#include "clock.h"
#include "clone.h"
#include "failure.h"
#include "init.h"
#include "network.h"
#include "options.h"
#include "syscalls.h"
#include "terminal.h"

enum { VETH = 1, UPTIME };

static const struct option_spec specs[] = {
	{0, "veth", "HOST/LEN,PEER/LEN",
	 "a virtual cable from HOST here to PEER inside", VETH},
	{0, "uptime", "SECS", "a machine that was started SECS ago", UPTIME},
	{0},
};

/* The interface inside; the one out here is called after this process. */
#define PEER_NAME "eth0"

struct setup {
	int parent;
	bool terminal;
	bool veth;
	bool plugged; /* the interface host_name is ours to remove */
	int network;  /* the child's network namespace; -1 */
	char host_name[16];
	struct address host, peer;
	bool clock;
	double uptime;
};

/* Out here, while the child waits: its network namespace is there already. */
static int plug_in(pid_t child, void *data)
{
	struct setup *setup = data;
	char path[64];

	if (!setup->veth)
		return 0;
	/*
	 * So that it is still there when the cable into it is cut: both at once
	 * is a race in the kernel, which has been seen to end one of 6.18.
	 */
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)child);
	setup->network = open(path, O_RDONLY | O_CLOEXEC);
	if (setup->network < 0)
		return failed("open", "%s", path);
	if (create_veth(setup->host_name, PEER_NAME, child) < 0) {
		if (errno == EPERM)
			failed("--veth needs CAP_NET_ADMIN in this network "
			       "namespace",
			       "(run as root)");
		return -1;
	}
	setup->plugged = true;
	return configure_interface(setup->host_name, &setup->host);
}

/*
 * It goes with the namespace too, but that is a matter of when the kernel finds
 * the time. ENODEV: CMD has removed the other end, or the kernel was faster.
 */
static int unplug(const struct setup *setup)
{
	if (!setup->plugged || delete_interface(setup->host_name) == 0)
		return 0;
	return errno == ENODEV ? 0 : -1;
}

/* In the child. */
static int set_up(void *data)
{
	struct setup *setup = data;

	if (die_with_parent(setup->parent) < 0 || loopback_up() < 0)
		return -1;
	if (setup->veth && (configure_interface(PEER_NAME, &setup->peer) < 0 ||
			    add_default_route(setup->host.ip) < 0))
		return -1;
	if (setup->clock && enter_time_namespace(setup->uptime) < 0)
		return -1;
	return terminal_own_group(&setup->terminal);
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[--veth HOST/LEN,PEER/LEN] [--uptime SECS] CMD...",
		.summary =
			"Runs CMD in a network namespace of its own, with a "
			"loopback that works and,\nwith --veth, an interface "
			"eth0 that leads to this one.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct setup setup = {.network = -1};
	struct namespaces world = {
		.flags = CLONE_NEWNET,
		.cgroup = -1,
		.arrange = plug_in,
		.data = &setup,
	};
	struct supervision how = {.grace = GRACE_SECONDS};
	struct outcome outcome = {0};
	struct command command = {0};
	sigset_t before;
	pid_t child;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		if (id == VETH) {
			read_ends(&options, &setup.host, &setup.peer);
			setup.veth = true;
		} else {
			setup.uptime = seconds_of(&options, options.value);
			setup.clock = true;
		}
	}
	command.argv = operands(&options, "CMD");
	command.file = command.argv[0];
	command.mask = &before;
	command.prepare = set_up;
	command.data = &setup;
	setup.terminal = how.terminal = terminal_is_ours();
	snprintf(setup.host_name, sizeof(setup.host_name), "ve%d",
		 (int)getpid());
	setup.parent = sys_pidfd_open(getpid(), 0);
	if (setup.parent < 0) {
		failed("pidfd_open", "");
		die(EXIT_OURS);
	}
	if (hold_signals(&before) < 0)
		die(EXIT_OURS);
	child = fork_in_namespaces(&world, NULL);
	if (child == 0)
		exec_command(&command);
	if (child < 0 || supervise(child, &how, &outcome) < 0) {
		report_failure();
		unplug(&setup);
		return EXIT_OURS;
	}
	if (unplug(&setup) < 0)
		die(EXIT_OURS);
	return exit_status(outcome.status);
}
