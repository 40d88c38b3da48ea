/*
 * The probe: a program of ours that runs as CMD of the student's programs. It
 * mostly holds still, so that the judge can look at it from outside.
 *
 *	probe hold TOKEN...	wait to be killed
 *	probe exit STATUS	exit at once
 *	probe write TEXT	print TEXT
 *	probe orphans N TOKEN	N grandchildren that outlive their parents and
 *				end together when the file TOKEN appears in /tmp
 *	probe spin TOKEN...	use all the CPU there is
 *	probe fill MIB		touch that much memory, then exit 0
 *	probe fork N		N children that wait; exit 0 if all could start
 *	probe denied STATUS	exit with STATUS if every system call that leads
 *				out of a container is refused
 *	probe catch SIG FILE	write the number of the signal to FILE when it
 *				comes, and exit 0; "ready" before that
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void hold(void)
{
	for (;;)
		pause();
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = 1000000};

	nanosleep(&t, NULL);
}

static _Noreturn void wait_for_file(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", name);
	while (access(path, F_OK) < 0)
		nap();
	_exit(0);
}

/* Two forks each: the one between ends at once. */
static int orphans(int count, const char *token)
{
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0) {
			if (fork() == 0)
				wait_for_file(token);
			_exit(0);
		}
		if (child < 0)
			return 1;
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	hold();
}

static int fill(size_t mib)
{
	size_t size = mib << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
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

static int catch (int sig, const char *path)
{
	sigset_t set;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666), caught;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fd < 0 || write(fd, "ready\n", 6) != 6)
		return 1;
	sigwait(&set, &caught);
	dprintf(fd, "%d\n", caught);
	return 0;
}

static bool fails_with(long result, int error, const char *call)
{
	if (result < 0 && errno == error)
		return true;
	fprintf(stderr, "probe: %s: %s\n", call,
		result < 0 ? strerror(errno) : "was allowed");
	return false;
}

/* Calls that a container's filter is to refuse; `status` when all are. */
static int denied(int status)
{
	struct {
		unsigned long long flags, rest[10];
	} args = {.flags = CLONE_NEWUSER};
	unsigned long sneaky = TIOCSTI | 1UL << 32;
	char c = 'x';
	bool all = true;

	all &= fails_with(unshare(CLONE_NEWUSER), EPERM, "unshare");
	all &= fails_with(
		syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM,
		"clone");
	all &= fails_with(syscall(SYS_clone3, &args, sizeof(args)), ENOSYS,
			  "clone3");
	all &= fails_with(mount("none", "/tmp", "tmpfs", 0, NULL), EPERM,
			  "mount");
	all &= fails_with(syscall(SYS_keyctl, 0, -3, 0, 0, 0), EPERM, "keyctl");
	all &= fails_with(syscall(SYS_bpf, 0, NULL, 0), EPERM, "bpf");
	all &= fails_with(syscall(SYS_ioctl, 0, TIOCSTI, &c), EPERM, "TIOCSTI");
	all &= fails_with(syscall(SYS_ioctl, 0, sneaky, &c), EPERM,
			  "TIOCSTI with a bit above the 32nd");
	return all ? status : 98;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "hold") == 0)
		hold();
	if (strcmp(what, "exit") == 0 && argc > 2)
		return atoi(argv[2]);
	if (strcmp(what, "write") == 0 && argc > 2)
		return puts(argv[2]) < 0;
	if (strcmp(what, "orphans") == 0 && argc > 3)
		return orphans(atoi(argv[2]), argv[3]);
	if (strcmp(what, "spin") == 0)
		for (volatile unsigned long n = 0;; n++)
			;
	if (strcmp(what, "fill") == 0 && argc > 2)
		return fill((size_t)atoi(argv[2]));
	if (strcmp(what, "fork") == 0 && argc > 2)
		return fork_many(atoi(argv[2]));
	if (strcmp(what, "catch") == 0 && argc > 3)
		return catch (atoi(argv[2]), argv[3]);
	if (strcmp(what, "denied") == 0 && argc > 2)
		return denied(atoi(argv[2]));
	fprintf(stderr, "probe: %s: not known\n", what);
	return 99;
}
