/*
 * The last command is started first: its writer has a reader from the start.
 * SIGPIPE is not ignored but blocked, and taken back when it came.
 */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"
#include "watch.h"

static void be(int end, int standard)
{
	int flags;

	if (end == standard) {
		flags = fcntl(end, F_GETFD);
		if (fcntl(end, F_SETFD, flags & ~FD_CLOEXEC) == 0)
			return;
	} else if (end < 0 || dup2(end, standard) == standard) {
		return;
	}
	failed("connect", "%d", standard);
	die(EXIT_OURS);
}

int pipeline(const struct command *commands, size_t count, pid_t *pids)
{
	int out = -1; /* where the command before is to write */
	int ends[2];
	size_t i = count;

	while (i > 0) {
		ends[0] = ends[1] = -1;
		if (i > 1 && pipe2(ends, O_CLOEXEC) < 0) {
			failed("pipe2", "");
			goto undo;
		}
		i--;
		pids[i] = fork();
		if (pids[i] == 0) {
			/* What is to be 0 may have the number 1. */
			be(ends[0], STDIN_FILENO);
			be(out, STDOUT_FILENO);
			exec_command(&commands[i]);
		}
		if (pids[i] < 0)
			failed("fork", "for %s", commands[i].file);
		close_end(&out);
		close_end(&ends[0]);
		out = ends[1];
		if (pids[i] < 0) {
			i++;
			goto undo;
		}
	}
	return 0;
undo:
	close_end(&out);
	end_all(pids + i, count - i);
	return -1;
}

/* Two halves of a buffer: it is all the same to the kernel. */
static ssize_t fill(int from, char *buffer, size_t half)
{
	struct iovec parts[] = {{buffer, half}, {buffer + half, half}};

	return RETRY(readv(from, parts, 2));
}

ssize_t copy_all(int from, int to)
{
	const size_t half = 8192;
	char *buffer = malloc(2 * half);
	ssize_t sum = 0, n = buffer ? 1 : -1, at, m;
	int error;

	while (n > 0) {
		n = fill(from, buffer, half);
		if (n < 0)
			failed("read", "%d", from);
		for (at = 0; at < n; at += m) {
			m = RETRY(write(to, buffer + at, (size_t)(n - at)));
			if (m < 0) {
				n = failed("write", "%d", to);
				break;
			}
			sum += m;
		}
	}
	error = errno;
	free(buffer);
	errno = error;
	return n < 0 ? -1 : sum;
}

ssize_t fifo_receive(const char *path, int to)
{
	ssize_t copied;
	int fd, error, gone;

	if (mkfifoat(AT_FDCWD, path, S_IRUSR | S_IWUSR) != 0)
		return failed("make", "%s", path);
	fd = RETRY(openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC));
	copied = fd < 0 ? failed("open", "%s", path) : copy_all(fd, to);
	error = errno;
	gone = unlinkat(AT_FDCWD, path, 0);
	if (fd >= 0)
		close(fd);
	if (copied >= 0 && gone < 0)
		return failed("remove", "%s", path);
	errno = error;
	return copied;
}

ssize_t fifo_send(const char *path, int from)
{
	int fd = RETRY(open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC));
	ssize_t copied = -1;
	struct stat what;

	if (fd < 0)
		return failed("open", "%s", path);
	errno = EINVAL;
	if (fstat(fd, &what) < 0 || !S_ISFIFO(what.st_mode))
		failed("send to", "%s: it is no FIFO", path);
	else
		copied = copy_all(from, fd);
	close_end(&fd);
	return copied;
}

int barrier_open(struct barrier *barrier)
{
	union {
		int ends[2];
		struct barrier barrier;
	} both;

	if (pipe2(both.ends, O_CLOEXEC) < 0)
		return failed("pipe2", "barrier");
	*barrier = both.barrier;
	return 0;
}

int barrier_wait(struct barrier *barrier)
{
	ssize_t n;
	char c;

	close_end(&barrier->write_end);
	n = RETRY(read(barrier->read_end, &c, sizeof(c)));
	close_end(&barrier->read_end);
	if (n == 1)
		return 0;
	if (n == 0)
		errno = ECANCELED;
	return failed("barrier", "wait");
}

int barrier_release(struct barrier *barrier)
{
	const struct timespec at_once = {0};
	sigset_t sigpipe, before, pending;
	ssize_t n;

	close_end(&barrier->read_end);
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &sigpipe, &before);
	sigpending(&pending);
	n = RETRY(write(barrier->write_end, "!", 1));
	if (n < 0) {
		failed("barrier", "release");
		if (errno == EPIPE && !sigismember(&pending, SIGPIPE)) {
			sigtimedwait(&sigpipe, NULL, &at_once);
			errno = EPIPE;
		}
	}
	close_end(&barrier->write_end);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return n < 0 ? -1 : 0;
}

void barrier_close(struct barrier *barrier)
{
	close_end(&barrier->write_end);
	close_end(&barrier->read_end);
}
