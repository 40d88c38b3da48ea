#include "sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"
#include "todo.h"

/*
 * TODO 5: a struct sockaddr_un with the path, unix(7): refuse what does not fit
 * into it with a NUL behind, and the empty name, before there is a socket.
 * Then socket(2), which can make it close-on-exec, bind(2), which makes the
 * file, and listen(2). On every way out of a failure: close the socket, remove
 * the file if bind(2) has made it, and only then. A file that was there before
 * is somebody's, even if nobody listens.
 */
int socket_listen(const char *path)
{
	return todo(5, path);
}

/* TODO 5: the other side: the same address, and connect(2). */
int socket_connect(const char *path)
{
	return todo(5, path);
}

/*
 * TODO 5: getsockopt(2) with SO_PEERCRED, unix(7). The kernel has written it
 * down when the peer connected; what a message says of its sender proves
 * nothing.
 */
int peer_credentials(int socket, struct ucred *peer)
{
	return todo(5, socket, peer);
}

/* Room for the control message of one descriptor, aligned as it must be. */
union control {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/*
 * TODO 6: sendmsg(2) with a struct msghdr: one byte in an iovec, and a union
 * control whose header says SOL_SOCKET, SCM_RIGHTS and CMSG_LEN() of an int,
 * and whose data, CMSG_DATA(), are the descriptor: see the example of cmsg(3).
 * A flag of send(2) keeps SIGPIPE away.
 */
int send_fd(int socket, int fd)
{
	return todo(6, socket, fd);
}

/*
 * TODO 6: recvmsg(2) into room like that of send_fd(); one of its flags has
 * the descriptor close-on-exec from the start. It returns 0 when the peer has
 * closed. Then count what came, by cmsg_len, and look at msg_flags: exactly
 * one, and not truncated, or it is a bad message. A descriptor of a bad message
 * is open here all the same: close every one. CMSG_SPACE() of one int has room
 * for two, for the kernel fills the padding as well.
 */
int receive_fd(int socket)
{
	return todo(6, socket);
}
