#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"
#include "todo.h"
#include "watch.h"

/* <answer> */
/* Makes `end` the standard input or output; -1: it stays what it is. */
static int connect_end(int end, int standard)
{
	int result;

	if (end < 0)
		return 0;
	/* dup2(2) onto itself would leave FD_CLOEXEC in place. */
	result = end == standard ? fcntl(end, F_SETFD, 0) : dup2(end, standard);
	return result < 0 ? failed("dup2", "%d to %d", end, standard) : 0;
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
/* </answer> */

/*
 * Task 1: command after command: a pipe to the next one, pipe2(2), unless it is
 * the last; a child, fork(2); in the child the ends become descriptors 0 and 1,
 * dup2(2), and exec_command() does the rest. In the parent, close what the
 * child has taken over before you go on: an end that stays open here is
 * inherited by every later command, and no reader sees an end of file before
 * the last writer is gone, pipe(7). Do not wait for anybody: a command may need
 * the next one to run before it can end. If descriptor 0 or 1 was closed, a
 * pipe's end has that very number: read what dup2(2) says of equal numbers, and
 * what becomes of FD_CLOEXEC, fcntl(2). If pipe2(2) or fork(2) fails, undo all:
 * end_all() (watch.h), and the ends.
 */
int pipeline(const struct command *commands, size_t count, pid_t *pids)
{
	/* <answer> return todo(1, commands, count, pids); */
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
	/* </answer> */
}

/* <answer> */
static int write_all(int to, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = RETRY(write(to, data, size));

		if (n < 0)
			return failed("write to", "descriptor %d", to);
		data += n;
		size -= (size_t)n;
	}
	return 0;
}
/* </answer> */

/*
 * Task 2: read(2) until it returns 0, and write(2) what came. Both may be
 * interrupted by a signal before they have done anything (EINTR): RETRY()
 * (ends.h). And write(2) may take less than it was given: the rest is still
 * yours to write. The bytes are no text: NUL is one of them.
 */
ssize_t copy_all(int from, int to)
{
	/* <answer> return todo(2, from, to); */
	char buffer[65536]; /* what a pipe holds, pipe(7) */
	ssize_t total = 0, n;

	while ((n = RETRY(read(from, buffer, sizeof(buffer)))) > 0) {
		if (write_all(to, buffer, (size_t)n) < 0)
			return -1;
		total += n;
	}
	return n < 0 ? failed("read from", "descriptor %d", from) : total;
	/* </answer> */
}

/*
 * Task 3: a pipe that has a name. mkfifo(3), then open(2) for reading alone,
 * close-on-exec, which waits for a writer, fifo(7); copy_all(), close(2), and
 * unlink(2) on every way out once the FIFO is yours. Whoever opens it for
 * reading and writing is a writer himself and never sees the end of file. Say
 * with errno what failed first, not what failed while you tidied up.
 */
ssize_t fifo_receive(const char *path, int to)
{
	/* <answer> return todo(3, path, to); */
	ssize_t copied = -1;
	int fd, saved;

	if (mkfifo(path, 0600) < 0)
		return failed("mkfifo", "%s", path);
	fd = RETRY(open(path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		failed("open", "%s", path);
	else
		copied = copy_all(fd, to);
	close_end(&fd);
	saved = errno;
	if (unlink(path) < 0 && copied >= 0)
		return failed("unlink", "%s", path);
	errno = saved;
	return copied;
	/* </answer> */
}

/*
 * Task 3: the other side: open(2) for writing, close-on-exec, which waits for a
 * reader, copy_all(), and close(2) on every way out. Make no file. Before you
 * write, ask fstat(2) whether what you have opened is a FIFO, S_ISFIFO() in
 * inode(7): of the descriptor, because the name may be another file's by now.
 */
ssize_t fifo_send(const char *path, int from)
{
	/* <answer> return todo(3, path, from); */
	ssize_t copied = -1;
	struct stat file;
	int fd = RETRY(open(path, O_WRONLY | O_CLOEXEC));

	if (fd < 0)
		return failed("open", "%s", path);
	if (fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode)) {
		copied = copy_all(from, fd);
	} else {
		errno = EINVAL;
		failed("send to", "%s, which is no FIFO", path);
	}
	close_end(&fd);
	return copied;
	/* </answer> */
}

/* Task 4: one pipe, pipe2(2); no command is to inherit either end. */
int barrier_open(struct barrier *barrier)
{
	/* <answer> return todo(4, barrier); */
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failed("pipe2", "for a barrier");
	barrier->read_end = ends[0];
	barrier->write_end = ends[1];
	return 0;
	/* </answer> */
}

/*
 * Task 4: read(2) one byte. It comes, or the end of file does: when the last
 * writer has gone without a word. So your own write end goes first. Close the
 * read end on every way out, with close_end(), which keeps errno.
 */
int barrier_wait(struct barrier *barrier)
{
	/* <answer> return todo(4, barrier); */
	ssize_t n;
	char byte;

	close_end(&barrier->write_end);
	n = RETRY(read(barrier->read_end, &byte, 1));
	if (n == 0)
		errno = ECANCELED; /* end of file: no writer is left */
	close_end(&barrier->read_end);
	return n <= 0 ? failed("wait at", "a barrier") : 0;
	/* </answer> */
}

/*
 * Task 4: close the read end, write(2) one byte, close the write end. If nobody
 * waits any more, SIGPIPE comes, and would end the caller: ignore it while you
 * write, sigaction(2), and then have it treated as it was before: this is the
 * caller's to decide, and a command inherits what is ignored.
 */
int barrier_release(struct barrier *barrier)
{
	/* <answer> return todo(4, barrier); */
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
	/* </answer> */
}

/* Task 4: whoever waits sees the end of file. */
void barrier_close(struct barrier *barrier)
{
	/* <answer> todo(4, barrier); */
	close_end(&barrier->read_end);
	close_end(&barrier->write_end);
	/* </answer> */
}
