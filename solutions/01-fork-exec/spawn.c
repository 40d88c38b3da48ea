#include "spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "failure.h"
#include "todo.h"

/*
 * Task 1: become the command, in the order of spawn.h. execvp(3) searches PATH
 * as `environ` has it at that moment. It returns only when it has failed, and
 * then this is still a copy of its parent: failed() (failure.h) remembers what
 * was being done, and to what; report_failure() says so and why, and _exit(2)
 * ends it, with a status that tells 127 from 126. die() does the last two.
 */
void exec_command(const struct command *command)
{
	/* <answer> todo_exit(1, command); */
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
	/* </answer> */
}

/*
 * Task 2: fork(2) returns twice: 0 in the child, which is to become the
 * command, and the child's process id in the parent, which is to have it back.
 * When it fails there is no child: failed() says what for, and is the -1.
 */
pid_t spawn(const struct command *command)
{
	/* <answer> return todo(2, command); */
	pid_t child = fork();

	if (child < 0)
		return failed("fork for", "%s", command->file);
	if (child == 0)
		exec_command(command);
	return child;
	/* </answer> */
}
