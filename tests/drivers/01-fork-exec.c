/*
 * driver of stage 01: calls spawn() as the later stages do, in ways that the
 * program of the stage does not. The gate looks at what comes of it.
 *
 *	driver full CMD...	with everything a command can have: a prepare()
 *				that makes the file "prepared" where it is, the
 *				directory /usr, an environment of two, a mask of
 *				SIGUSR1 and SIGUSR2
 *	driver refused CMD...	with a prepare() that fails with EDOM
 *	driver buffered CMD...	with output in a buffer and an exit handler,
 *				which both belong to this process
 *	driver alone CMD...	says "started PID" as soon as spawn() returns
 *	driver become CMD...	by exec_command() alone, so that it becomes CMD
 *
 * Then it waits for the child and exits as that did.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "spawn.h"

static int make_file(void *data)
{
	int fd = open(data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 ? failed("create in the caller's directory", "%s",
			       (char *)data)
		      : close(fd);
}

static int refuse(void *data)
{
	errno = EDOM;
	return failed("prepare", "%s", (char *)data);
}

static void say_goodbye(void)
{
	write(STDOUT_FILENO, "handler\n", 8);
}

static void fill_in(const char *what, struct command *command, sigset_t *mask)
{
	static char *const envp[] = {"ONLY=this", "PATH=/mnt:/bin", NULL};

	if (strcmp(what, "full") == 0) {
		sigemptyset(mask);
		sigaddset(mask, SIGUSR1);
		sigaddset(mask, SIGUSR2);
		command->prepare = make_file;
		command->data = "prepared";
		command->dir = "/usr";
		command->envp = envp;
		command->mask = mask;
	} else if (strcmp(what, "refused") == 0) {
		command->prepare = refuse;
		command->data = "nothing";
	} else if (strcmp(what, "buffered") == 0) {
		atexit(say_goodbye);
		setvbuf(stdout, NULL, _IOFBF, 4096);
		printf("buffer\n");
	}
}

int main(int argc, char **argv)
{
	struct command command = {0};
	sigset_t mask;
	pid_t child;
	int status;

	if (argc < 3)
		bad_usage("a case and CMD are needed");
	command.file = argv[2];
	command.argv = argv + 2;
	fill_in(argv[1], &command, &mask);
	if (strcmp(argv[1], "become") == 0)
		exec_command(&command);
	child = spawn(&command);
	if (child < 0) {
		report_failure();
		return EXIT_OURS;
	}
	if (strcmp(argv[1], "alone") == 0)
		dprintf(STDOUT_FILENO, "started %d\n", (int)child);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_OURS;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
