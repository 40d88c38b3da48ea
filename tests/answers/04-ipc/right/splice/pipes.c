/*
 * clone3(2) for the children, splice(2) where one side is a pipe, and a barrier
 * that is a pair of sockets: those have a flag that keeps SIGPIPE away.
 */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "syscalls.h"

struct link {
	int from, to;
};

static void shut(int fd)
{
	int error = errno;

	if (fd != -1)
		(void)close(fd);
	errno = error;
}

static void take_place(int fd, int number)
{
	int done = fd;

	if (fd == -1)
		return;
	if (fd != number)
		done = dup3(fd, number, 0);
	else
		done = fcntl(fd, F_SETFD, 0);
	if (done == -1) {
		failed("dup3", "%d", fd);
		die(EXIT_OURS);
	}
}

static void undo(const pid_t *pids, size_t count)
{
	int error = errno;

	while (count-- > 0) {
		kill(pids[count], SIGKILL);
		while (waitpid(pids[count], NULL, 0) == -1 && errno == EINTR)
			continue;
	}
	errno = error;
}

int pipeline(const struct command *commands, size_t count, pid_t *pids)
{
	struct clone_args how = {.exit_signal = SIGCHLD};
	struct link before = {-1, -1}, after;
	size_t n = 0;
	int ends[2];

	do {
		after = (struct link){-1, -1};
		if (n + 1 < count) {
			if (pipe2(ends, O_CLOEXEC) == -1)
				goto failure;
			after = (struct link){ends[0], ends[1]};
		}
		pids[n] = sys_clone3(&how, sizeof(how));
		if (pids[n] == 0) {
			take_place(before.from, STDIN_FILENO);
			take_place(after.to, STDOUT_FILENO);
			exec_command(&commands[n]);
		}
		shut(after.to);
		shut(before.from);
		before = after;
		if (pids[n] == -1)
			goto failure;
	} while (++n < count);
	return 0;
failure:
	failed("start", "%s", commands[n].file);
	shut(before.from);
	undo(pids, n);
	return -1;
}

static ssize_t by_hand(int from, int to)
{
	static char page[4096];
	ssize_t got, put, at;

	do
		got = read(from, page, sizeof(page));
	while (got == -1 && errno == EINTR);
	for (at = 0; at < got; at += put) {
		put = write(to, page + at, (size_t)(got - at));
		if (put == -1 && errno != EINTR)
			return failed("write", "%d", to);
		if (put == -1)
			put = 0;
	}
	return got == -1 ? failed("read", "%d", from) : got;
}

ssize_t copy_all(int from, int to)
{
	ssize_t sum = 0, moved;
	bool able = true;

	for (;;) {
		moved = able ? splice(from, NULL, to, NULL, 1 << 20, 0)
			     : by_hand(from, to);
		if (moved == 0)
			return sum;
		if (moved > 0)
			sum += moved;
		else if (able && errno == EINVAL)
			able = false;
		else if (errno != EINTR)
			return failed("copy to", "%d", to);
	}
}

ssize_t fifo_receive(const char *path, int to)
{
	ssize_t copied = -1;
	int fd, error;

	if (mknod(path, S_IFIFO | 0600, 0) == -1)
		return failed("mknod", "%s", path);
	while ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 && errno == EINTR)
		continue;
	if (fd != -1)
		copied = copy_all(fd, to);
	else
		failed("open", "%s", path);
	error = errno;
	unlink(path);
	errno = error;
	shut(fd);
	return copied;
}

ssize_t fifo_send(const char *path, int from)
{
	char again[32];
	struct stat before;
	ssize_t copied;
	int found, fd;

	/* Looked at through a descriptor that opens nothing. */
	do
		found = open(path, O_PATH | O_CLOEXEC);
	while (found == -1 && errno == EINTR);
	if (found == -1)
		return failed("look for", "%s", path);
	if (fstat(found, &before) == -1 || !S_ISFIFO(before.st_mode)) {
		shut(found);
		errno = EINVAL;
		return failed("send to", "%s", path);
	}
	/* What was looked at, and not whatever has that name by now. */
	snprintf(again, sizeof(again), "/proc/self/fd/%d", found);
	do
		fd = open(again, O_WRONLY | O_CLOEXEC);
	while (fd == -1 && errno == EINTR);
	shut(found);
	if (fd == -1)
		return failed("open", "%s", path);
	copied = copy_all(from, fd);
	shut(fd);
	return copied;
}

int barrier_open(struct barrier *barrier)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return failed("socketpair", "");
	*barrier = (struct barrier){.read_end = pair[0], .write_end = pair[1]};
	return 0;
}

static void drop(int *end)
{
	shut(*end);
	*end = -1;
}

int barrier_wait(struct barrier *barrier)
{
	char token[16];
	ssize_t got;

	drop(&barrier->write_end);
	while ((got = recv(barrier->read_end, token, sizeof(token), 0)) == -1 &&
	       errno == EINTR)
		continue;
	drop(&barrier->read_end);
	if (got > 0)
		return 0;
	if (got == 0 || errno == ECONNRESET)
		errno = ECANCELED;
	return failed("wait at", "a barrier");
}

int barrier_release(struct barrier *barrier)
{
	ssize_t sent;

	drop(&barrier->read_end);
	while ((sent = send(barrier->write_end, "go", 2, MSG_NOSIGNAL)) == -1 &&
	       errno == EINTR)
		continue;
	drop(&barrier->write_end);
	return sent == -1 ? failed("release", "a barrier") : 0;
}

void barrier_close(struct barrier *barrier)
{
	drop(&barrier->write_end);
	drop(&barrier->read_end);
}
