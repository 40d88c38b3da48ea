#include "kill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "syscalls.h"

/*
 * A process has a number in its own PID namespace and in each above it; NSpid
 * lists those from ours on down. pidfd_open(2), proc(5)
 */
static bool is_below(int pidfd)
{
	char path[64], text[512];
	const char *line;
	ssize_t n;
	int fd, numbers[2];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	line = strstr(text, "\nNSpid:");
	return line && sscanf(line + 7, "%d %d", &numbers[0], &numbers[1]) == 2;
}

int kill_process(pid_t pid, int sig)
{
	int pidfd = pid > 0 ? sys_pidfd_open(pid, 0) : -1, result, saved;

	if (pid <= 0)
		errno = ESRCH;
	if (pidfd < 0)
		return -1;
	if (is_below(pidfd)) {
		result = sys_pidfd_send_signal(pidfd, sig);
	} else {
		errno = ESRCH;
		result = -1;
	}
	saved = errno;
	close(pidfd);
	errno = saved;
	return result;
}
