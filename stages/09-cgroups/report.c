#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

static const char *cause(int status, const struct cgroup_stats *stats)
{
	if (WIFEXITED(status))
		return "exited";
	/* The kernel kills with SIGKILL, but so may anybody else. */
	if (WTERMSIG(status) == SIGKILL && stats->oom_kills > 0)
		return "oom";
	return "signaled";
}

/* In a group or not: `counted` is 0 where nobody has counted. */
static uint64_t usec(uint64_t counted, const struct timeval *own)
{
	if (counted > 0)
		return counted;
	return (uint64_t)own->tv_sec * 1000000 + (uint64_t)own->tv_usec;
}

/* Before Linux 5.19 the group keeps no such count. */
static uint64_t memory_peak(const struct outcome *outcome,
			    const struct cgroup_stats *stats)
{
	if (stats->memory_peak > 0)
		return stats->memory_peak;
	return (uint64_t)outcome->usage.ru_maxrss * 1024;
}

int report_usage(int fd, const struct outcome *outcome, double wall,
		 const struct cgroup_stats *stats, bool timed_out)
{
	const struct rusage *own = &outcome->usage;
	int status = outcome->status;
	char text[1024];
	ssize_t written;
	int length;

	length = snprintf(
		text, sizeof(text),
		"cause %s\nstatus %d\nsignal %d\n"
		"wall_usec %.0f\nuser_usec %" PRIu64 "\nsystem_usec %" PRIu64
		"\nmemory_peak %" PRIu64 "\noom_kill %" PRIu64
		"\npids_peak %" PRIu64 "\nnr_throttled %" PRIu64
		"\nthrottled_usec %" PRIu64 "\npids_max %" PRIu64 "\n",
		timed_out ? "timeout" : cause(status, stats),
		timed_out ? EXIT_TIMEOUT : exit_status(status),
		WIFSIGNALED(status) ? WTERMSIG(status) : 0, wall * 1e6,
		usec(stats->user_usec, &own->ru_utime),
		usec(stats->system_usec, &own->ru_stime),
		memory_peak(outcome, stats), stats->oom_kills, stats->pids_peak,
		stats->throttled, stats->throttled_usec, stats->pids_max_hits);
	do
		written = write(fd, text, (size_t)length);
	while (written < 0 && errno == EINTR);
	if (written != length) {
		if (written >= 0)
			errno = EIO;
		return failed("write", "what was used");
	}
	return 0;
}
