/*
 * Stage 04: pipes. A descriptor to write to, one to read from, and an end of
 * file that comes only when the last writer is gone.
 */
#ifndef PIPES_H
#define PIPES_H

#include <stddef.h>
#include <sys/types.h>

#include "spawn.h"

/*
 * Starts `count` commands (1 or more), the standard output of each connected
 * to the standard input of the next; the first reads and the last writes what
 * the caller does. No process keeps an end that is not its own: a reader sees
 * the end of file when its writer is gone, a writer gets SIGPIPE when its
 * reader is. The caller never has more than three of these descriptors open,
 * however many commands there are. A command that cannot be executed ends as
 * exec_command() says, and the others go on. All stay in the caller's process
 * group, and ignore the signals that it ignores.
 *
 * The process ids go to pids[]. Returns 0. On failure the commands already
 * started are killed, with SIGKILL, and collected, every descriptor is closed,
 * and -1 is returned with errno of pipe2(2) or fork(2). pipe(7), dup2(2).
 */
int pipeline(const struct command *commands, size_t count, pid_t *pids);

/*
 * Copies all that can be read from `from` to `to`. Short writes and
 * interrupted calls are gone on with. Returns the number of bytes, or -1 with
 * errno, also when some were copied before; EPIPE when nobody reads (SIGPIPE,
 * unless it is ignored).
 */
ssize_t copy_all(int from, int to);

/*
 * Makes the FIFO `path` (mode 0600), waits for a writer, copies what comes to
 * `to` until the last writer has closed, be it one that has written nothing,
 * and closes and removes the FIFO, also when opening it or copying failed. The
 * caller's umask(2) stays. Returns the bytes copied, or -1 with errno; EEXIST
 * when there is such a file already, which is left alone. The FIFO is open
 * close-on-exec. mkfifo(3), fifo(7).
 */
ssize_t fifo_receive(const char *path, int to);

/*
 * Waits for a reader of the FIFO `path`, copies `from` into it and closes it.
 * Returns the bytes copied, or -1 with errno: that of open(2), or EINVAL when
 * what it opened is no FIFO; not a byte is written then, and it is closed as
 * well. It is open close-on-exec.
 */
ssize_t fifo_send(const char *path, int from);

/*
 * A barrier: the place where a process waits until another has made something
 * ready. A container's child waits here until its parent has written the id
 * maps.
 */
struct barrier {
	int read_end;  /* -1: closed */
	int write_end; /* -1: closed */
};

/* Before fork(2). Both ends close on exec. Returns 0, or -1 with errno. */
int barrier_open(struct barrier *barrier);

/*
 * In the process that waits. Closes its write end first: otherwise it would
 * wait for itself. Returns 0 once released; -1 with errno ECANCELED when the
 * other side closed or died without releasing. Its read end is closed after,
 * released or not.
 */
int barrier_wait(struct barrier *barrier);

/*
 * In the other process: closes its read end, lets the waiting one go, and
 * closes the write end too, also when it fails. Returns 0, or -1 with errno:
 * EPIPE when nobody waits any more, without a SIGPIPE that ends the caller;
 * what the caller does about that signal is the same afterwards.
 */
int barrier_release(struct barrier *barrier);

/* Closes what is still open; the one who waits gets ECANCELED. */
void barrier_close(struct barrier *barrier);

#endif
