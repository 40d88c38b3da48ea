#include "sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"
#include "todo.h"

/* <answer> */
/* A new socket, and `path` as the address that it is to have or to reach. */
static int socket_for(const char *path, struct sockaddr_un *address)
{
	size_t length = strlen(path);
	int fd;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length == 0 || length >= sizeof(address->sun_path)) {
		/* The empty path names no file: it is abstract, unix(7). */
		errno = length == 0 ? ENOENT : ENAMETOOLONG;
		return failed("socket at", "%s", path);
	}
	memcpy(address->sun_path, path, length);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? failed("socket at", "%s", path) : fd;
}
/* </answer> */

/*
 * Task 5: a struct sockaddr_un with the path, unix(7): refuse what does not fit
 * into it with a NUL behind, and the empty name, before there is a socket.
 * Then socket(2), which can make it close-on-exec, bind(2), which makes the
 * file, and listen(2). On every way out of a failure: close the socket, remove
 * the file if bind(2) has made it, and only then. A file that was there before
 * is somebody's, even if nobody listens.
 */
int socket_listen(const char *path)
{
	/* <answer> return todo(5, path); */
	struct sockaddr_un address;
	int fd = socket_for(path, &address);
	int saved;

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		failed("bind", "%s", path);
		close_end(&fd);
	} else if (listen(fd, SOMAXCONN) < 0) {
		failed("listen", "%s", path);
		close_end(&fd);
		saved = errno;
		unlink(path); /* bind(2) has made it */
		errno = saved;
	}
	return fd;
	/* </answer> */
}

/* Task 5: the other side: the same address, and connect(2). */
int socket_connect(const char *path)
{
	/* <answer> return todo(5, path); */
	struct sockaddr_un address;
	int fd = socket_for(path, &address);

	if (fd < 0)
		return -1;
	if (RETRY(connect(fd, (struct sockaddr *)&address, sizeof(address))) <
	    0) {
		failed("connect", "%s", path);
		close_end(&fd);
	}
	return fd;
	/* </answer> */
}

/*
 * Task 5: getsockopt(2) with SO_PEERCRED, unix(7). The kernel has written it
 * down when the peer connected; what a message says of its sender proves
 * nothing.
 */
int peer_credentials(int socket, struct ucred *peer)
{
	/* <answer> return todo(5, socket, peer); */
	socklen_t length = sizeof(*peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer, &length) < 0)
		return failed("getsockopt SO_PEERCRED", "of %d", socket);
	return 0;
	/* </answer> */
}

/* Room for the control message of one descriptor, aligned as it must be. */
union control {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/*
 * Task 6: sendmsg(2) with a struct msghdr: one byte in an iovec, and a union
 * control whose header says SOL_SOCKET, SCM_RIGHTS and CMSG_LEN() of an int,
 * and whose data, CMSG_DATA(), are the descriptor: see the example of cmsg(3).
 * A flag of send(2) keeps SIGPIPE away.
 */
int send_fd(int socket, int fd)
{
	/* <answer> return todo(6, socket, fd); */
	union control control = {0};
	char byte = 0;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (RETRY(sendmsg(socket, &message, MSG_NOSIGNAL)) < 0)
		return failed("sendmsg with", "descriptor %d", fd);
	return 0;
	/* </answer> */
}

/* <answer> */
/*
 * The one descriptor that the message carries, or -1. Padding leaves room for
 * a second one, and a peer that means harm sends it: what came and is not
 * wanted would stay open for ever.
 */
static int only_fd(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t count;
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS)
		return -1;
	count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
	/* Truncated: there was more, and no room for it. */
	if (count == 1 && !(message->msg_flags & MSG_CTRUNC)) {
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		return fd;
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
		close(fd);
	}
	return -1;
}
/* </answer> */

/*
 * Task 6: recvmsg(2) into room like that of send_fd(); one of its flags has
 * the descriptor close-on-exec from the start. It returns 0 when the peer has
 * closed. Then count what came, by cmsg_len, and look at msg_flags: exactly
 * one, and not truncated, or it is a bad message. A descriptor of a bad message
 * is open here all the same: close every one. CMSG_SPACE() of one int has room
 * for two, for the kernel fills the padding as well.
 */
int receive_fd(int socket)
{
	/* <answer> return todo(6, socket); */
	union control control;
	char byte;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = RETRY(recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
	int fd = got > 0 ? only_fd(&message) : -1;

	if (fd >= 0)
		return fd;
	if (got >= 0)
		errno = got == 0 ? ENOTCONN : EBADMSG;
	return failed("recvmsg", "from socket %d", socket);
	/* </answer> */
}
