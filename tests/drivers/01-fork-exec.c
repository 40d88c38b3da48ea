/*
 * driver of stage 01: calls spawn() as the later stages do, in ways that the
 * program of the stage does not. The gate looks at what comes of it.
 *
 *	driver full CMD...	with everything a command can have: a prepare()
 *				that makes the file "prepared" where it is, the
 *				directory /usr, an environment of two, a mask of
 *				SIGUSR1 and SIGUSR2
 *	driver refused CMD...	with a prepare() that fails with EDOM
 *	driver lost CMD...	with a directory that there is not
 *	driver path CMD...	with an environment whose PATH is /tmp/bin
 *	driver alone CMD...	with a file and arguments, and nothing else
 *	driver become CASE CMD...
 *				any of these by exec_command(): becomes CMD
 *	driver buffered CASE CMD...
 *				any of these with output in a buffer and an exit
 *				handler, which both belong to this process
 *
 * Says "returned PID" as soon as spawn() returns, then waits for the child and
 * exits as that did; after -1 it holds still. SIGALRM is blocked here, which is
 * the caller's mask. What prepare() finds of the caller that is not as it was,
 * it writes to its file.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "spawn.h"

/* What the caller of spawn() or exec_command() has. */
static struct {
	pid_t pid;
	char **environ;
	bool stays; /* and does not become the command */
} caller;

/* What prepare() comes too late for, or "". */
static const char *too_late(void)
{
	sigset_t mask;

	if ((getpid() == caller.pid) == caller.stays)
		return "in another process than the one that is to execute";
	if (environ != caller.environ)
		return "after the environment was changed";
	if (sigprocmask(SIG_BLOCK, NULL, &mask) < 0 ||
	    sigismember(&mask, SIGUSR1) || !sigismember(&mask, SIGALRM))
		return "after the signal mask was changed";
	return "";
}

static int make_file(void *data)
{
	int fd = open(data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return failed("create in the caller's directory", "%s",
			      (char *)data);
	if (dprintf(fd, "%s", too_late()) < 0)
		return failed("write", "%s", (char *)data);
	return close(fd);
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
	static char *const path[] = {"PATH=/tmp/bin", NULL};

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
	} else if (strcmp(what, "lost") == 0) {
		command->dir = "/nowhere";
	} else if (strcmp(what, "path") == 0) {
		command->envp = path;
	}
}

/* What a child that ends through exit(3) would do once more. */
static void leave_for_exit(void)
{
	atexit(say_goodbye);
	setvbuf(stdout, NULL, _IOFBF, 4096);
	printf("buffer\n");
}

/* The mask that a command has which is given none. */
static void block_alarm(void)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	if (sigprocmask(SIG_SETMASK, &alarm, NULL) < 0) {
		failed("sigprocmask", "");
		die(EXIT_OURS);
	}
}

int main(int argc, char **argv)
{
	bool become = argc > 1 && strcmp(argv[1], "become") == 0;
	bool buffered = argc > 1 && strcmp(argv[1], "buffered") == 0;
	struct command command = {0};
	sigset_t mask;
	pid_t child;
	int status;

	argv += become || buffered;
	argc -= become || buffered;
	if (argc < 3)
		bad_usage("a case and CMD are needed");
	command.file = argv[2];
	command.argv = argv + 2;
	block_alarm();
	fill_in(argv[1], &command, &mask);
	if (buffered)
		leave_for_exit();
	caller.pid = getpid();
	caller.environ = environ;
	caller.stays = !become;
	if (become)
		exec_command(&command);
	child = spawn(&command);
	if (child < 0)
		report_failure();
	dprintf(STDOUT_FILENO, "returned %d%s\n", (int)child,
		environ == caller.environ ? ""
					  : ", its own environ is changed");
	if (child < 0)
		for (;;)
			pause();
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_OURS;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
