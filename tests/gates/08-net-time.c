/* Stage 08: network.h and clock.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

#define TIMES(array) (sizeof(array) / sizeof((array)[0]))

/* Two addresses that this run chooses, and their network's. */
struct cable {
	char host[16], peer[16], option[64];
	unsigned prefix;
	uint32_t network, mask; /* in the order of the network */
};

static void write_ip(char text[16], uint32_t ip)
{
	snprintf(text, 16, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255,
		 ip >> 8 & 255, ip & 255);
}

/* In 10.0.0.0/8; the two differ in their last bits, whatever the prefix. */
static struct cable make_cable(void)
{
	/* None that somebody could have guessed. */
	static const unsigned prefixes[] = {13, 14, 15, 18, 19, 21, 26, 27, 29};
	struct cable cable = {.prefix = prefixes[random_between(0, 8)]};
	uint32_t mask = ~0U << (32 - cable.prefix);
	uint32_t base = 10U << 24 | (uint32_t)random_between(0, 0xffffff);

	base &= mask;
	write_ip(cable.host, base | 1);
	write_ip(cable.peer, base | 6);
	snprintf(cable.option, sizeof(cable.option), "%s/%u,%s/%u", cable.host,
		 cable.prefix, cable.peer, cable.prefix);
	cable.network = htonl(base);
	cable.mask = htonl(mask);
	return cable;
}

/* A name of the 15 bytes that one can have. */
#define LONGEST "abcdefghijklmno"

/* Privileged in the sandbox: to its network namespace cables can lead. */
#define START_ROOT(...) START_WITH({.as_root = true}, __VA_ARGS__)

/* The driver that goes these steps; itself, when it has come to their end. */
static pid_t all_done(struct run *run)
{
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "the driver does not come to its end");
	EXPECT(!has_ended(run), "it has ended, with status %d: %s", finish(run),
	       errors_of(run));
	return pid_of(run);
}

/* As the interfaces' names stand in /proc/PID/net/dev. */
static bool has_interface(pid_t pid, const char *name)
{
	return strstr(proc_file(pid, "net/dev"), name);
}

/* The kernel's own table of routes to addresses of this machine. */
static bool has_address(pid_t pid, const char *ip)
{
	char line[64];

	snprintf(line, sizeof(line), "|-- %s\n", ip);
	return strstr(proc_file(pid, "net/fib_trie"), line);
}

/* Besides lo; two lines of headings. */
static int count_interfaces(pid_t pid)
{
	const char *text = proc_file(pid, "net/dev");
	int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines - 3;
}

/* The kernel puts it into the group of all hosts, for as long as it is up. */
static bool is_up(pid_t pid, const char *name)
{
	return strstr(proc_file(pid, "net/igmp"), word("\t%-10s:", name));
}

/* The kernel has a route to this network by this interface: that is up. */
static bool has_network(pid_t pid, const char *interface,
			const struct cable *cable)
{
	const char *line = proc_file(pid, "net/route");
	unsigned network, gateway, mask;
	char name[32];

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%31s %x %x %*x %*d %*d %*d %x", name,
			   &network, &gateway, &mask) == 4 &&
		    strncmp(name, interface, strlen(interface)) == 0 &&
		    network == cable->network && gateway == 0 &&
		    mask == cable->mask)
			return true;
	}
	return false;
}

/* Destination 0, gateway: numbers in network order, as they lie. */
static bool has_default_route(pid_t pid, const char *interface,
			      const char *gateway)
{
	char line[48];
	struct in_addr ip;

	inet_aton(gateway, &ip);
	snprintf(line, sizeof(line), "%s\t00000000\t%08X", interface,
		 ip.s_addr);
	return strstr(proc_file(pid, "net/route"), line);
}

/* netns itself is where somebody is who was started beside it. */
static void expect_caller_outside(struct run *run)
{
	const char *token = fresh_token();
	pid_t neighbour;

	START("probe", "hold", token);
	neighbour = await_probe(token);
	EXPECT(namespace_of(pid_of(run), "net") ==
		       namespace_of(neighbour, "net"),
	       "netns itself is in another network namespace than its caller: "
	       "only CMD is to be");
	EXPECT(namespace_of(pid_of(run), "time") ==
			       namespace_of(neighbour, "time") &&
		       namespace_of(pid_of(run), "time_for_children") ==
			       namespace_of(neighbour, "time"),
	       "netns itself has left its caller's time namespace: only CMD is "
	       "to");
	kill_process(neighbour, SIGKILL);
}

static void own_network(void)
{
	const char *token = fresh_token();
	struct run *run = START("netns", "probe", "hold", token);
	pid_t command = await_probe(token);
	int status = random_between(1, 120);
	char word[16];

	EXPECT(namespace_of(command, "net") != namespace_of(pid_of(run), "net"),
	       "CMD is in the network namespace of its caller");
	EXPECT(namespace_of(command, "user") !=
		       namespace_of(pid_of(run), "user"),
	       "CMD is in the user namespace of its caller");
	EXPECT(namespace_of(command, "time") ==
		       namespace_of(pid_of(run), "time"),
	       "without --uptime CMD is in another time namespace");
	EXPECT(count_interfaces(command) == 0,
	       "CMD sees %d interfaces besides lo", count_interfaces(command));
	EXPECT(parent_of(command) == pid_of(run),
	       "CMD is not the child of netns");
	expect_caller_outside(run);
	send_signal(run, SIGUSR1);
	expect_status(run, 128 + SIGUSR1);
	token = fresh_token();
	run = START_ROOT("netns", "--veth", make_cable().option, "--uptime",
			 "77", "probe", "hold", token);
	command = await_probe(token);
	expect_caller_outside(run);
	EXPECT(count_descriptors(command) == 3,
	       "CMD has %d descriptors: expected 0, 1 and 2",
	       count_descriptors(command));
	send_signal(run, SIGKILL);
	snprintf(word, sizeof(word), "%d", status);
	expect_status(START("netns", "--uptime", "9", "probe", "exit", word),
		      status);
	expect_status(START("netns", fresh_token()), 127);
	expect_status(START("netns", "/tmp"), 126);
}

static void loopback(void)
{
	const char *token = fresh_token();
	struct run *run;

	START("netns", "probe", "hold", token);
	EXPECT(has_address(await_probe(token), "127.0.0.1"),
	       "lo has no address: it is down");
	EXPECT(RUN("netns", "ping", "-c", "1", "-W", "3", "127.0.0.1") == 0,
	       "nobody answers at 127.0.0.1: lo is down");
	run = START_ROOT("driver", "net", "loopback", "loopback");
	EXPECT(has_address(all_done(run), "127.0.0.1"),
	       "loopback_up(), called twice, leaves lo down");
	EXPECT(count_descriptors(pid_of(run)) == 3,
	       "loopback_up() has left %d descriptors open",
	       count_descriptors(pid_of(run)) - 3);
}

/* A line of /proc/PID/net/tcp: local address, any other, state 0A. */
static bool listens_in(const char *text, int port)
{
	char part[16];

	snprintf(part, sizeof(part), ":%04X ", port);
	while ((text = strstr(text, part)) != NULL) {
		const char *other = strchr(text, ' ') + 1;

		if (strncmp(other + strcspn(other, ":"), ":0000 0A ", 9) == 0)
			return true;
		text = other;
	}
	return false;
}

static bool listens(pid_t pid, int port)
{
	return listens_in(proc_file(pid, "net/tcp"), port) ||
	       listens_in(proc_file(pid, "net/tcp6"), port);
}

/*
 * Listens, and when the file $1 is there sends its name to itself. Nobody
 * writes to the FIFO: it is there so that nc does not see the end of its input,
 * which it would tell the other end.
 */
static const char service[] =
	"mkfifo /tmp/$1.in; nc -l -p $0 <>/tmp/$1.in >/tmp/$1.got & "
	"until [ -e /tmp/$1 ]; do sleep 0.02; done; "
	"echo $1 | nc -w 30 127.0.0.1 $0; wait";

/* Two services on one port: what containers were made for. */
static void two_services(void)
{
	const char *tokens[] = {fresh_token(), fresh_token()};
	struct run *runs[2];
	char word[16], path[64];
	int port = random_between(2000, 60000);

	snprintf(word, sizeof(word), "%d", port);
	for (int i = 0; i < 2; i++)
		runs[i] = START("netns", "sh", "-c", service, word, tokens[i]);
	for (int i = 0; i < 2; i++) {
		pid_t child = 0;

		AWAIT((children_of(pid_of(runs[i]), &child, 1) == 1 &&
		       listens(child, port)) ||
			      has_ended(runs[i]),
		      "service %d does not listen on port %d", i + 1, port);
		EXPECT(!has_ended(runs[i]),
		       "service %d has ended with status %d: %s", i + 1,
		       finish(runs[i]), errors_of(runs[i]));
	}
	EXPECT(!listens(sandbox_init(), port),
	       "a service listens in the caller's network");
	for (int i = 0; i < 2; i++) {
		release(tokens[i]);
		snprintf(path, sizeof(path), "/tmp/%s.got", tokens[i]);
		AWAIT(strstr(read_in_sandbox(path), tokens[i]) ||
			      strstr(errors_of(runs[i]), "nc:"),
		      "service %d was sent a word and has not got it", i + 1);
		EXPECT(strstr(read_in_sandbox(path), tokens[i]),
		       "service %d cannot be reached at 127.0.0.1 in its own "
		       "network: lo is not up",
		       i + 1);
	}
}

/* Nothing is left of it out here, as soon as it is over or a moment later. */
static void expect_unplugged(const char *when)
{
	AWAIT_KERNEL(count_interfaces(sandbox_init()) == 0,
		     "%d interfaces are left behind %s",
		     count_interfaces(sandbox_init()), when);
}

/* The interface out here, whatever its name. */
static const char *outer_interface(void)
{
	static char name[32];
	const char *text = proc_file(sandbox_init(), "net/dev");

	for (text = strchr(text, '\n'); text; text = strchr(text + 1, '\n'))
		if (sscanf(text, " %31[^: |]:", name) == 1 &&
		    strcmp(name, "lo") != 0 && strcmp(name, "face") != 0)
			return name;
	return "";
}

static void expect_ends(pid_t inside, const struct cable *cable)
{
	pid_t here = sandbox_init();

	int before = about_task(2);

	EXPECT(has_interface(inside, "eth0:"), "there is no eth0 inside");
	EXPECT(count_interfaces(inside) == 1 && count_interfaces(here) == 1,
	       "expected one end here and one inside, saw %d and %d",
	       count_interfaces(here), count_interfaces(inside));
	about_task(3);
	EXPECT(has_address(inside, cable->peer),
	       "eth0 has not the address %s%s", cable->peer,
	       has_address(here, cable->peer) ? ": the end out here has it"
					      : "");
	EXPECT(has_address(here, cable->host),
	       "the end out here has not the address %s%s", cable->host,
	       has_address(inside, cable->host) ? ": eth0 has it" : "");
	EXPECT(!has_address(inside, cable->host) &&
		       !has_address(here, cable->peer),
	       "an end has the other's address too");
	EXPECT(has_network(inside, "eth0", cable),
	       "inside, there is no route to the network %s/%u: eth0 is not "
	       "up, or its prefix is of another length",
	       cable->peer, cable->prefix);
	EXPECT(has_network(here, outer_interface(), cable),
	       "out here, there is no route to the network %s/%u: the "
	       "interface is not up, or its prefix is of another length",
	       cable->host, cable->prefix);
	about_task(before);
}

/* What /proc does not tell: an address without a network has no route. */
static void expect_in_list(const char *interface, const char *address)
{
	struct run *run = START("ip", "addr", "show", interface);

	expect_status(run, 0);
	EXPECT(strstr(output_of(run), word("inet %s ", address)),
	       "an interface was given several addresses, %s among them, and "
	       "has not got that, or has lost it again; its addresses: %s",
	       address, output_of(run));
}

/* The functions alone: what each of them leaves. */
static void expect_pieces(const struct cable *cable)
{
	static const char *const alone[] = {"172.16.9.1/32", "172.16.9.2/0"};
	const char *first = word("%s/%u", cable->host, cable->prefix);
	struct in_addr ip;
	pid_t inside = 0;
	struct run *run;

	run = START_ROOT("driver", "child", "veth=out0,in0", "veth=out1,in1",
			 word("address=out0,%s", first),
			 word("address=out0,%s", alone[0]),
			 word("address=out0,%s", alone[1]));
	all_done(run);
	children_of(pid_of(run), &inside, 1);
	EXPECT(has_interface(inside, "in0:"),
	       "create_veth(\"out0\", \"in0\", child) has left %d interfaces "
	       "with the child, none of them in0%s",
	       count_interfaces(inside),
	       has_interface(sandbox_init(), "in0:") ? ": it is here" : "");
	EXPECT(!is_up(pid_of(run), "out1") && !is_up(inside, "in1"),
	       "create_veth() has left the end %s up: both are to be down",
	       is_up(inside, "in1") ? "with the child" : "out here");
	about_task(3);
	inet_aton(cable->host, &ip);
	ip.s_addr = htonl(ip.s_addr);
	EXPECT(has_address(pid_of(run), cable->host),
	       "configure_interface() has not given it %s, or has taken that "
	       "away when it gave it two others%s",
	       cable->host,
	       has_address(pid_of(run), inet_ntoa(ip))
		       ? ": it has that with its bytes turned around"
		       : "");
	EXPECT(has_network(pid_of(run), "out0", cable),
	       "there is no route to the network of %s/%u: the interface is "
	       "not up, or its prefix is of another length",
	       cable->host, cable->prefix);
	expect_in_list("out0", first);
	expect_in_list("out0", alone[0]);
	expect_in_list("out0", alone[1]);
	about_task(2);
	send_signal(run, SIGKILL);
	finish(run);
	expect_unplugged("by the driver");
}

/* An interface has more of them than the one that is changed. */
static void expect_flags(void)
{
	struct run *run = START_ROOT("netns", "--veth", make_cable().option,
				     "ip", "link", "show", "eth0");

	expect_status(run, 0);
	EXPECT(strstr(output_of(run), "BROADCAST,MULTICAST,UP"),
	       "of eth0's flags UP alone was to change: expected BROADCAST, "
	       "MULTICAST and UP, saw: %s",
	       output_of(run));
}

static void cable(void)
{
	struct cable cable = make_cable();
	const char *token = fresh_token(), *other = fresh_token();
	pid_t command;

	expect_pieces(&cable);
	START_ROOT("netns", "--veth", cable.option, "probe", "hold", token);
	command = await_probe(token);
	expect_ends(command, &cable);
	EXPECT(finish(START_ROOT(PING, cable.peer)) == 0,
	       "nobody answers at %s", cable.peer);
	about_task(1);
	expect_flags();
	about_task(2);
	/* A second one: each has its eth0, and nobody's name is in the way. */
	START_ROOT("netns", "--veth", make_cable().option, "probe", "hold",
		   other);
	EXPECT(has_interface(await_probe(other), "eth0:"),
	       "there is no eth0 inside the second one");
	/* What somebody has forgotten of the one before, the kernel removes. */
	AWAIT_KERNEL(count_interfaces(sandbox_init()) == 2,
		     "of two cables there are %d ends out here",
		     count_interfaces(sandbox_init()));
}

static void default_route(void)
{
	struct cable cable = make_cable();
	const char *token = fresh_token();
	struct run *run;

	START_ROOT("netns", "--veth", cable.option, "probe", "hold", token);
	EXPECT(has_default_route(await_probe(token), "eth0", cable.host),
	       "there is no default route by %s", cable.host);
	/* An address of this machine, but of no network that is known there. */
	EXPECT(finish(START_ROOT("netns", "--veth",
				 "192.168.7.1/24,192.168.7.2/24", PING,
				 cable.host)) == 0,
	       "from inside, the machine's other address cannot be reached: "
	       "the default route leads nowhere");
	run = START_ROOT("driver", "child", "veth=out0,in0",
			 "address=out0,10.1.2.3/24", "!route=11.0.0.1",
			 "route=10.1.2.9", "?route=10.1.2.8");
	all_done(run);
	EXPECT(strstr(errors_of(run), strerror(ENETUNREACH)),
	       "a gateway that nobody can reach: expected the reason \"%s\", "
	       "saw: %s",
	       strerror(ENETUNREACH), errors_of(run));
	/* Beside the other one or in its place: both are right. */
	EXPECT(has_default_route(pid_of(run), "out0", "10.1.2.8") ||
		       strstr(errors_of(run), strerror(EEXIST)),
	       "add_default_route() has returned 0 where there is a default "
	       "route by another gateway, and has added none: expected that, "
	       "or the reason \"%s\"",
	       strerror(EEXIST));
	send_signal(run, SIGKILL);
	finish(run);
	AWAIT_KERNEL(!has_interface(sandbox_init(), "out0:"),
		     "the interface of a driver that has ended is left behind");
	run = START_ROOT("driver", "child", "veth=out0,in0",
			 "address=out0,10.1.2.3/24", "route=10.1.2.9",
			 "?route=10.1.2.9");
	all_done(run);
	EXPECT(errors_of(run)[0] == '\0' ||
		       strstr(errors_of(run), strerror(EEXIST)),
	       "a default route by that gateway was there already: expected "
	       "no failure or the reason \"%s\", saw: %s",
	       strerror(EEXIST), errors_of(run));
	EXPECT(has_default_route(pid_of(run), "out0", "10.1.2.9"),
	       "a default route by that gateway was there already, and is "
	       "gone");
}

/* The driver holds the other namespace: nothing goes of its own accord. */
static void expect_deleted(void)
{
	struct run *run = START_ROOT("driver", "child", "veth=out0,in0",
				     "address=out0,10.1.2.3/24", "delete=out0",
				     "!delete=out0");
	pid_t child = 0;

	all_done(run);
	children_of(pid_of(run), &child, 1);
	EXPECT(count_interfaces(sandbox_init()) == 0,
	       "delete_interface() has returned, and the interface is still "
	       "there");
	EXPECT(count_interfaces(child) == 0,
	       "the interface is gone, and its peer is still there");
	EXPECT(strstr(errors_of(run), strerror(ENODEV)),
	       "one that there is not: expected the reason \"%s\", saw: %s",
	       strerror(ENODEV), errors_of(run));
	send_signal(run, SIGKILL);
	finish(run);
	run = START_ROOT("driver", "child", "veth=" LONGEST ",in0",
			 "?delete=" LONGEST "p");
	all_done(run);
	EXPECT(has_interface(pid_of(run), LONGEST ":"),
	       "delete_interface() has deleted %s: it was to look for %sp, "
	       "whose name is longer than any",
	       LONGEST, LONGEST);
	EXPECT(strstr(errors_of(run), strerror(ENODEV)),
	       "one that there is not, its name too long: expected the reason "
	       "\"%s\", saw: %s",
	       strerror(ENODEV), errors_of(run));
	send_signal(run, SIGKILL);
	finish(run);
	expect_unplugged("by the driver");
}

static void killed_at_any_moment(void)
{
	for (int i = 0; i < 20; i++) {
		const struct timespec nap = {
			.tv_nsec = random_between(0, 6000000)};
		struct run *run = START_ROOT(
			"netns", "--veth", make_cable().option, "--uptime",
			"77", "probe", "hold", fresh_token());

		/* Not to wait for anything: to be at a random moment. */
		nanosleep(&nap, NULL);
		if (!has_ended(run))
			kill_process(pid_of(run), SIGKILL);
		finish(run);
	}
	expect_nothing_left();
}

/*
 * Two of them: one before it opens this socket, one before it sends this,
 * whatever was opened and sent before. The kernel takes a while to remove a
 * cable, and both go at once.
 */
static void killed_before(int number)
{
	static const char *const calls[] = {"socket", "send"};
	int left;

	for (size_t i = 0; i < TIMES(calls); i++) {
		const char *token = fresh_token(), *command = fresh_token();
		struct run *run = START_ROOT(
			"probe", "launch",
			word("pause=%s:%d:%s", calls[i], number, token),
			word("netns --veth %s probe hold %s",
			     make_cable().option, command));

		AWAIT(exists(token, ".paused") || find_probe(command) ||
			      has_ended(run),
		      "netns neither runs CMD nor ends");
		if (!has_ended(run))
			kill_process(pid_of(run), SIGKILL);
		release(token);
		finish(run);
		expect_nothing_left();
	}
	/* One end goes with its namespace, and takes the other with it. */
	about_task(2);
	AWAIT_KERNEL((left = count_interfaces(sandbox_init())) == 0,
		     "netns was killed just before %s(2) and another one just "
		     "before %s(2) number %d, and %d interfaces are left "
		     "behind%s",
		     calls[0], calls[1], number, left,
		     left > 1 ? ": both ends were out here then" : "");
	about_task(5);
}

static void cable_is_removed(void)
{
	struct run *run;

	run = START_ROOT("netns", "--veth", make_cable().option, "true");
	expect_status(run, 0);
	EXPECT(count_interfaces(sandbox_init()) == 0,
	       "netns has ended, and an interface is left behind");
	run = START_ROOT("netns", "--veth", make_cable().option, fresh_token());
	expect_status(run, 127);
	EXPECT(count_interfaces(sandbox_init()) == 0,
	       "CMD cannot be executed, and an interface is left behind");
	expect_deleted();
	for (int i = 0; i < 5; i++) {
		const char *token = fresh_token();

		run = START_ROOT("netns", "--veth", make_cable().option,
				 "probe", "hold", token);
		await_probe(token);
		kill_process(pid_of(run), SIGKILL);
		finish(run);
		AWAIT(find_probe(token) == 0, "CMD outlives a netns that was "
					      "killed");
	}
	for (int number = 1; number <= 5; number++)
		killed_before(number);
	killed_at_any_moment();
	expect_unplugged("by a netns that was killed");
}

/* What CMD's clock adds to the machine's: /proc/PID/timens_offsets. */
static double offset_of(pid_t pid, const char *clock)
{
	const char *line = strstr(proc_file(pid, "timens_offsets"), clock);
	double seconds = 0, nanoseconds = 0;

	if (line)
		sscanf(line + strlen(clock), "%lf %lf", &seconds, &nanoseconds);
	return seconds + nanoseconds / 1e9;
}

/* The machine's own, whatever namespace the gate is in. */
static double seconds_of(clockid_t clock, const char *name)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9 -
	       offset_of(getpid(), name);
}

static const struct {
	clockid_t clock;
	const char *name, *title;
} clocks[] = {
	{CLOCK_BOOTTIME, "boottime", "CLOCK_BOOTTIME"},
	{CLOCK_MONOTONIC, "monotonic", "CLOCK_MONOTONIC"},
};

/* What both clocks say before the process has its own. */
static void read_clocks(double now[2])
{
	for (int i = 0; i < 2; i++)
		now[i] = seconds_of(clocks[i].clock, clocks[i].name);
}

/*
 * In a time namespace of its own (not the gate's, which is the sandbox's too),
 * and its clocks were at `uptime` some time
 * between `began`, before it was started, and now.
 */
static void expect_clocks(pid_t pid, double uptime, const double began[2])
{
	int before = about_task(7);
	double now[2];

	read_clocks(now);
	EXPECT(namespace_of(pid, "time") != namespace_of(getpid(), "time"),
	       "it is in the time namespace of its caller%s",
	       namespace_of(pid, "time_for_children") !=
			       namespace_of(pid, "time")
		       ? ": unshare(2) alone makes one for its children"
		       : "");
	EXPECT(namespace_of(pid, "time") ==
		       namespace_of(pid, "time_for_children"),
	       "its children would be in another time namespace than it is");
	for (int i = 0; i < 2; i++) {
		double reads = now[i] + offset_of(pid, clocks[i].name);

		/* No offset at all, or one that was worked out wrongly. */
		about_task(fabs(reads - now[i]) < 0.01 ? 7 : 6);
		EXPECT(reads > uptime - 0.01 &&
			       reads < uptime + now[i] - began[i] + 0.01,
		       "its %s reads %.3f, expected %.3f and up to %.3f "
		       "seconds more%s",
		       clocks[i].title, reads, uptime, now[i] - began[i],
		       fabs(reads - now[i]) < 0.01 ? ": it has no offset"
		       : fabs(offset_of(pid, clocks[i].name) - uptime) < 1
			       ? ": the time asked for was taken for the offset"
			       : "");
	}
	about_task(before);
}

/* The driver's CLOCK_BOOTTIME is ahead of its CLOCK_MONOTONIC already. */
static void expect_clocks_brought_together(void)
{
	const char *step = word("ahead=%d", random_between(1000, 9999));
	double began[2];

	read_clocks(began);
	expect_clocks(all_done(START_ROOT("driver", step, "time=5.5")), 5.5,
		      began);
}

/*
 * Here the machine's own is, by as much as CLOCK_BOOTTIME's offset then has to
 * be smaller. Who reads the clocks in another way than by clock_gettime(2) does
 * not see that, but has two offsets all the same, for he has looked twice.
 */
static void expect_two_offsets(void)
{
	int slept = random_between(1000, 4000);
	pid_t pid = all_done(
		START_ROOT("driver", word("slept=%d", slept), "time=9000"));
	double apart = offset_of(pid, "monotonic") - offset_of(pid, "boottime");

	EXPECT(fabs(apart) > 1e-9,
	       "on a machine that has slept both clocks have the same offset: "
	       "each of them needs its own");
	EXPECT(apart > -slept / 2.0,
	       "on a machine that has slept for %d seconds CLOCK_MONOTONIC's "
	       "offset is smaller than CLOCK_BOOTTIME's by %.3f: expected the "
	       "other way round",
	       slept, -apart);
}

/* With the option --uptime; the driver, without an execve(2) after it. */
static void expect_uptime(const char *word)
{
	const char *token = fresh_token();
	double began[2];
	char step[32];
	struct run *run;

	read_clocks(began);
	START("netns", "--uptime", word, "probe", "hold", token);
	expect_clocks(await_probe(token), atof(word), began);
	snprintf(step, sizeof(step), "time=%s", word);
	read_clocks(began);
	run = START_ROOT("driver", step);
	expect_clocks(all_done(run), atof(word), began);
	EXPECT(count_descriptors(pid_of(run)) == 3,
	       "enter_time_namespace() has left %d descriptors open",
	       count_descriptors(pid_of(run)) - 3);
	send_signal(run, SIGKILL);
	finish(run);
}

static void own_clock(void)
{
	char seconds[16];
	struct run *run;
	/* Odd, and too long for a float, which would be a second less. */
	int uptime = 4 * random_between(1 << 23, (1 << 24) - 1) + 1;

	snprintf(seconds, sizeof(seconds), "%d", uptime);
	expect_uptime(seconds);
	expect_clocks_brought_together();
	expect_two_offsets();
	run = START("netns", "--uptime", seconds, "cat", "/proc/uptime");
	EXPECT(finish(run) == 0 && atoi(output_of(run)) >= uptime &&
		       atoi(output_of(run)) < uptime + 60,
	       "/proc/uptime inside says %s", output_of(run));
}

/* In a time namespace of a time namespace, with nanoseconds to carry. */
static void expect_nested(void)
{
	const char *token = fresh_token();
	double began[2];
	struct run *run;

	read_clocks(began);
	START("netns", "--uptime", "86400.75", "netns", "--uptime", "5000.25",
	      "probe", "hold", token);
	expect_clocks(await_probe(token), 5000.25, began);
	read_clocks(began);
	run = START_ROOT("driver", "time=4000.9", "time=3.1", "time=70000.5");
	expect_clocks(all_done(run), 70000.5, began);
}

/* So many ends here, and as many with the driver's child. */
static void expect_as_before(struct run *run, const char *what, int ends)
{
	pid_t child = 0;
	int here = count_interfaces(sandbox_init()), there = 0;

	if (children_of(pid_of(run), &child, 1) == 1)
		there = count_interfaces(child);
	EXPECT(here <= ends && there <= ends,
	       "%s: refused, and the other end was left behind", what);
	EXPECT(here == ends && there == ends,
	       "%s: refused, and the interface that was there before is gone",
	       what);
}

/* What the options do not let through, or nobody else asks for. */
static void expect_reasons(void)
{
	static const struct {
		const char *steps[6], *what;
		int error, task;
		int ends; /* here, and as many with the child */
	} cases[] = {
		{{"child", "veth=out0,in0", "!veth=out0,in1"},
		 "a name that is taken here",
		 EEXIST,
		 2,
		 1},
		{{"child", "veth=out0,in0", "!veth=out1,in0"},
		 "a name that is taken there",
		 EEXIST,
		 2,
		 1},
		{{"!address=out0,10.0.0.1/24"},
		 "no such interface",
		 ENODEV,
		 3,
		 0},
		{{"child", "veth=" LONGEST ",in0",
		  "!address=" LONGEST "p,10.0.0.1/24"},
		 "no such interface, but one by the first 15 bytes of the name",
		 ENODEV,
		 3,
		 1},
		{{"child", "veth=out0,in0", "address=out0,10.0.0.1/24",
		  "!address=out0,10.0.0.1/24"},
		 "an address that it has already",
		 EEXIST,
		 3,
		 1},
	};

	for (size_t i = 0; i < TIMES(cases); i++) {
		const char *words[8] = {"driver"};
		struct run *run;

		about_task(cases[i].task);
		for (int n = 0; n < 6; n++)
			words[n + 1] = cases[i].steps[n];
		run = start(&(const struct start){.as_root = true}, words);
		all_done(run);
		EXPECT(strstr(errors_of(run), strerror(cases[i].error)),
		       "%s: expected the reason \"%s\", saw: %s", cases[i].what,
		       strerror(cases[i].error), errors_of(run));
		expect_as_before(run, cases[i].what, cases[i].ends);
		EXPECT(cases[i].error != ENODEV ||
			       !has_address(pid_of(run), "10.0.0.1"),
		       "%s: refused, and another one was given the address",
		       cases[i].what);
		EXPECT(count_descriptors(pid_of(run)) == 3,
		       "%s: refused, and %d descriptors are left open",
		       cases[i].what, count_descriptors(pid_of(run)) - 3);
		send_signal(run, SIGKILL);
		finish(run);
		expect_unplugged("by the driver");
	}
}

static void refusals(void)
{
	static const char *const bad[] = {
		"10.0.0.1,10.0.0.2",	     "10.0.0.1/24",
		"10.0.0.1/33,10.0.0.2/24",   "10.0.0.1/24,10.0.1.2/24",
		"10.0.0.1/24,10.0.0.1/24",   "10.0.0.0/24,10.0.0.2/24",
		"10.0.0.1/24,10.0.0.255/24", "300.0.0.1/24,10.0.0.2/24",
		"10.0.0.1/24,10.0.0.2/",     "",
	};
	static const char *const times[] = {"-1", "soon", "1e9", "", "nan"};

	expect_reasons();
	about_task(0);
	for (size_t i = 0; i < TIMES(bad); i++)
		expect_refusal(START_ROOT("netns", "--veth", bad[i], "probe",
					  "exit", "0"),
			       "--veth");
	for (size_t i = 0; i < TIMES(times); i++)
		REFUSES("--uptime", "netns", "--uptime", times[i], "probe",
			"exit", "0");
	REFUSES("CMD", "netns", "--uptime", "5");
	/* Without CAP_NET_ADMIN out here there is no cable to be had. */
	REFUSES("CAP_NET_ADMIN", "netns", "--veth", make_cable().option,
		"true");
}

/*
 * All that was asked for, or nothing of it and a reason. False: there was no
 * such call to fail.
 */
static bool all_or_nothing(const char *call, int number, int error)
{
	const char *token = fresh_token();
	struct cable cable = make_cable();
	char fault[80], program[160];
	double began[2];
	struct run *run;
	pid_t command;

	snprintf(fault, sizeof(fault), "fail=%s:%d:%d:%s", call, number, error,
		 token);
	snprintf(program, sizeof(program),
		 "netns --veth %s --uptime 4321.5 probe hold %s", cable.option,
		 token);
	read_clocks(began);
	run = START_ROOT("probe", "launch", fault, program);
	AWAIT(find_probe(token) || has_ended(run),
	      "%s(2) number %d has failed: it neither ends nor runs CMD", call,
	      number);
	command = find_probe(token);
	if (command != 0) {
		/* The cables of earlier runs take a while to go. */
		AWAIT_KERNEL(
			count_interfaces(sandbox_init()) <= 1,
			"interfaces are left behind after %s(2) has failed",
			call);
		about_task(1);
		EXPECT(has_address(command, "127.0.0.1"),
		       "%s(2) number %d has failed, and CMD runs, with lo "
		       "down",
		       call, number);
		expect_ends(command, &cable);
		about_task(4);
		EXPECT(has_default_route(command, "eth0", cable.host),
		       "%s(2) number %d has failed, and CMD runs, without a "
		       "default route",
		       call, number);
		about_task(0);
		expect_clocks(command, 4321.5, began);
		kill_process(command, SIGKILL);
		finish(run);
	} else {
		EXPECT(finish(run) == 125 && errors_of(run)[0],
		       "%s(2) number %d has failed: expected exit status 125 "
		       "and a reason, saw status %d",
		       call, number, finish(run));
	}
	expect_nothing_left();
	return exists(token, ".failed");
}

/*
 * The same for enter_time_namespace() alone: newer kernels would move CMD with
 * its execve(2), whatever setns(2) has said.
 */
static void clock_or_nothing(const char *call)
{
	const char *fault = word("fail=%s:1:%d", call, EPERM);
	double began[2];
	struct run *run;
	pid_t pid;

	read_clocks(began);
	run = START_ROOT("probe", "launch", fault, "driver ?time=4321.5");
	AWAIT(strstr(output_of(run), "done") || has_ended(run),
	      "%s(2) has failed, and enter_time_namespace() does not return",
	      call);
	pid = all_done(run);
	if (errors_of(run)[0] == '\0')
		expect_clocks(pid, 4321.5, began);
	else
		EXPECT(strstr(errors_of(run), strerror(EPERM)),
		       "%s(2) has failed: expected the reason \"%s\", saw: %s",
		       call, strerror(EPERM), errors_of(run));
	EXPECT(count_descriptors(pid) == 3,
	       "%s(2) has failed, and enter_time_namespace() has left %d "
	       "descriptors open",
	       call, count_descriptors(pid) - 3);
	send_signal(run, SIGKILL);
	finish(run);
}

/* One that fails at each call, or at one that chance chooses. */
struct faults {
	const char *call;
	int among; /* 0: each of them, 30 at most, else one of so many */
	int error;
};

static void none_does_harm(const struct faults *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const int among = faults[i].among;
		int number = among ? random_between(1, among) : 1;

		while (all_or_nothing(faults[i].call, number, faults[i].error))
			if (among || ++number > 30)
				break;
	}
	expect_unplugged("after failures");
}

/* What a time namespace takes; with a cable, which may take them too. */
static const struct faults of_clocks[] = {
	{"unshare", 0, ENOSPC},
	{"setns", 0, EPERM},
	{"write", 0, EINVAL},
};

static void odd_clocks(void)
{
	char word[32];
	struct run *run;

	expect_uptime("0");
	for (int i = 0; i < 4; i++) {
		snprintf(word, sizeof(word), "%d.%02d", random_between(0, 9999),
			 random_between(1, 99));
		expect_uptime(word);
	}
	expect_nested();
	about_task(7);
	run = START_ROOT("driver", "!time=8e9");
	all_done(run);
	EXPECT(strstr(errors_of(run), strerror(ERANGE)),
	       "8e9 seconds: expected the reason \"%s\", saw: %s",
	       strerror(ERANGE), errors_of(run));
	none_does_harm(of_clocks, TIMES(of_clocks));
	about_task(7);
	clock_or_nothing("unshare");
	clock_or_nothing("setns");
	clock_or_nothing("write");
}

/*
 * Every request to the kernel is sent once, by a function that is given, and
 * its socket and its answer can fail as well at one of them as at another. Who
 * asks for the number of an interface, ioctl(2), looks at it by himself.
 */
static const struct faults of_cables[] = {
	{"send", 0, ENOBUFS},	{"socket", 7, EMFILE}, {"socket", 12, EMFILE},
	{"receive", 7, ENOMEM}, {"ioctl", 0, ENODEV},
};

static void failures(void)
{
	const char *token = fresh_token();

	/* As it is without any. */
	START_ROOT("netns", "--veth", make_cable().option, "--uptime", "77",
		   "probe", "hold", token);
	kill_process(await_probe(token), SIGKILL);
	expect_unplugged("by a CMD that was killed");
	none_does_harm(of_cables, TIMES(of_cables));
}

static const struct test tests[] = {
	{"own_network", 1,
	 "CMD is in a network namespace of its own, and its caller is not",
	 own_network, 0, 0},
	{"loopback", 1, "lo is up inside", loopback, 0, 1},
	{"two_services", 1,
	 "two services use one port, each reached in its own network",
	 two_services, 0, 1},
	{"cable", 1, "--veth: two ends, two addresses, a network", cable, 0, 2},
	{"default_route", 1, "inside, all else goes by the end out here",
	 default_route, 0, 4},
	{"cable_is_removed", 1, "no interface is left, also after SIGKILL",
	 cable_is_removed, TAKES_LONG, 5},
	{"own_clock", 1, "--uptime sets both clocks of CMD", own_clock, 0, 7},
	{"odd_clocks", 1,
	 "--uptime 0, fractions, one inside another, too much, calls that "
	 "fail",
	 odd_clocks, TAKES_LONG, 6},
	{"refusals", 1,
	 "what is taken, is not there or is not allowed is refused", refusals,
	 0, 0},
	{"failures", 1,
	 "a call that fails: CMD has all that was asked for, or does not run",
	 failures, TAKES_LONG, 0},
	{0},
};

const struct gate gate = {"08-net-time", "netns", tests};
