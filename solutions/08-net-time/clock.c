#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "files.h"
#include "syscalls.h"
#include "todo.h"

#define OFFSETS "/proc/self/timens_offsets"

/* tv_nsec in 0 to 999999999: half a second back is one back and half on. */
static void carry(struct timespec *time)
{
	while (time->tv_nsec < 0) {
		time->tv_nsec += 1000000000;
		time->tv_sec--;
	}
	while (time->tv_nsec >= 1000000000) {
		time->tv_nsec -= 1000000000;
		time->tv_sec++;
	}
}

/*
 * Task 6: the offset of `clock` from the machine's that makes it read `uptime`
 * now. What clock_gettime(2) says has an offset added already, the one that
 * *offset comes with: change that by what is missing up to `uptime`. Seconds
 * and nanoseconds each by themselves, then carry().
 */
static int offset_for(clockid_t clock, double uptime, struct timespec *offset)
{
	/* <answer> return todo(6, clock, uptime, offset, carry); */
	double whole = floor(uptime);
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return failed("clock_gettime", "%d", (int)clock);
	offset->tv_sec += (time_t)whole - now.tv_sec;
	offset->tv_nsec += (long)((uptime - whole) * 1e9) - now.tv_nsec;
	carry(offset);
	return 0;
	/* </answer> */
}

/* Of the namespace that the next child would be in: one line for a clock. */
static int read_offset(const char *clock, struct timespec *offset)
{
	char text[256];
	const char *line;
	long long sec;
	long nsec;

	if (read_file(AT_FDCWD, OFFSETS, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, clock);
	if (!line ||
	    sscanf(line + strlen(clock), "%lld %ld", &sec, &nsec) != 2) {
		errno = EPROTO;
		return failed("find in " OFFSETS, "%s", clock);
	}
	*offset = (struct timespec){.tv_sec = (time_t)sec, .tv_nsec = nsec};
	return 0;
}

/* <answer> */
/* unshare(2) makes a time namespace for children and leaves the caller out. */
static int enter_namespace_of_children(void)
{
	static const char path[] = "/proc/self/ns/time_for_children";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result, saved;

	if (fd < 0)
		return failed("open", "%s", path);
	result = setns(fd, CLONE_NEWTIME);
	saved = errno;
	close(fd);
	errno = saved;
	return result < 0 ? failed("setns", "%s", path) : 0;
}
/* </answer> */

/*
 * Task 7: a new time namespace, its offsets, and into it, in this order: once
 * somebody is in it, the kernel takes no offsets any more. unshare(2), by
 * leave_namespaces() (clone.h), makes it for the children to come. OFFSETS is
 * about that one: read what it has, for read_offset() knows how, and write both
 * clocks with write_file() (files.h), a line for each. The file
 * /proc/self/ns/time_for_children is the namespace itself: setns(2) enters it.
 */
int enter_time_namespace(double uptime)
{
	/* <answer> return todo(7, uptime, offset_for, read_offset); */
	struct timespec monotonic, boottime;

	if (leave_namespaces(CLONE_NEWTIME) < 0)
		return -1;
	if (read_offset("monotonic", &monotonic) < 0 ||
	    read_offset("boottime", &boottime) < 0)
		return -1;
	if (offset_for(CLOCK_MONOTONIC, uptime, &monotonic) < 0 ||
	    offset_for(CLOCK_BOOTTIME, uptime, &boottime) < 0)
		return -1;
	if (write_file(AT_FDCWD, OFFSETS,
		       "monotonic %lld %ld\nboottime %lld %ld\n",
		       (long long)monotonic.tv_sec, monotonic.tv_nsec,
		       (long long)boottime.tv_sec, boottime.tv_nsec) < 0)
		return -1;
	return enter_namespace_of_children();
	/* </answer> */
}
