/* Everything in nanoseconds, read before there is a new namespace. */
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "syscalls.h"

#define SECOND INT64_C(1000000000)

/* By how much each clock has to be moved: what is there and what is missing. */
static int find_offsets(double uptime, int64_t *monotonic, int64_t *boottime)
{
	long long values[4];
	char text[256];
	struct timespec now[2];
	int64_t wanted = (int64_t)floor(uptime) * SECOND +
			 (int64_t)(fmod(uptime, 1) * 1e9);

	if (read_file(AT_FDCWD, "/proc/self/timens_offsets", text,
		      sizeof(text)) < 0)
		return -1;
	if (sscanf(text, "monotonic %lld %lld boottime %lld %lld", &values[0],
		   &values[1], &values[2], &values[3]) != 4) {
		errno = EPROTO;
		return failed("read", "the offsets");
	}
	if (clock_gettime(CLOCK_MONOTONIC, &now[0]) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &now[1]) < 0)
		return failed("clock_gettime", "");
	*monotonic = values[0] * SECOND + values[1] + wanted -
		     (now[0].tv_sec * SECOND + now[0].tv_nsec);
	*boottime = values[2] * SECOND + values[3] + wanted -
		    (now[1].tv_sec * SECOND + now[1].tv_nsec);
	return 0;
}

static int64_t seconds(int64_t time)
{
	return time / SECOND - (time % SECOND < 0);
}

int enter_time_namespace(double uptime)
{
	int64_t monotonic, boottime;
	int fd, result, saved;

	if (uptime > 4e9) {
		errno = ERANGE;
		return failed("be up for", "%g seconds", uptime);
	}
	if (find_offsets(uptime, &monotonic, &boottime) < 0)
		return -1;
	if (unshare(CLONE_NEWTIME) < 0)
		return failed("unshare", "");
	if (write_file(AT_FDCWD, "/proc/self/timens_offsets",
		       "boottime %lld %lld\nmonotonic %lld %lld",
		       (long long)seconds(boottime),
		       (long long)(boottime - seconds(boottime) * SECOND),
		       (long long)seconds(monotonic),
		       (long long)(monotonic - seconds(monotonic) * SECOND)) <
	    0)
		return -1;
	fd = open("/proc/thread-self/ns/time_for_children",
		  O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", "the time namespace");
	result = setns(fd, 0);
	saved = errno;
	close(fd);
	errno = saved;
	return result < 0 ? failed("setns", "") : 0;
}
