/*
 * driver of stage 07: calls the modules one at a time, in namespaces that it
 * makes itself. The gate looks at what comes of it.
 *
 *	driver private CMD...		make_mounts_private(); mounts over /sys
 *					and /tmp, and becomes CMD
 *	driver proc DIR CMD...		mount_proc(), in a new PID namespace of
 *					which CMD is the first process
 *	driver bind SRC DST rw|ro CMD...
 *					bind_mount(), then becomes CMD, which
 *					has what that has left open
 *	driver tmpfs DIR OPTIONS CMD...	mount_tmpfs(), "-": without options
 *	driver late			die_with_parent() of one that has ended
 *	driver unseen N			die_with_parent() with the number N,
 *					which is that of no open descriptor
 *	driver child FILE CMD...	a child that calls die_with_parent() and
 *					becomes CMD; ends when FILE appears
 *	driver init SECONDS GRACE CMD...
 *					run_init() as process 1 with this
 *					timeout and this grace period; says
 *					"outcome ENDED STATUS REAPED FAULTS",
 *					the last being ru_minflt of its usage
 *
 * The namespaces of private, proc, bind and tmpfs are owned by the user
 * namespace that the driver is in, if it may, or else by a new one. When one
 * of these fails, it reports that, says "done" and holds still.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "init.h"
#include "mounts.h"
#include "syscalls.h"

static _Noreturn void become(char **words)
{
	execvp(words[0], words);
	failed("execve", "%s", words[0]);
	die(EXIT_NOT_FOUND);
}

/* The gate has its time to look. */
static _Noreturn void hold(void)
{
	report_failure();
	dprintf(STDOUT_FILENO, "done\n");
	for (;;)
		pause();
}

static void enter(int flags)
{
	if (unshare(flags) < 0 && unshare(flags | CLONE_NEWUSER) < 0) {
		failed("unshare", "%x", flags);
		die(EXIT_OURS);
	}
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_OURS;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static _Noreturn void be_private(char **words)
{
	static const char *const dirs[] = {"/sys", "/tmp"};

	enter(CLONE_NEWNS);
	if (make_mounts_private() < 0)
		hold();
	for (size_t i = 0; i < 2; i++) {
		if (mount("none", dirs[i], "tmpfs", 0, NULL) < 0) {
			failed("mount", "%s", dirs[i]);
			die(EXIT_OURS);
		}
	}
	become(words);
}

/* The first child is process 1; it ends with its parent. */
static int start_with_proc(char **words)
{
	pid_t child;

	enter(CLONE_NEWNS | CLONE_NEWPID);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mount_proc(words[0]) < 0)
			hold();
		become(words + 1);
	}
	return wait_for(child);
}

static _Noreturn void bind_one(char **words)
{
	enter(CLONE_NEWNS);
	if (bind_mount(words[0], words[1], strcmp(words[2], "ro") == 0) < 0)
		hold();
	for (int fd = 3; fd < 64; fd++)
		fcntl(fd, F_SETFD, 0);
	become(words + 3);
}

static _Noreturn void mount_one(char **words)
{
	enter(CLONE_NEWNS);
	if (mount_tmpfs(words[0], strcmp(words[1], "-") ? words[1] : NULL) < 0)
		hold();
	become(words + 2);
}

static _Noreturn void be_late(void)
{
	pid_t child = fork();
	int pidfd;

	if (child == 0)
		for (;;)
			pause();
	pidfd = sys_pidfd_open(child, 0);
	kill(child, SIGKILL);
	/* A zombie has ended: that nobody has waited for it is no matter. */
	waitid(P_PID, (id_t)child, &(siginfo_t){0}, WEXITED | WNOWAIT);
	if (die_with_parent(pidfd) < 0)
		die(EXIT_OURS);
	_exit(0);
}

static _Noreturn void be_unseen(int parent)
{
	close(parent);
	if (die_with_parent(parent) < 0)
		die(EXIT_OURS);
	_exit(0);
}

/* The parent ends by itself, not by a signal. */
static int start_child(char **words)
{
	int self = sys_pidfd_open(getpid(), 0);
	const struct timespec nap = {.tv_nsec = 1000000};
	pid_t child;

	if (self < 0)
		die(EXIT_OURS);
	child = fork();
	if (child == 0) {
		if (die_with_parent(self) < 0)
			die(EXIT_OURS);
		close(self);
		become(words + 1);
	}
	while (access(words[0], F_OK) < 0) {
		if (waitpid(child, NULL, WNOHANG) != 0)
			return EXIT_OURS;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static int start_init(char **words)
{
	const struct supervision how = {.timeout = strtod(words[0], NULL),
					.grace = strtod(words[1], NULL)};
	struct command command = {.file = words[2], .argv = words + 2};
	struct outcome outcome = {0};
	sigset_t before;
	pid_t child;
	int status;

	if (hold_signals(&before) < 0)
		die(EXIT_OURS);
	command.mask = &before;
	enter(CLONE_NEWPID);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		status = run_init(&command, &how, &outcome);
		dprintf(STDOUT_FILENO, "outcome %d %d %lu %ld\n", outcome.ended,
			outcome.status, outcome.reaped,
			outcome.usage.ru_minflt);
		_exit(status);
	}
	return wait_for(child);
}

static const struct {
	const char *what;
	int words; /* that follow, at least */
} cases[] = {
	{"private", 1}, {"proc", 2},  {"bind", 4}, {"tmpfs", 3},
	{"late", 0},	{"child", 2}, {"init", 3}, {"unseen", 1},
};

static bool is_case(const char *what, int words)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(cases[i].what, what) == 0)
			return words >= cases[i].words;
	return false;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char **words = argv + 2;

	if (!is_case(what, argc - 2))
		bad_usage("a case and its words are needed");
	if (strcmp(what, "private") == 0)
		be_private(words);
	if (strcmp(what, "proc") == 0)
		return start_with_proc(words);
	if (strcmp(what, "bind") == 0)
		bind_one(words);
	if (strcmp(what, "tmpfs") == 0)
		mount_one(words);
	if (strcmp(what, "late") == 0)
		be_late();
	if (strcmp(what, "unseen") == 0)
		be_unseen(atoi(words[0]));
	if (strcmp(what, "child") == 0)
		return start_child(words);
	return start_init(words);
}
