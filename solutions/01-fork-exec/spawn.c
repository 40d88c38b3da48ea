#include "spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "failure.h"

void exec_command(const struct command *command)
{
	if (command->prepare && command->prepare(command->data) < 0)
		die(EXIT_OURS);
	if (command->dir && chdir(command->dir) < 0) {
		failed("chdir", "%s", command->dir);
		die(EXIT_OURS);
	}
	if (command->envp)
		environ = (char **)command->envp;
	/* Last: a signal that was held back may end the process right here. */
	if (command->mask &&
	    sigprocmask(SIG_SETMASK, command->mask, NULL) < 0) {
		failed("sigprocmask", "");
		die(EXIT_OURS);
	}
	execvp(command->file, command->argv);
	failed("execve", "%s", command->file);
	die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
}

pid_t spawn(const struct command *command)
{
	pid_t child = fork();

	if (child < 0)
		return failed("fork for", "%s", command->file);
	if (child == 0)
		exec_command(command);
	return child;
}
