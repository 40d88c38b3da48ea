/*
 * Stage 04: UNIX domain sockets, which carry open descriptors and say who is
 * at the other end. unix(7).
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <sys/socket.h>

/*
 * A stream socket listening at the file `path`, close-on-exec. Returns its
 * descriptor, or -1 with errno: EADDRINUSE when the file exists,
 * ENAMETOOLONG when the path is over 107 bytes (it is never cut short),
 * ENOENT when it is empty. The caller removes the file; after a failure none
 * is left that was not there.
 */
int socket_listen(const char *path);

/*
 * A stream socket connected to `path`, close-on-exec. Returns its descriptor,
 * or -1 with errno: ENOENT, ECONNREFUSED when nobody listens, ENAMETOOLONG.
 */
int socket_connect(const char *path);

/*
 * Sends one descriptor, with one byte of data: a message must have some. Here
 * it stays open. Returns 0, or -1 with errno; a closed peer is EPIPE, not a
 * signal. sendmsg(2), cmsg(3), SCM_RIGHTS.
 */
int send_fd(int socket, int fd);

/*
 * Waits for one descriptor, already close-on-exec when it appears here.
 * Returns it, or -1 with errno: ENOTCONN when the peer has closed, ECONNRESET
 * when it did so with something unread that was sent to it, EBADMSG when the
 * message carries none or more than one, also when not all of them could be
 * opened here (MSG_CTRUNC); what came is closed again. recvmsg(2),
 * MSG_CMSG_CLOEXEC.
 */
int receive_fd(int socket);

/*
 * Who connected: process id, user id and group id as the kernel recorded
 * them, not as anybody claims. Returns 0, or -1 with errno. SO_PEERCRED.
 */
int peer_credentials(int socket, struct ucred *peer);

#endif
