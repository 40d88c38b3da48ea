#include "run_options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "container_values.h"
#include "failure.h"
#include "harden.h"
#include "schedule_options.h"
#include "subid.h"

enum {
	HOSTNAME = 1,
	MEMORY,
	PIDS,
	CPU,
	WEIGHT,
	NICE,
	CPUS,
	POLICY,
	IO,
	VOLUME,
	TMPFS,
	READ_ONLY,
	OVERLAY,
	NET,
	IP,
	UPTIME,
	USER,
	ENVIRONMENT,
	WORKDIR,
	CAP_ADD,
	NO_SECCOMP,
	NO_MASK,
	NO_INIT,
	RLIMIT,
	TTY,
	TIMEOUT,
	GRACE,
	STATS,
};

static const struct option_spec run_specs[] = {
	{0, "hostname", "NAME", "host name inside; default box", HOSTNAME},
	{'m', "memory", "BYTES", "limit of memory, with K, M, G or T", MEMORY},
	{0, "pids", "N", "limit of processes and threads", PIDS},
	{0, "cpu", "PERCENT", "limit of CPU time, 150 is one and a half", CPU},
	{0, "weight", "N", "share of CPU time, 1 to 10000, usual 100", WEIGHT},
	{0, "nice", "N", "nice value, -20 to 19", NICE},
	{0, "cpus", "LIST", "CPUs to run on, such as 0,2-3", CPUS},
	{0, "policy", "P[:PRIO]", "other, batch, idle, fifo:N or rr:N", POLICY},
	{0, "io", "CLASS[:N]", "none, realtime, best-effort or idle", IO},
	{'v', "volume", "SRC:DST[:ro]", "show SRC at DST inside", VOLUME},
	{0, "tmpfs", "DIR", "an empty file system in memory at DIR", TMPFS},
	{0, "read-only", NULL, "nothing can be written to the root", READ_ONLY},
	{0, "overlay", NULL, "changes to the root go to memory", OVERLAY},
	{0, "net", "none|veth", "loopback alone (usual), or a cable", NET},
	{0, "ip", "HOST/LEN,PEER/LEN", "its two addresses", IP},
	{0, "uptime", "SECS", "a machine that was started SECS ago", UPTIME},
	{'u', "user", "UID[:GID]", "who the command is inside", USER},
	{'e', "env", "NAME=VALUE", "add to the environment", ENVIRONMENT},
	{'w', "workdir", "DIR", "working directory inside", WORKDIR},
	{0, "cap-add", "NAME", "keep this capability too", CAP_ADD},
	{0, "no-seccomp", NULL, "no system call filter", NO_SECCOMP},
	{0, "no-mask", NULL, "all of /proc and /sys, for boxes in it", NO_MASK},
	{0, "no-init", NULL, "the command itself is process 1", NO_INIT},
	{0, "rlimit", "NAME=SOFT[:HARD]", "a resource limit", RLIMIT},
	{'t', "tty", NULL, "a terminal of its own", TTY},
	{0, "timeout", "SECS", "end it after SECS, with status 124", TIMEOUT},
	{0, "grace", "SECS", "from SIGTERM to SIGKILL; default 10", GRACE},
	{0, "stats", "FILE", "write what it used to FILE", STATS},
	{0},
};

static const struct option_spec exec_specs[] = {
	{'u', "user", "UID[:GID]", "who the command is inside", USER},
	{'e', "env", "NAME=VALUE", "add to the environment", ENVIRONMENT},
	{'w', "workdir", "DIR", "working directory inside", WORKDIR},
	{0, "rlimit", "NAME=SOFT[:HARD]", "a resource limit", RLIMIT},
	{'t', "tty", NULL, "a terminal of its own", TTY},
	{0, "timeout", "SECS", "end it after SECS, with status 124", TIMEOUT},
	{0, "grace", "SECS", "from SIGTERM to SIGKILL; default 10", GRACE},
	{0, "stats", "FILE", "write what it used to FILE", STATS},
	{0},
};

/* The options that a container has once, when it starts. */
static void read_container_option(struct options *options, int id,
				  struct container *c)
{
	const char *value = options->value;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	switch (id) {
	case HOSTNAME:
		c->hostname = hostname_of(options);
		break;
	case MEMORY:
		c->limits.memory = bytes_of(options, value);
		if (c->limits.memory == 0)
			bad_usage("%s %s: nothing runs in none", options->name,
				  value);
		break;
	case PIDS:
		c->limits.pids =
			(uint64_t)number_of(options, value, 1, 4194304);
		break;
	case CPU:
		c->limits.cpu =
			(unsigned)number_of(options, value, 1, 100LL * cpus);
		break;
	case WEIGHT:
		c->limits.weight =
			(unsigned)number_of(options, value, 1, 10000);
		break;
	case VOLUME:
		add_volume(options, &c->root);
		break;
	case TMPFS:
		add_tmpfs(options, &c->root);
		break;
	case READ_ONLY:
		c->root.read_only = true;
		break;
	case OVERLAY:
		c->root.overlay = true;
		break;
	case NET:
		c->veth = veth_of(options);
		break;
	case IP:
		read_ends(options, &c->host_end, &c->peer_end);
		break;
	case UPTIME:
		c->set_uptime = true;
		c->uptime = seconds_of(options, value);
		break;
	case CAP_ADD:
		add_capability(options, c);
		break;
	case NO_SECCOMP:
		c->seccomp = false;
		break;
	case NO_MASK:
		c->root.mask = false;
		break;
	case NO_INIT:
		c->no_init = true;
		break;
	}
}

/* The options that every command in a container may have. */
static bool read_command_option(struct options *options, int id,
				struct run *run)
{
	struct container *c = &run->container;

	switch (id) {
	case USER:
		read_user(options, c);
		return true;
	case ENVIRONMENT:
		set_variable(&c->command,
			     assignment_of(options, (char *)options->value));
		return true;
	case WORKDIR:
		c->command.dir = options->value;
		return true;
	case RLIMIT:
		add_rlimit(options, c);
		return true;
	case TTY:
		c->tty = true;
		return true;
	case TIMEOUT:
		c->how.timeout = seconds_of(options, options->value);
		return true;
	case GRACE:
		c->how.grace = seconds_of(options, options->value);
		return true;
	case STATS:
		run->stats_path = options->value;
		return true;
	}
	return false;
}

/* Nothing of the caller's environment goes in but the terminal's type. */
static void default_environment(struct command *command)
{
	const char *term = getenv("TERM");
	static char variable[128];

	set_variable(command, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			      "/usr/bin:/sbin:/bin");
	set_variable(command, "HOME=/root");
	if (term && snprintf(variable, sizeof(variable), "TERM=%s", term) <
			    (int)sizeof(variable))
		set_variable(command, variable);
}

static void defaults(struct run *run)
{
	struct container *c = &run->container;

	memset(run, 0, sizeof(*run));
	c->how.grace = GRACE_SECONDS;
	c->hostname = "box";
	c->capabilities = default_capabilities;
	c->seccomp = true;
	c->root.mask = true;
	c->root.tree = -1;
	default_environment(&c->command);
}

/* A network of two addresses that no other box on this machine has now. */
static void default_ends(struct container *c)
{
	in_addr_t base = (in_addr_t)(10 << 24 | 64 << 16) |
			 ((in_addr_t)getpid() << 2 & 0x3fffff);

	if (c->host_end.prefix != 0)
		return;
	c->host_end = (struct address){{htonl(base | 1)}, 30};
	c->peer_end = (struct address){{htonl(base | 2)}, 30};
}

/*
 * Root gives the container ids that are nobody else's, and user 0 is root. An
 * ordinary user has one id to give, or a range from newuidmap(1).
 */
static void map_users(struct container *c)
{
	c->world.uid = c->uid;
	c->world.gid = c->gid;
	if (geteuid() != 0 && c->uid == 0 && c->gid == 0)
		return;
	if (!subid_maps(&c->world))
		return;
	/* With a range process 1 is user 0, and the command who it will. */
	c->world.uid = 0;
	c->world.gid = 0;
}

static void read_command(struct options *options, struct command *command)
{
	command->argv = operands(options, "CMD");
	command->file = command->argv[0];
}

void read_run(struct run *run, char **words)
{
	struct container *c = &run->container;
	struct options options = {
		.usage = "run [OPTIONS] ROOTFS CMD...",
		.summary = "Runs CMD in a container whose root is ROOTFS. "
			   "Exits as CMD did: 128+n on signal\nn, 127 when "
			   "there is no such program, 126 when it cannot be "
			   "executed, 125 when\nbox itself failed, 124 on "
			   "--timeout.",
		.specs = run_specs,
		.argv = words,
	};
	bool ip = false;
	struct stat st;

	defaults(run);
	for (int id; (id = next_option(&options)) != 0;) {
		if (!read_command_option(&options, id, run) &&
		    !read_schedule_option(&options, &c->schedule))
			read_container_option(&options, id, c);
		ip = ip || id == IP;
	}
	if (ip && !c->veth)
		bad_usage("--ip: only with --net veth");
	c->root.path = *operands(&options, "ROOTFS");
	options.argv++;
	if (stat(c->root.path, &st) < 0) {
		failed("ROOTFS", "%s", c->root.path);
		die(EXIT_OURS);
	}
	if (!S_ISDIR(st.st_mode))
		bad_usage("ROOTFS %s: not a directory", c->root.path);
	read_command(&options, &c->command);
	default_ends(c);
	map_users(c);
	c->want_cgroup = run->stats_path != NULL;
}

void read_exec(struct run *run, char **words)
{
	struct options options = {
		.usage = "exec [OPTIONS] PID CMD...",
		.summary = "Runs CMD in the container that process PID is in "
			   "(or that box PID runs).",
		.specs = exec_specs,
		.argv = words,
	};

	defaults(run);
	for (int id; (id = next_option(&options)) != 0;)
		read_command_option(&options, id, run);
	options.name = "PID";
	run->pid = (pid_t)number_of(&options, *operands(&options, "PID"), 1,
				    4194304);
	options.argv++;
	read_command(&options, &run->container.command);
}

void free_run(struct run *run)
{
	struct container *c = &run->container;

	/* Source and target of a volume are one word, cut in two. */
	for (size_t i = 0; i < c->root.mount_count; i++)
		free((void *)c->root.mounts[i].source);
	free(c->root.mounts);
	free((void *)c->rlimits);
	free((void *)c->command.envp);
}
