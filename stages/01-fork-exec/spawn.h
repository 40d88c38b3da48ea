/*
 * Stage 01: a process. fork(2) makes one, execve(2) gives it a program.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <signal.h>
#include <sys/types.h>

/* What to run, and what the new process is to have. */
struct command {
	/* The program. Without a slash it is searched for in PATH. */
	const char *file;
	/* Its arguments, argv[0] included, NULL at the end. */
	char *const *argv;
	/* Its environment, NULL at the end; NULL itself: the caller's. */
	char *const *envp;
	/* Its working directory; NULL: the caller's. */
	const char *dir;
	/* Its signal mask; NULL: the caller's. */
	const sigset_t *mask;
	/*
	 * Called in the child before all of the above is done, with `data`;
	 * NULL: nothing. When it returns -1 the child reports the failure and
	 * exits with 125.
	 */
	int (*prepare)(void *data);
	void *data;
};

/*
 * Turns the calling process into the command. In this order: prepare(),
 * working directory, environment, signal mask, execve(2).
 *
 * PATH is the one that the command gets, so that NAME=VALUE changes the
 * search as it does in env(1). Does not return: what cannot be done is
 * reported on standard error and ends the process through _exit(2), never
 * exit(3), because buffers and exit handlers are the parent's. Status 127
 * when there is no such program (ENOENT), 126 when there is one that cannot
 * be executed, 125 for all that fails before. execvp(3), chdir(2).
 */
_Noreturn void exec_command(const struct command *command);

/*
 * Starts the command in a child process and does not wait for it.
 *
 * The child has what every child inherits: open descriptors (but those with
 * FD_CLOEXEC), credentials, limits, process group, session. Returns its
 * process id, or -1 with errno of fork(2), EAGAIN at a limit or ENOMEM, and
 * failed() (failure.h) with the operation and the command's file. The caller
 * itself is as before: its environment, directory, mask and descriptors.
 */
pid_t spawn(const struct command *command);

#endif
