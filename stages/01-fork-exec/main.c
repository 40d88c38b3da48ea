/* spawn: run a program in a new process. Stage 01. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "options.h"
#include "spawn.h"

enum { CHDIR = 1, ENVIRONMENT, ARGV0 };

static const struct option_spec specs[] = {
	{'C', "chdir", "DIR", "start in the directory DIR", CHDIR},
	{'e', "env", "NAME=VALUE", "add to the environment, or replace",
	 ENVIRONMENT},
	{'a', "argv0", "ARGV0", "the name that the program sees as its own",
	 ARGV0},
	{0},
};

int main(int argc, char **argv)
{
	struct options options = {
		.usage = "[-C DIR] [-e NAME=VALUE]... [-a ARGV0] CMD...",
		.summary = "Runs CMD in a new process and exits as it did: "
			   "128+n on signal n,\n127 when there is no such "
			   "program, 126 when it cannot be executed.",
		.specs = specs,
		.argv = argv + 1,
	};
	struct command command = {0};
	char *argv0 = NULL;
	pid_t child;
	int status;

	(void)argc;
	for (int id; (id = next_option(&options)) != 0;) {
		switch (id) {
		case CHDIR:
			command.dir = options.value;
			break;
		case ENVIRONMENT:
			/* The child inherits what is set here. */
			if (putenv(assignment_of(&options,
						 (char *)options.value)) != 0) {
				failed("putenv", "%s", options.value);
				report_failure();
				return EXIT_OURS;
			}
			break;
		case ARGV0:
			argv0 = (char *)options.value;
			break;
		}
	}
	command.argv = operands(&options, "CMD");
	command.file = command.argv[0];
	if (argv0)
		options.argv[0] = argv0;

	child = spawn(&command);
	if (child < 0) {
		report_failure();
		return EXIT_OURS;
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		failed("waitpid", "%d", child);
		report_failure();
		return EXIT_OURS;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
