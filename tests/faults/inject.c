/*
 * inject FILE CALL N PROCS PROGRAM [ARG]...
 *
 * PROGRAM, and not we, enters the cgroup whose cgroup.procs is open as the
 * descriptor PROCS; 0: none.
 *
 * Runs PROGRAM with call number N of the system call CALL (calls[], counted
 * over it and all that it starts) failing, and exits as it did. FILE then has
 * a line: "failed", or "command" when it was no call of PROGRAM's own but of
 * one that it had executed; it is empty when there was no such call.
 *
 * With N 0 nothing fails: FILE has the name and the number of calls of each.
 *
 * Each of these calls waits until we have said what becomes of it (listener.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "listener.h"

#define MOST_CALLS 96

static const struct call *target;
static int occurrence;
static int counts[MOST_CALLS];
static const char *fate = "";
static char program[4096]; /* what /proc/PID/exe says of it */

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	_exit(99);
}

/* The calls of the table, or the one of them, are asked about. */
static int install_listener(void)
{
	long numbers[MOST_CALLS];
	size_t count = 0;

	for (size_t i = 0; i < call_count; i++)
		if (calls[i].number >= 0 &&
		    (occurrence == 0 || &calls[i] == target))
			numbers[count++] = calls[i].number;
	return listen_to_calls(numbers, count);
}

static int row_of(int number)
{
	for (size_t i = 0; i < call_count; i++)
		if (calls[i].number == number)
			return (int)i;
	return -1;
}

/* One that the program has executed is another matter. */
static bool is_command(pid_t pid)
{
	char link[32], path[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return strcmp(path, program) != 0;
}

/* Of fcntl(2) only what takes a lock: the rest of it does not fail. */
static bool can_fail(const struct waiting_call *call)
{
	return call->number != SYS_fcntl || call->args[1] == F_SETLK ||
	       call->args[1] == F_SETLKW || call->args[1] == F_OFD_SETLK ||
	       call->args[1] == F_OFD_SETLKW;
}

static void answer(int listener)
{
	struct waiting_call call;
	int row;

	if (next_call(listener, &call) < 0)
		return;
	row = row_of(call.number);
	/* What is executed first is the program itself. */
	if (program[0] == '\0' || row < 0 || !can_fail(&call)) {
		let_call(listener, call.id);
		return;
	}
	if (occurrence == 0) {
		counts[row] += !is_command(call.pid);
	} else if (&calls[row] == target && ++counts[row] == occurrence) {
		fate = is_command(call.pid) ? "command" : "failed";
		fail_call(listener, call.id, target->error);
		return;
	}
	let_call(listener, call.id);
}

/* The program has been executed: its file is what is looked for later. */
static void learn_program(pid_t child, const char *own)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)child);
	length = readlink(link, program, sizeof(program) - 1);
	program[length < 0 ? 0 : length] = '\0';
	if (strcmp(program, own) == 0)
		program[0] = '\0';
}

/* Until nobody has the filter any more, or what is left is not going. */
static int serve(int listener, pid_t child)
{
	struct pollfd calls_made = {.fd = listener, .events = POLLIN};
	char own[4096];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
	int status = -1, patience = 2000;

	own[length < 0 ? 0 : length] = '\0';
	while (patience > 0) {
		if (poll(&calls_made, 1, 1) < 0 && errno != EINTR)
			give_up("poll");
		if (program[0] == '\0')
			learn_program(child, own);
		if (calls_made.revents & POLLIN)
			answer(listener);
		if (status < 0 && waitpid(child, &status, WNOHANG) != child)
			status = -1;
		if (calls_made.revents & (POLLHUP | POLLERR))
			break;
		patience -= status >= 0;
	}
	while (status < 0 && waitpid(child, &status, 0) != child)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void write_fate(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		give_up(path);
	if (occurrence > 0)
		fputs(fate, file);
	for (size_t i = 0; occurrence == 0 && i < call_count; i++)
		if (counts[i] > 0)
			fprintf(file, "%s %d\n", calls[i].name, counts[i]);
	if (fclose(file) == EOF)
		give_up(path);
}

int main(int argc, char **argv)
{
	volatile int *listener =
		mmap(NULL, sizeof(*listener), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct timespec nap = {.tv_nsec = 200000};
	pid_t child;
	int procs, status;

	if (argc < 6 || call_count > MOST_CALLS)
		return 99;
	if (listener == MAP_FAILED)
		give_up("mmap");
	occurrence = atoi(argv[3]);
	procs = atoi(argv[4]);
	for (size_t i = 0; i < call_count; i++)
		if (strcmp(calls[i].name, argv[2]) == 0)
			target = &calls[i];
	if (occurrence > 0 && (!target || target->number < 0)) {
		fprintf(stderr, "inject: %s: cannot be made to fail here\n",
			argv[2]);
		return 99;
	}
	*listener = -1;
	/* With descriptors in common until it is executed. */
	child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (child < 0)
		give_up("clone");
	if (child == 0) {
		if (procs > 0 && write(procs, "0", 1) != 1) {
			*listener = -2;
			give_up("write cgroup.procs");
		}
		if (procs > 0)
			fcntl(procs, F_SETFD, FD_CLOEXEC);
		*listener = install_listener();
		if (*listener < 0) {
			*listener = -2;
			give_up("seccomp");
		}
		execvp(argv[5], argv + 5);
		give_up(argv[5]);
	}
	while (*listener == -1)
		nanosleep(&nap, NULL);
	if (*listener < 0) {
		waitpid(child, NULL, 0);
		return 99;
	}
	status = serve(*listener, child);
	write_fate(argv[1]);
	return status;
}
