/* netns: run a program on a network and a clock of its own. Stage 08. */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	char host_name[16];
	struct address host, peer;
	bool clock;
	double uptime;
};

static in_addr_t host_bits(const struct address *address)
{
	return ntohl(address->ip.s_addr) & (UINT32_MAX >> address->prefix);
}

/* One end: "10.0.0.1/24". */
static struct address end_of(struct options *options, const char *word)
{
	struct address address;
	in_addr_t first;
	char *ip, *prefix;

	if (!split(word, '/', &ip, &prefix))
		bad_usage("--veth %s: no prefix length, as in 10.0.0.1/24",
			  word);
	if (inet_pton(AF_INET, ip, &address.ip) != 1)
		bad_usage("--veth %s: not an IPv4 address", ip);
	first = ntohl(address.ip.s_addr) >> 24;
	if (first == 0 || first == 127 || first >= 224)
		bad_usage("--veth %s: not an address for a host", ip);
	address.prefix = (unsigned)number_of(options, prefix, 1, 32);
	/* Two addresses are all that a network of /31 has: RFC 3021. */
	if (address.prefix <= 30 && host_bits(&address) == 0)
		bad_usage("--veth %s: the address of the network itself", word);
	if (address.prefix <= 30 &&
	    host_bits(&address) == UINT32_MAX >> address.prefix)
		bad_usage("--veth %s: the broadcast address", word);
	free(ip);
	return address;
}

static bool reaches(const struct address *from, const struct address *to)
{
	in_addr_t differ = ntohl(from->ip.s_addr ^ to->ip.s_addr);

	return (uint64_t)differ >> (32 - from->prefix) == 0;
}

static void read_veth(struct options *options, struct setup *setup)
{
	char *host, *peer;

	if (!split(options->value, ',', &host, &peer))
		bad_usage("--veth %s: not HOST/LEN,PEER/LEN", options->value);
	setup->host = end_of(options, host);
	setup->peer = end_of(options, peer);
	if (setup->host.ip.s_addr == setup->peer.ip.s_addr)
		bad_usage("--veth %s: the same address twice", options->value);
	if (!reaches(&setup->host, &setup->peer) ||
	    !reaches(&setup->peer, &setup->host))
		bad_usage("--veth %s: a second veth address outside the prefix",
			  options->value);
	setup->veth = true;
	free(host);
}

/* Out here, while the child waits: its network namespace is there already. */
static int plug_in(pid_t child, void *data)
{
	struct setup *setup = data;

	if (!setup->veth)
		return 0;
	if (create_veth(setup->host_name, PEER_NAME, child) < 0) {
		if (errno == EPERM)
			failed("--veth needs CAP_NET_ADMIN in this network "
			       "namespace",
			       "(run as root)");
		return -1;
	}
	/* If this fails the child ends, its namespace, and with it the pair. */
	return configure_interface(setup->host_name, &setup->host);
}

/* Gone already with the namespace, or when CMD removed its end. */
static int unplug(const struct setup *setup)
{
	if (!setup->veth || delete_interface(setup->host_name) == 0)
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
	struct setup setup = {0};
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
			read_veth(&options, &setup);
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
	if (child < 0 || supervise(child, &how, &outcome) < 0 ||
	    unplug(&setup) < 0)
		die(EXIT_OURS);
	return exit_status(outcome.status);
}
