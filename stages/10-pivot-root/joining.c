#include "joining.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "files.h"
#include "hierarchy.h"

static ssize_t read_proc(pid_t pid, const char *file, char *text, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return read_file(AT_FDCWD, path, text, size);
}

/* True when `pid` has the PID namespace of the caller. */
static bool is_outside(pid_t pid)
{
	struct stat ours, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return stat("/proc/self/ns/pid", &ours) == 0 &&
	       stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino;
}

/* The child of a supervisor that is in another PID namespace: process 1. */
static pid_t container_of(pid_t pid)
{
	char text[4096], file[64], *word, *rest;

	snprintf(file, sizeof(file), "task/%d/children", (int)pid);
	if (read_proc(pid, file, text, sizeof(text)) < 0)
		return -1;
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		pid_t child = (pid_t)strtol(word, NULL, 10);

		if (!is_outside(child))
			return child;
	}
	errno = EINVAL;
	return -1;
}

static const char *field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? at + strlen(name) : NULL;
}

static int read_status(pid_t pid, struct joining *joining)
{
	const char *bounding, *seccomp;
	char text[8192];

	if (read_proc(pid, "status", text, sizeof(text)) < 0)
		return -1;
	bounding = field(text, "\nCapBnd:");
	seccomp = field(text, "\nSeccomp:");
	if (!bounding || !seccomp) {
		errno = EPROTO;
		return failed("read status of", "%d", (int)pid);
	}
	joining->capabilities = strtoull(bounding, NULL, 16);
	joining->seccomp = strtol(seccomp, NULL, 10) == 2;
	return 0;
}

int look_at_container(pid_t pid, struct joining *joining)
{
	pid_t inside = pid;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return failed("find process", "%d", (int)pid);
	if (is_outside(pid))
		inside = container_of(pid);
	if (inside < 0) {
		errno = EINVAL;
		return failed("find a container at process", "%d", (int)pid);
	}
	/* First: from here on it cannot become another process. */
	joining->pidfd = sys_pidfd_open(inside, 0);
	if (joining->pidfd < 0)
		return failed("pidfd_open", "%d", (int)inside);
	/* A machine without a version 2 hierarchy has no group to enter. */
	joining->cgroup = open_group_of(inside);
	if ((joining->cgroup < 0 && errno != ENOENT) ||
	    read_status(inside, joining) < 0) {
		int saved = errno;

		close(joining->pidfd);
		errno = saved;
		return -1;
	}
	return 0;
}

int enter_group(const struct joining *joining)
{
	if (joining->cgroup < 0)
		return 0;
	return write_file(joining->cgroup, "cgroup.procs", "0");
}

void close_joining(struct joining *joining)
{
	close(joining->pidfd);
	if (joining->cgroup >= 0)
		close(joining->cgroup);
}
