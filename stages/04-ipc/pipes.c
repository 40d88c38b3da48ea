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

/*
 * TODO 1: command after command: a pipe to the next one, pipe2(2), unless it is
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
	return todo(1, commands, count, pids);
}

/*
 * TODO 2: read(2) until it returns 0, and write(2) what came. Both may be
 * interrupted by a signal before they have done anything (EINTR): RETRY()
 * (ends.h). And write(2) may take less than it was given: the rest is still
 * yours to write. The bytes are no text: NUL is one of them.
 */
ssize_t copy_all(int from, int to)
{
	return todo(2, from, to);
}

/*
 * TODO 3: a pipe that has a name. mkfifo(3), then open(2) for reading alone,
 * close-on-exec, which waits for a writer, fifo(7); copy_all(), close(2), and
 * unlink(2) on every way out once the FIFO is yours. Whoever opens it for
 * reading and writing is a writer himself and never sees the end of file. Say
 * with errno what failed first, not what failed while you tidied up.
 */
ssize_t fifo_receive(const char *path, int to)
{
	return todo(3, path, to);
}

/*
 * TODO 3: the other side: open(2) for writing, close-on-exec, which waits for a
 * reader, copy_all(), and close(2) on every way out. Make no file. Before you
 * write, ask fstat(2) whether what you have opened is a FIFO, S_ISFIFO() in
 * inode(7): of the descriptor, because the name may be another file's by now.
 */
ssize_t fifo_send(const char *path, int from)
{
	return todo(3, path, from);
}

/* TODO 4: one pipe, pipe2(2); no command is to inherit either end. */
int barrier_open(struct barrier *barrier)
{
	return todo(4, barrier);
}

/*
 * TODO 4: read(2) one byte. It comes, or the end of file does: when the last
 * writer has gone without a word. So your own write end goes first. Close the
 * read end on every way out, with close_end(), which keeps errno.
 */
int barrier_wait(struct barrier *barrier)
{
	return todo(4, barrier);
}

/*
 * TODO 4: close the read end, write(2) one byte, close the write end. If nobody
 * waits any more, SIGPIPE comes, and would end the caller: ignore it while you
 * write, sigaction(2), and then have it treated as it was before: this is the
 * caller's to decide, and a command inherits what is ignored.
 */
int barrier_release(struct barrier *barrier)
{
	return todo(4, barrier);
}

/* TODO 4: whoever waits sees the end of file. */
void barrier_close(struct barrier *barrier)
{
	todo(4, barrier);
}
