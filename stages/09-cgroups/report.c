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
	/* The kernel says so with SIGKILL; anybody may have sent that. */
	if (WTERMSIG(status) == SIGKILL && stats->oom_kills > 0)
		return "oom_killed";
	return "signal";
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
		"%s %d\n"
		"wall_usec %" PRIu64 "\n"
		"user_usec %" PRIu64 "\n"
		"system_usec %" PRIu64 "\n"
		"memory_peak %" PRIu64 "\n"
		"max_rss %" PRIu64 "\n"
		"oom_kill %" PRIu64 "\n"
		"nr_throttled %" PRIu64 "\n"
		"throttled_usec %" PRIu64 "\n"
		"pids_peak %" PRIu64 "\n"
		"pids_max %" PRIu64 "\n",
		cause(status, stats),
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
		(uint64_t)(wall * 1e6), stats->user_usec, stats->system_usec,
		stats->memory_peak, (uint64_t)outcome->usage.ru_maxrss * 1024,
		stats->oom_kills, stats->throttled, stats->throttled_usec,
		stats->pids_peak, stats->pids_max_hits);
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
