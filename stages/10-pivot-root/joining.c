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

enum place { HERE, ELSEWHERE, HIDDEN };

/* Whether `pid` is in the caller's PID namespace, as far as one may look. */
static enum place place_of(pid_t pid)
{
	struct stat ours, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	if (stat(path, &theirs) < 0 || stat("/proc/self/ns/pid", &ours) < 0)
		return HIDDEN;
	return ours.st_ino == theirs.st_ino ? HERE : ELSEWHERE;
}

static pid_t first_child(pid_t pid)
{
	char text[4096], file[64], *end;
	pid_t child;

	snprintf(file, sizeof(file), "task/%d/children", (int)pid);
	if (read_proc(pid, file, text, sizeof(text)) < 0)
		return 0;
	child = (pid_t)strtol(text, &end, 10);
	return end == text ? 0 : child;
}

/*
 * From box, who supervises, to process 1, its first child; from that, which
 * hides from all but root, to the command.
 */
static pid_t process_inside(pid_t pid)
{
	for (int steps = 0; pid > 0 && steps < 3; steps++) {
		if (place_of(pid) == ELSEWHERE)
			return pid;
		pid = first_child(pid);
	}
	return 0;
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
	pid_t inside;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return failed("find process", "%d", (int)pid);
	inside = process_inside(pid);
	if (inside == 0) {
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

/* In the same group there is nothing to enter, nor a right to do it needed. */
static bool is_own_group(int group)
{
	struct stat ours, theirs;
	int own = open_group_of(0);
	bool same = own >= 0 && fstat(own, &ours) == 0 &&
		    fstat(group, &theirs) == 0 && ours.st_ino == theirs.st_ino;

	if (own >= 0)
		close(own);
	return same;
}

int enter_group(const struct joining *joining)
{
	if (joining->cgroup < 0 || is_own_group(joining->cgroup))
		return 0;
	return write_file(joining->cgroup, "cgroup.procs", "0");
}

void close_joining(struct joining *joining)
{
	close(joining->pidfd);
	if (joining->cgroup >= 0)
		close(joining->cgroup);
}
