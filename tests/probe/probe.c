/*
 * The probe: a program of ours that runs as CMD of the student's programs. It
 * mostly holds still, so that the judge can look at it from outside.
 *
 *	probe hold TOKEN...	wait to be killed
 *	probe sandbox		the same, with /dev/null for what it was given
 *	probe exit STATUS	exit at once
 *	probe write TEXT	print TEXT
 *	probe orphans N TOKEN	N grandchildren that outlive their parent and
 *				end together when the file TOKEN appears in /tmp
 *	probe spin TOKEN...	use all the CPU there is
 *	probe await TOKEN	wait for the file TOKEN in /tmp, then exit 0
 *	probe fill MIB		touch that much memory, then exit 0
 *	probe fork N		N children that wait; exit 0 if all could start
 *	probe calls KEPT STATUS	exit with STATUS if a container's filter for
 *				those who keep the capabilities KEPT (base 16)
 *				does what harden.h says to each system call;
 *				else say to which it does not
 *	probe record FILE [LAST]
 *				write the number of every signal that comes to
 *				FILE, "ready" before that; exit 0 on signal LAST
 *				(SIGTERM; 0: on none)
 *	probe job 'PROGRAM WORD...'
 *				start PROGRAM as a shell does: in a process
 *				group of its own, with the terminal; do not take
 *				that back when it ends; wait to be killed
 *	probe launch SETTING... 'PROGRAM WORD...'
 *				become PROGRAM in a world left so, or with its
 *				system calls disturbed: launch.h
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "launch.h"
#include "nap.h"

static _Noreturn void hold(void)
{
	for (;;)
		pause();
}

/* What opens the sandbox for others gives nothing of the judge's to them. */
static _Noreturn void hold_sandbox(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			_exit(1);
	if (null > 2)
		close(null);
	hold();
}

static _Noreturn void wait_for_file(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", name);
	while (access(path, F_OK) < 0)
		nap();
	_exit(0);
}

static _Noreturn void wait_for_end(int pipe)
{
	char byte;

	while (read(pipe, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* The orphans, of one parent. The first looks for the file; it alone has the
 * writing end of the pipe that all others read. */
static int leave_behind(int count, const char *token)
{
	int ends[2];

	if (pipe(ends) < 0)
		return 1;
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0 && i == 0)
			wait_for_file(token);
		if (child == 0)
			wait_for_end(ends[0]);
		if (child < 0)
			return 1;
		if (i == 0)
			close(ends[1]);
	}
	return 0;
}

static int orphans(int count, const char *token)
{
	pid_t parent = fork();
	int status;

	if (parent == 0)
		_exit(leave_behind(count, token));
	while (parent > 0 && waitpid(parent, &status, 0) < 0 && errno == EINTR)
		;
	if (parent < 0 || status != 0)
		return 1;
	hold();
}

static int fill(size_t mib)
{
	size_t size = mib << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	/* What could not be had at once has to be had now. */
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)memory)[i] = 1;
	return 0;
}

static int fork_many(int count)
{
	int started = 0;

	for (; started < count; started++) {
		pid_t child = fork();

		if (child == 0)
			hold();
		if (child < 0)
			break;
	}
	printf("%d\n", started);
	return started == count ? 0 : 1;
}

static int record(const char *path, int last)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666), caught = 0;
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || write(fd, "ready\n", 6) != 6)
		return 1;
	while ((last == 0 || caught != last) && sigwait(&set, &caught) == 0)
		dprintf(fd, "%d\n", caught);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "hold") == 0)
		hold();
	if (strcmp(what, "sandbox") == 0)
		hold_sandbox();
	if (strcmp(what, "exit") == 0 && argc > 2)
		return atoi(argv[2]);
	if (strcmp(what, "write") == 0 && argc > 2)
		return puts(argv[2]) < 0;
	if (strcmp(what, "orphans") == 0 && argc > 3)
		return orphans(atoi(argv[2]), argv[3]);
	if (strcmp(what, "spin") == 0)
		for (volatile unsigned long n = 0;; n++)
			;
	if (strcmp(what, "await") == 0 && argc > 2)
		wait_for_file(argv[2]);
	if (strcmp(what, "fill") == 0 && argc > 2)
		return fill((size_t)atoi(argv[2]));
	if (strcmp(what, "fork") == 0 && argc > 2)
		return fork_many(atoi(argv[2]));
	if (strcmp(what, "record") == 0 && argc > 2)
		return record(argv[2], argc > 3 ? atoi(argv[3]) : SIGTERM);
	if (strcmp(what, "job") == 0 && argc > 2)
		return job(argv[2]);
	if (strcmp(what, "launch") == 0 && argc > 2)
		return launch(argc - 3, argv + 2, argv[argc - 1]);
	if (strcmp(what, "calls") == 0 && argc > 3)
		return check_calls(strtoull(argv[2], NULL, 16), atoi(argv[3]));
	fprintf(stderr, "probe: %s: not known\n", what);
	return 99;
}
