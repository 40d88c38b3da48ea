/* pidns: run a program below a process 1 and mounts of its own. Stage 07. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "init.h"
#include "mounts.h"
#include "options.h"
#include "syscalls.h"
#include "terminal.h"

enum { BIND = 1, TMPFS };

static const struct option_spec specs[] = {
	{0, "bind", "SRC:DST[:ro]", "show SRC at DST too, or read-only", BIND},
	{0, "tmpfs", "DIR", "an empty file system in memory at DIR", TMPFS},
	{0},
};

/* Mounts in the order in which they were asked for: one may lie in another. */
struct request {
	char *source; /* NULL: a tmpfs */
	const char *target;
	bool read_only;
};

struct setup {
	int parent;
	struct request *requests;
	size_t count;
};

static struct request bind_request(const struct options *options)
{
	struct request request = {0};
	char *left, *target, *flag;

	if (!split(options->value, ':', &left, &target) || !*left || !*target)
		bad_usage("--bind %s: not SRC:DST", options->value);
	request.source = left;
	request.target = target;
	flag = strchr(target, ':');
	if (flag) {
		if (strcmp(flag, ":ro") != 0)
			bad_usage("--bind %s: not SRC:DST[:ro]",
				  options->value);
		*flag = '\0';
		request.read_only = true;
	}
	if (access(request.source, F_OK) < 0) {
		failed("--bind", "%s", request.source);
		die(EXIT_OURS);
	}
	return request;
}

/* In process 1. */
static int set_up(const struct setup *setup)
{
	if (die_with_parent(setup->parent) < 0 || make_mounts_private() < 0)
		return -1;
	for (size_t i = 0; i < setup->count; i++) {
		const struct request *r = &setup->requests[i];

		if (r->source ? bind_mount(r->source, r->target, r->read_only)
			      : mount_tmpfs(r->target, NULL))
			return -1;
	}
	return mount_proc("/proc");
}

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[--bind SRC:DST[:ro]]... [--tmpfs DIR]... CMD...",
		.summary = "Runs CMD below a process 1 that collects orphans "
			   "and passes signals on, with\nmounts that nobody "
			   "else sees and a /proc that shows nobody else.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct namespaces world = {
		.flags = CLONE_NEWPID | CLONE_NEWNS,
		.cgroup = -1,
	};
	struct supervision how = {.grace = GRACE_SECONDS};
	struct outcome outcome = {0};
	struct command command = {0};
	struct setup setup = {0};
	sigset_t before;
	pid_t child;

	setup.requests = calloc((size_t)argc, sizeof(*setup.requests));
	if (!setup.requests) {
		failed("calloc", "%d requests", argc);
		die(EXIT_OURS);
	}
	setup.parent = sys_pidfd_open(getpid(), 0);
	if (setup.parent < 0) {
		failed("pidfd_open", "");
		die(EXIT_OURS);
	}
	for (int id; (id = next_option(&options)) != 0;)
		setup.requests[setup.count++] =
			id == BIND ? bind_request(&options)
				   : (struct request){.target = options.value};
	command.argv = operands(&options, "CMD");
	command.file = command.argv[0];
	command.mask = &before;

	if (hold_signals(&before) < 0)
		die(EXIT_OURS);
	child = fork_in_namespaces(&world, NULL);
	if (child == 0) {
		if (set_up(&setup) < 0)
			die(EXIT_OURS);
		_exit(run_init(&command, &how, &outcome));
	}
	if (child < 0 || supervise(child, &how, &outcome) < 0)
		die(EXIT_OURS);
	for (size_t i = 0; i < setup.count; i++)
		free(setup.requests[i].source);
	free(setup.requests);
	return exit_status(outcome.status);
}
