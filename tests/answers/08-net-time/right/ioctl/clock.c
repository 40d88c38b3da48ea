/*
 * A write for each clock, by its number; and in through a child, which is in
 * the namespace as soon as it is there.
 */
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "syscalls.h"

#define FILE_OF_OFFSETS "/proc/self/timens_offsets"

/* The clock without what the namespace that we are in adds. */
static int machine_time(clockid_t clock, const char *name,
			struct timespec *time)
{
	char text[200], *line;
	struct timespec offset;

	if (read_file(AT_FDCWD, FILE_OF_OFFSETS, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, name);
	if (!line) {
		errno = EPROTO;
		return failed("read", FILE_OF_OFFSETS);
	}
	offset.tv_sec = (time_t)strtoll(line + strlen(name), &line, 10);
	offset.tv_nsec = strtol(line, NULL, 10);
	if (clock_gettime(clock, time) < 0)
		return failed("clock_gettime", "%s", name);
	time->tv_sec -= offset.tv_sec;
	time->tv_nsec -= offset.tv_nsec;
	if (time->tv_nsec < 0) {
		time->tv_nsec += 1000000000;
		time->tv_sec -= 1;
	}
	return 0;
}

static int write_offset(clockid_t clock, const char *name, double uptime)
{
	struct timespec offset, now;

	if (machine_time(clock, name, &now) < 0)
		return -1;
	offset.tv_sec = (time_t)uptime - now.tv_sec;
	offset.tv_nsec = (long)(fmod(uptime, 1) * 1e9) - now.tv_nsec;
	if (offset.tv_nsec < 0) {
		offset.tv_nsec += 1000000000;
		offset.tv_sec -= 1;
	}
	return write_file(AT_FDCWD, FILE_OF_OFFSETS, "%d %lld %ld", (int)clock,
			  (long long)offset.tv_sec, offset.tv_nsec);
}

/* It lives as long as we hold the other end, even when we are killed. */
static _Noreturn void live_until_closed(const int ends[2])
{
	char byte;

	close(ends[1]);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int follow_a_child(void)
{
	int ends[2], pidfd, result, saved;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failed("pipe2", "");
	child = fork();
	if (child == 0)
		live_until_closed(ends);
	close(ends[0]);
	if (child < 0) {
		close(ends[1]);
		return failed("fork", "");
	}
	pidfd = sys_pidfd_open(child, 0);
	result = pidfd < 0 ? -1 : setns(pidfd, CLONE_NEWTIME);
	saved = errno;
	if (pidfd >= 0)
		close(pidfd);
	close(ends[1]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	errno = saved;
	return result < 0 ? failed("setns", "") : 0;
}

int enter_time_namespace(double uptime)
{
	if (unshare(CLONE_NEWTIME) < 0)
		return failed("unshare", "CLONE_NEWTIME");
	if (write_offset(CLOCK_BOOTTIME, "boottime", uptime) < 0 ||
	    write_offset(CLOCK_MONOTONIC, "monotonic", uptime) < 0)
		return -1;
	return follow_a_child();
}
