/* Stage 08: network.h and clock.h. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "process.h"

/* Two addresses of a network that this run chooses, and their network's. */
struct cable {
	char host[16], peer[16], option[64];
};

static struct cable make_cable(void)
{
	int a = random_between(0, 255), b = random_between(0, 255);
	struct cable cable;

	snprintf(cable.host, sizeof(cable.host), "10.%d.%d.1", a, b);
	snprintf(cable.peer, sizeof(cable.peer), "10.%d.%d.2", a, b);
	snprintf(cable.option, sizeof(cable.option), "%s/24,%s/24", cable.host,
		 cable.peer);
	return cable;
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

static void own_network(void)
{
	const char *token = fresh_token();
	struct run *run = START("netns", "probe", "hold", token);
	pid_t command = await_probe(token);
	unsigned inside, count;

	EXPECT(namespace_of(command, "net") != namespace_of(pid_of(run), "net"),
	       "CMD is in the network namespace of its caller");
	EXPECT(namespace_of(command, "user") !=
		       namespace_of(pid_of(run), "user"),
	       "CMD is in the user namespace of its caller");
	EXPECT(namespace_of(command, "time") ==
		       namespace_of(pid_of(run), "time"),
	       "without --uptime CMD is in another time namespace");
	EXPECT(sscanf(proc_file(command, "uid_map"), "%u %*u %u", &inside,
		      &count) == 2 &&
		       inside == 0 && count == 1,
	       "the caller is not mapped to user 0: %s",
	       proc_file(command, "uid_map"));
	EXPECT(count_interfaces(command) == 0,
	       "CMD sees %d interfaces besides lo", count_interfaces(command));
	EXPECT(parent_of(command) == pid_of(run),
	       "CMD is not the child of netns");
}

static void loopback(void)
{
	const char *token = fresh_token();

	START("netns", "probe", "hold", token);
	EXPECT(has_address(await_probe(token), "127.0.0.1"),
	       "lo has no address: it is down");
	EXPECT(RUN("netns", "ping", "-c", "1", "-W", "3", "127.0.0.1") == 0,
	       "nobody answers at 127.0.0.1: lo is down");
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

/* Two services on one port: what containers were made for. */
static void two_services(void)
{
	int port = random_between(2000, 60000);
	struct run *one, *two;
	char word[16];

	snprintf(word, sizeof(word), "%d", port);
	one = START("netns", "nc", "-l", "-p", word);
	two = START("netns", "nc", "-l", "-p", word);
	AWAIT(has_ended(one) || has_ended(two) ||
		      (children_of(pid_of(one), (pid_t[]){0}, 1) == 1 &&
		       children_of(pid_of(two), (pid_t[]){0}, 1) == 1),
	      "netns starts no child");
	for (int i = 0; i < 2; i++) {
		struct run *run = i ? two : one;
		pid_t child = 0;

		AWAIT((children_of(pid_of(run), &child, 1) == 1 &&
		       listens(child, port)) ||
			      has_ended(run),
		      "service %d does not listen on port %d", i + 1, port);
		EXPECT(!has_ended(run),
		       "service %d has ended with status %d: %s", i + 1,
		       finish(run), errors_of(run));
	}
	EXPECT(!listens(sandbox_init(), port),
	       "a service listens in the caller's network");
}

static void cable(void)
{
	struct cable cable = make_cable();
	const char *token = fresh_token();
	struct run *run = START_WITH({.as_root = true}, "netns", "--veth",
				     cable.option, "probe", "hold", token);
	pid_t command = await_probe(token);
	char gateway[32];
	struct in_addr ip;

	EXPECT(has_interface(command, "eth0:"), "there is no eth0 inside");
	EXPECT(has_address(command, cable.peer), "eth0 has not the address %s",
	       cable.peer);
	EXPECT(has_address(pid_of(run), cable.host),
	       "the end out here has not the address %s", cable.host);
	EXPECT(!has_address(command, cable.host) &&
		       !has_address(pid_of(run), cable.peer),
	       "an end is in the wrong namespace");
	/* Destination 0, gateway: numbers in network order, as they lie. */
	inet_aton(cable.host, &ip);
	snprintf(gateway, sizeof(gateway), "eth0\t00000000\t%08X", ip.s_addr);
	EXPECT(strstr(proc_file(command, "net/route"), gateway),
	       "there is no default route by %s", cable.host);
	EXPECT(finish(START_WITH({.as_root = true}, "ping", "-c", "1", "-W",
				 "3", cable.peer)) == 0,
	       "nobody answers at %s", cable.peer);
	EXPECT(finish(START_WITH({.as_root = true}, "netns", "--veth",
				 make_cable().option, "ping", "-c", "1", "-W",
				 "3", cable.host)) == 0,
	       "from inside, the machine's other address cannot be reached: "
	       "the default route leads nowhere");
}

static void cable_is_removed(void)
{
	struct run *run;

	run = START_WITH({.as_root = true}, "netns", "--veth",
			 make_cable().option, "true");
	expect_status(run, 0);
	EXPECT(count_interfaces(sandbox_init()) == 0,
	       "an interface is left behind");
	for (int i = 0; i < 5; i++) {
		const char *token = fresh_token();

		run = START_WITH({.as_root = true}, "netns", "--veth",
				 make_cable().option, "probe", "hold", token);
		await_probe(token);
		kill(pid_of(run), SIGKILL);
		finish(run);
		AWAIT(find_probe(token) == 0, "CMD outlives a netns that was "
					      "killed");
	}
	AWAIT(count_interfaces(sandbox_init()) == 0,
	      "%d interfaces are left behind",
	      count_interfaces(sandbox_init()));
}

/* What CMD's clock adds to the machine's: /proc/PID/timens_offsets. */
static double offset_of(pid_t pid, const char *clock)
{
	const char *line = strstr(proc_file(pid, "timens_offsets"), clock);

	return line ? strtod(line + strlen(clock), NULL) : 0;
}

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void own_clock(void)
{
	int uptime = random_between(1000, 10000000);
	const char *token = fresh_token();
	char word[16];
	struct run *run;
	pid_t command;
	double boot, monotonic;

	snprintf(word, sizeof(word), "%d", uptime);
	run = START("netns", "--uptime", word, "probe", "hold", token);
	command = await_probe(token);
	EXPECT(namespace_of(command, "time") !=
		       namespace_of(pid_of(run), "time"),
	       "CMD is in the time namespace of its caller: unshare(2) alone "
	       "makes one for its children");
	boot = seconds_of(CLOCK_BOOTTIME) + offset_of(command, "boottime");
	monotonic =
		seconds_of(CLOCK_MONOTONIC) + offset_of(command, "monotonic");
	EXPECT(boot > uptime - 1 && boot < uptime + 60,
	       "CMD's CLOCK_BOOTTIME is %.0f, expected about %d", boot, uptime);
	EXPECT(monotonic > uptime - 1 && monotonic < uptime + 60,
	       "CMD's CLOCK_MONOTONIC is %.0f, expected about %d", monotonic,
	       uptime);
	run = START("netns", "--uptime", word, "cat", "/proc/uptime");
	EXPECT(finish(run) == 0 && atoi(output_of(run)) >= uptime &&
		       atoi(output_of(run)) < uptime + 60,
	       "/proc/uptime inside says %s", output_of(run));
}

/* Nested, by half a second, from nought. */
static void odd_clocks(void)
{
	struct run *run;

	run = START("netns", "--uptime", "0", "cat", "/proc/uptime");
	EXPECT(finish(run) == 0 && atoi(output_of(run)) < 60,
	       "with --uptime 0, /proc/uptime says %s", output_of(run));
	run = START("netns", "--uptime", "86400.5", "netns", "--uptime", "5000",
		    "cat", "/proc/uptime");
	EXPECT(finish(run) == 0 && atoi(output_of(run)) >= 5000 &&
		       atoi(output_of(run)) < 5060,
	       "in a time namespace of a time namespace, --uptime 5000 makes "
	       "%s: offsets count from the machine's clock",
	       output_of(run));
}

static void exits(void)
{
	int status = random_between(1, 120);
	const char *token = fresh_token();
	struct run *run;
	char word[16];

	snprintf(word, sizeof(word), "%d", status);
	expect_status(START("netns", "--uptime", "9", "probe", "exit", word),
		      status);
	expect_status(START("netns", fresh_token()), 127);
	expect_status(START("netns", "/tmp"), 126);
	run = START("netns", "probe", "hold", token);
	await_probe(token);
	send_signal(run, SIGUSR1);
	expect_status(run, 128 + SIGUSR1);
	expect_nothing_left();
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

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refusal(START_WITH({.as_root = true}, "netns", "--veth",
					  bad[i], "probe", "exit", "0"),
			       "--veth");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		REFUSES("--uptime", "netns", "--uptime", times[i], "probe",
			"exit", "0");
	REFUSES("CMD", "netns", "--uptime", "5");
	/* Without CAP_NET_ADMIN out here there is no cable to be had. */
	REFUSES("veth", "netns", "--veth", make_cable().option, "true");
}

static void killed_at_any_moment(void)
{
	for (int i = 0; i < 20; i++) {
		const struct timespec nap = {
			.tv_nsec = random_between(0, 6000000)};
		struct run *run =
			START_WITH({.as_root = true}, "netns", "--veth",
				   make_cable().option, "--uptime", "77",
				   "probe", "hold", fresh_token());

		/* Not to wait for anything: to be at a random moment. */
		nanosleep(&nap, NULL);
		if (!has_ended(run))
			kill(pid_of(run), SIGKILL);
		finish(run);
	}
	expect_nothing_left();
	AWAIT(count_interfaces(sandbox_init()) == 0,
	      "%d interfaces are left behind",
	      count_interfaces(sandbox_init()));
}

static const struct test tests[] = {
	{"own_network", 1,
	 "CMD is in a user and a network namespace of its own", own_network, 0,
	 0},
	{"loopback", 1, "lo is up inside", loopback, 0, 0},
	{"two_services", 1, "two services can listen on one port", two_services,
	 0, 0},
	{"cable", 1, "--veth: two ends, two addresses, a default route", cable,
	 0, 0},
	{"cable_is_removed", 1, "no interface is left, also after SIGKILL",
	 cable_is_removed, 0, 0},
	{"own_clock", 1, "--uptime shifts both clocks of CMD", own_clock, 0, 0},
	{"odd_clocks", 1, "--uptime 0, fractions, and one inside another",
	 odd_clocks, 0, 0},
	{"exits", 1, "exits as CMD did and passes signals on", exits, 0, 0},
	{"refusals", 1, "bad addresses and times are refused", refusals, 0, 0},
	{"any_moment", 1, "killed at any moment, nothing is left",
	 killed_at_any_moment, 0, 0},
	{0},
};

const struct gate gate = {"08-net-time", "netns", tests};
