/*
 * A terminal for the container, and the traffic between it and ours. Given.
 * pty(7).
 */
#ifndef PTY_H
#define PTY_H

#include <sys/types.h>

/*
 * In the container, after its /dev is there: makes a pseudoterminal of the
 * size of the caller's terminal and sends the master through `socket`.
 * Returns the slave's descriptor (close-on-exec), or -1 with errno.
 */
int pty_open(int socket);

/*
 * In the child that will be the command: leads a new session with `slave` as
 * its terminal and as standard input, output and error. Returns 0, or -1.
 */
int pty_enter(int slave);

/*
 * Outside: receives the master through `socket`, puts the caller's terminal
 * in raw mode and starts a process that copies both ways until the last slave
 * closes, follows changes of the window size, and restores the terminal also
 * when its parent is killed. When our standard input ends, it types the
 * terminal's end of file. Returns its process id, or -1 with errno;
 * ENOTCONN when the container ended before it had a terminal.
 */
pid_t pty_start(int socket);

#endif
