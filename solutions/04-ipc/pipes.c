#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "watch.h"

/* Closes a descriptor if it is one. errno is left as it was. */
static void close_end(int *end)
{
	int saved = errno;

	if (*end >= 0)
		close(*end);
	*end = -1;
	errno = saved;
}

/* Makes `end` the standard input or output; -1: it stays what it is. */
static int connect_end(int end, int standard)
{
	int result;

	if (end < 0)
		return 0;
	do {
		/* dup2(2) onto itself would leave FD_CLOEXEC in place. */
		if (end == standard)
			result = fcntl(end, F_SETFD, 0);
		else
			result = dup2(end, standard);
	} while (result < 0 && errno == EINTR);
	if (result < 0)
		return failed("dup2", "%d to %d", end, standard);
	return 0;
}

static pid_t start(const struct command *command, int in, int out)
{
	pid_t child = fork();

	if (child < 0)
		return failed("fork for", "%s", command->file);
	if (child == 0) {
		/* The pipes' own descriptors go with execve(2): O_CLOEXEC. */
		if (connect_end(in, STDIN_FILENO) < 0 ||
		    connect_end(out, STDOUT_FILENO) < 0)
			die(EXIT_OURS);
		exec_command(command);
	}
	return child;
}

int pipeline(const struct command *commands, size_t count, pid_t *pids)
{
	int in = -1;
	size_t i;

	for (i = 0; i < count; i++) {
		int ends[2] = {-1, -1};

		if (i + 1 < count && pipe2(ends, O_CLOEXEC) < 0) {
			failed("pipe2 after", "%s", commands[i].file);
			break;
		}
		pids[i] = start(&commands[i], in, ends[1]);
		/* A writer left open here would keep the reader waiting. */
		close_end(&in);
		close_end(&ends[1]);
		in = ends[0];
		if (pids[i] < 0)
			break;
	}
	if (i == count)
		return 0;
	close_end(&in);
	end_all(pids, i);
	return -1;
}

static int write_all(int to, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(to, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("write to", "descriptor %d", to);
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t copy_all(int from, int to)
{
	char buffer[65536]; /* what a pipe holds, pipe(7) */
	ssize_t total = 0;

	for (;;) {
		ssize_t n = read(from, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("read from", "descriptor %d", from);
		if (n == 0)
			return total;
		if (write_all(to, buffer, (size_t)n) < 0)
			return -1;
		total += n;
	}
}

/* Opening one side of a FIFO waits for the other side. */
static int open_fifo(const char *path, int side)
{
	int fd;

	do
		fd = open(path, side | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return failed("open", "%s", path);
	return fd;
}

ssize_t fifo_receive(const char *path, int to)
{
	ssize_t copied = -1;
	int fd, saved;

	if (mkfifo(path, 0600) < 0)
		return failed("mkfifo", "%s", path);
	fd = open_fifo(path, O_RDONLY);
	if (fd >= 0)
		copied = copy_all(fd, to);
	close_end(&fd);
	saved = errno;
	if (unlink(path) < 0 && copied >= 0)
		return failed("unlink", "%s", path);
	errno = saved;
	return copied;
}

ssize_t fifo_send(const char *path, int from)
{
	ssize_t copied = -1;
	struct stat file;
	int fd = open_fifo(path, O_WRONLY);

	if (fd < 0)
		return -1;
	/* Asked of the descriptor: the name may be another file's by now. */
	if (fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode)) {
		copied = copy_all(from, fd);
	} else {
		errno = EINVAL;
		failed("send to", "%s, which is no FIFO", path);
	}
	close_end(&fd);
	return copied;
}

int barrier_open(struct barrier *barrier)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failed("pipe2", "for a barrier");
	barrier->read_end = ends[0];
	barrier->write_end = ends[1];
	return 0;
}

int barrier_wait(struct barrier *barrier)
{
	ssize_t n;
	char byte;

	close_end(&barrier->write_end);
	do
		n = read(barrier->read_end, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ECANCELED; /* end of file: no writer is left */
	close_end(&barrier->read_end);
	if (n <= 0)
		return failed("wait at", "a barrier");
	return 0;
}

int barrier_release(struct barrier *barrier)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	int released = -1;

	/* Our own read end would take the byte that nobody waits for. */
	close_end(&barrier->read_end);
	if (sigaction(SIGPIPE, &ignore, &before) == 0) {
		released = write_all(barrier->write_end, "", 1);
		sigaction(SIGPIPE, &before, NULL);
	}
	close_end(&barrier->write_end);
	return released < 0 ? failed("release", "a barrier") : 0;
}

void barrier_close(struct barrier *barrier)
{
	close_end(&barrier->read_end);
	close_end(&barrier->write_end);
}
