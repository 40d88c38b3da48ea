/*
 * posix_spawn(3) where it can do all that is asked for, fork(2) for the rest.
 * What the child could not do is known here only as an error number; so a
 * second child says it, as spawn.h wants it said.
 */
#include "spawn.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "failure.h"

void exec_command(const struct command *command)
{
	if (command->prepare && command->prepare(command->data) < 0)
		goto failure;
	if (command->dir && chdir(command->dir) < 0) {
		remember_failure("chdir", "%s", command->dir);
		goto failure;
	}
	if (command->envp)
		environ = (char **)command->envp;
	if (command->mask)
		sigprocmask(SIG_SETMASK, command->mask, NULL);
	execvp(command->file, command->argv);
	remember_failure("exec", "%s", command->file);
	if (errno == ENOENT)
		die(EXIT_NOT_FOUND);
	die(EXIT_CANNOT_EXEC);
failure:
	die(EXIT_OURS);
}

static _Noreturn void say(const struct command *command, int error)
{
	errno = error;
	remember_failure("posix_spawn", "%s", command->file);
	die(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
}

pid_t spawn(const struct command *command)
{
	bool plain = !command->prepare && !command->dir && !command->mask &&
		     !command->envp;
	pid_t child;
	int error = 0;

	if (plain) {
		error = posix_spawnp(&child, command->file, NULL, NULL,
				     command->argv, environ);
		if (error == 0)
			return child;
	}
	if (error == EAGAIN) {
		errno = error;
		return failed("posix_spawn", "%s", command->file);
	}
	child = fork();
	if (child == -1)
		return failed("fork for", "%s", command->file);
	if (child == 0 && plain)
		say(command, error);
	if (child == 0)
		exec_command(command);
	return child;
}
