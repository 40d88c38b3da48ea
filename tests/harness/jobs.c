#include "jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

/*
 * More than this of what a test says, or of its result, is not the test's own:
 * a file in memory may be written to by whoever got hold of it.
 */
#define MOST_TEXT (1 << 20)

struct job {
	pid_t pid; /* 0: not started, or collected */
	bool ended;
	int text, results; /* files in memory */
};

static _Noreturn void work(const struct job *job, pid_t parent, size_t number,
			   int (*body)(size_t number, FILE *results))
{
	FILE *results = fdopen(job->results, "w");
	int status;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || !results ||
	    dup2(job->text, STDOUT_FILENO) < 0) {
		failed("start", "a test");
		die(EXIT_OURS);
	}
	/* It may have ended before we asked to be told. */
	if (getppid() != parent)
		_exit(EXIT_OURS);
	status = body(number, results);
	if (fclose(results) == EOF || fflush(stdout) == EOF) {
		failed("write", "results");
		die(EXIT_OURS);
	}
	_exit(status);
}

static int start_job(struct job *job, size_t number,
		     int (*body)(size_t number, FILE *results))
{
	pid_t parent = getpid();

	job->text = memfd_create("text", MFD_CLOEXEC);
	job->results = memfd_create("results", MFD_CLOEXEC);
	if (job->text < 0 || job->results < 0)
		return failed("memfd_create", "");
	fflush(NULL);
	job->pid = fork();
	if (job->pid < 0)
		return failed("fork for", "a test");
	if (job->pid == 0)
		work(job, parent, number, body);
	return 0;
}

/*
 * Any that has ended: its number, or -1. A shell that has become this process
 * may have left children of its own to it.
 */
static long wait_for_job(struct job *jobs, size_t count, int *statuses)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0 && errno != EINTR)
			return failed("waitpid", "a test");
		for (size_t i = 0; pid > 0 && i < count; i++) {
			if (jobs[i].pid != pid)
				continue;
			jobs[i].pid = 0;
			jobs[i].ended = true;
			statuses[i] = WIFEXITED(status)
					      ? WEXITSTATUS(status)
					      : 256 + WTERMSIG(status);
			return (long)i;
		}
	}
}

static int copy(int from, FILE *to)
{
	char buffer[4096];
	off_t at = 0;
	ssize_t n = 0;

	while (at < MOST_TEXT &&
	       (n = pread(from, buffer, sizeof(buffer), at)) > 0) {
		at += n;
		if (to && fwrite(buffer, 1, (size_t)n, to) != (size_t)n)
			return failed("write", "results");
	}
	close(from);
	return n < 0 ? failed("read", "results") : to ? fflush(to) : 0;
}

int run_jobs(size_t count, const size_t *order, unsigned at_once,
	     int (*body)(size_t number, FILE *results), FILE *results,
	     int *statuses)
{
	struct job *jobs = calloc(count, sizeof(*jobs));
	size_t started = 0, told = 0, running = 0;
	long ended;
	int result = jobs ? 0 : failed("calloc", "%zu tests", count);

	while (result == 0 && told < count) {
		if (started < count && running < at_once) {
			const size_t next = order[started];

			result = start_job(&jobs[next], next, body);
			started++;
			running++;
			continue;
		}
		ended = wait_for_job(jobs, count, statuses);
		if (ended < 0) {
			result = -1;
			break;
		}
		running--;
		result = copy(jobs[ended].results, results);
		while (result == 0 && told < count && jobs[told].ended)
			result = copy(jobs[told++].text, stdout);
	}
	for (size_t i = 0; jobs && i < count; i++)
		if (jobs[i].pid > 0)
			kill(jobs[i].pid, SIGKILL);
	free(jobs);
	return result;
}
