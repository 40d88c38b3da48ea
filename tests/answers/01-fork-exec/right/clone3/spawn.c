/* clone3(2) with a pidfd, and execvpe(3). */
#include "spawn.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "failure.h"
#include "syscalls.h"

void exec_command(const struct command *command)
{
	int status = EXIT_OURS;

	if (command->prepare && command->prepare(command->data) != 0)
		die(status);
	if (command->dir && chdir(command->dir) != 0) {
		failed("change directory to", "%s", command->dir);
		die(status);
	}
	if (command->envp)
		environ = (char **)command->envp;
	if (command->mask)
		sigprocmask(SIG_SETMASK, command->mask, NULL);
	execvpe(command->file, command->argv, environ);
	status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
	failed("execvpe", "%s", command->file);
	die(status);
}

pid_t spawn(const struct command *command)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t child = sys_clone3(&args, sizeof(args));

	switch (child) {
	case -1:
		return failed("clone3 for", "%s", command->file);
	case 0:
		exec_command(command);
	default:
		close(pidfd);
		return child;
	}
}
