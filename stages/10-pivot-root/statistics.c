#include "statistics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "failure.h"

int open_statistics(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	return fd < 0 ? failed("open", "%s", path) : fd;
}

static unsigned long long usec(const struct timeval *t)
{
	return (unsigned long long)t->tv_sec * 1000000 +
	       (unsigned long long)t->tv_usec;
}

/* Signal that ended the command, or process 1 and the command with it; or 0 */
static int ended_by(const struct report *report)
{
	const struct outcome *last = report->command.ended ? &report->command :
							     &report->outcome;

	return WIFSIGNALED(last->status) ? WTERMSIG(last->status) : 0;
}

static const char *cause(const struct report *report)
{
	if (report->timed_out)
		return "timeout";
	if (report->stats.oom_kills > 0 && ended_by(report) == SIGKILL)
		return "oom";
	return ended_by(report) ? "signaled" : "exited";
}

int write_statistics(int fd, const char *path, const struct report *report)
{
	const struct rusage *usage = &report->outcome.usage;
	const struct cgroup_stats *s = &report->stats;
	bool group = report->has_cgroup;

	dprintf(fd, "cause %s\nstatus %d\nsignal %d\nwall_usec %.0f\n",
		cause(report), report->status, ended_by(report),
		report->wall_seconds * 1e6);
	dprintf(fd, "user_usec %llu\nsystem_usec %llu\n",
		group ? (unsigned long long)s->user_usec :
			usec(&usage->ru_utime),
		group ? (unsigned long long)s->system_usec :
			usec(&usage->ru_stime));
	if (dprintf(fd, "memory_peak %llu\n",
		    s->memory_peak ? (unsigned long long)s->memory_peak :
				     (unsigned long long)usage->ru_maxrss *
					     1024) < 0)
		return failed("write", "%s", path);
	if (!group)
		return 0;
	if (dprintf(fd,
		    "oom_kill %llu\npids_peak %llu\nnr_throttled %llu\n"
		    "throttled_usec %llu\npids_max %llu\n",
		    (unsigned long long)s->oom_kills,
		    (unsigned long long)s->pids_peak,
		    (unsigned long long)s->throttled,
		    (unsigned long long)s->throttled_usec,
		    (unsigned long long)s->pids_max_hits) < 0)
		return failed("write", "%s", path);
	return 0;
}
