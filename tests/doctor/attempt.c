#include "attempt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone.h"
#include "failure.h"
#include "seconds.h"

/* Memory that all processes of an attempt share. */
static struct {
	int error; /* errno of the first of them that failed */
	char remark[128];
} * shared;

void remark(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(shared->remark, sizeof(shared->remark), format, arguments);
	va_end(arguments);
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "%d", (int)child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	/* It has said why, unless a signal ended it. */
	if (shared->error == 0)
		shared->error = ECHILD;
	errno = shared->error;
	return -1;
}

/* The child's end: its failure is told once, by the one that met it. */
static _Noreturn void end(int result)
{
	if (result == 0)
		_exit(0);
	if (shared->error == 0) {
		shared->error = errno ? errno : EIO;
		report_failure();
	}
	_exit(1);
}

int in_namespaces(uint64_t flags, int (*what)(void))
{
	const struct namespaces world = {.flags = flags, .cgroup = -1};
	pid_t child = fork_in_namespaces(&world, NULL);

	if (child < 0)
		return -1;
	if (child == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
			end(failed("prctl", "PR_SET_PDEATHSIG"));
		end(what());
	}
	return wait_for(child);
}

/*
 * Reads until the last writer is gone. The first line is kept: who met the
 * failure speaks first.
 */
static bool read_line(int fd, int patience, char *line, size_t size)
{
	struct pollfd more = {.fd = fd, .events = POLLIN};
	const double end = seconds_now() + patience;
	char text[4096];
	size_t length = 0;
	char *start = text;
	ssize_t n;

	line[0] = '\0';
	for (;;) {
		double left = end - seconds_now();

		if (left <= 0 || poll(&more, 1, (int)(left * 1000) + 1) <= 0)
			return false;
		/* What is too long is read all the same, and forgotten. */
		if (length == sizeof(text) - 1)
			length--;
		n = read(fd, text + length, sizeof(text) - 1 - length);
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	/* Our own name in front says nothing here. */
	if (strncmp(start, "doctor: ", 8) == 0)
		start += 8;
	snprintf(line, size, "%.*s", (int)size - 1, start);
	return true;
}

void try_it(int (*what)(void), int patience, struct attempt *attempt)
{
	int ends[2];
	pid_t child;

	if (!shared) {
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (shared == MAP_FAILED) {
			failed("mmap", "");
			die(EXIT_OURS);
		}
	}
	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	if (pipe(ends) < 0 || (child = fork()) < 0) {
		failed("start", "a child");
		die(EXIT_OURS);
	}
	if (child == 0) {
		close(ends[0]);
		if (dup2(ends[1], STDERR_FILENO) < 0 ||
		    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
			_exit(1);
		close(ends[1]);
		end(what());
	}
	close(ends[1]);
	if (!read_line(ends[0], patience, attempt->text,
		       sizeof(attempt->text))) {
		kill(child, SIGKILL);
		shared->error = ETIMEDOUT;
		snprintf(attempt->text, sizeof(attempt->text),
			 "no end within %d s", patience);
	}
	close(ends[0]);
	memcpy(attempt->remark, shared->remark, sizeof(attempt->remark));
	attempt->error = wait_for(child) < 0 ? shared->error : 0;
}
