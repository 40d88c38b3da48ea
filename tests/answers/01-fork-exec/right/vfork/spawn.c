/* vfork(2): the child runs in its parent's memory until it executes. */
#include "spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"

static _Noreturn void give_up(const char *operation, const char *thing,
			      int status)
{
	remember_failure(operation, "%s", thing);
	die(status);
}

void exec_command(const struct command *command)
{
	if (command->prepare && command->prepare(command->data) == -1)
		die(125);
	if (command->dir && chdir(command->dir) == -1)
		give_up("chdir to", command->dir, 125);
	if (command->mask)
		sigprocmask(SIG_SETMASK, command->mask, NULL);
	if (command->envp) {
		/* environ is the parent's too: it is not touched. */
		const char *path = NULL;

		for (char *const *e = command->envp; *e && !path; e++)
			if (strncmp(*e, "PATH=", 5) == 0)
				path = *e + 5;
		if (path && !strchr(command->file, '/')) {
			char whole[4096];

			while (*path) {
				size_t length = strcspn(path, ":");

				memcpy(whole, path, length);
				whole[length] = '/';
				strcpy(whole + length + 1, command->file);
				execve(whole, command->argv, command->envp);
				path += length + (path[length] == ':');
			}
		} else {
			execve(command->file, command->argv, command->envp);
		}
	} else {
		execvp(command->file, command->argv);
	}
	give_up("exec", command->file, errno == ENOENT ? 127 : 126);
}

pid_t spawn(const struct command *command)
{
	pid_t child = vfork();

	if (child == 0)
		exec_command(command);
	return child < 0 ? failed("vfork for", "%s", command->file) : child;
}
