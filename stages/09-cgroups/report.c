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

/* Before Linux 5.19 the group keeps no such count. */
static uint64_t memory_peak(const struct outcome *outcome,
			    const struct cgroup_stats *stats)
{
	if (stats->memory_peak > 0)
		return stats->memory_peak;
	return (uint64_t)outcome->usage.ru_maxrss * 1024;
}

int report_usage(int fd, const struct outcome *outcome, double wall,
		 const struct cgroup_stats *stats)
{
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
		cause(status, stats), exit_status(status),
		WIFSIGNALED(status) ? WTERMSIG(status) : 0, wall * 1e6,
		stats->user_usec, stats->system_usec,
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
