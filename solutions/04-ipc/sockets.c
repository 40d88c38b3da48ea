#include "sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "failure.h"

/* Says what failed and closes the socket that is of no use any more. */
static int give_up(int socket, const char *operation, const char *path)
{
	int saved = errno;

	failed(operation, "%s", path);
	close(socket);
	errno = saved;
	return -1;
}

/* A new socket, and `path` as the address that it is to have or to reach. */
static int socket_for(const char *path, struct sockaddr_un *address)
{
	size_t length = strlen(path);
	int fd;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length == 0 || length >= sizeof(address->sun_path)) {
		/* An empty name is none: the kernel would make one up. */
		errno = length == 0 ? ENOENT : ENAMETOOLONG;
		return failed("socket at", "%s", path);
	}
	memcpy(address->sun_path, path, length);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed("socket at", "%s", path);
	return fd;
}

int socket_listen(const char *path)
{
	struct sockaddr_un address;
	int fd = socket_for(path, &address);
	int saved;

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return give_up(fd, "bind", path);
	if (listen(fd, SOMAXCONN) < 0) {
		give_up(fd, "listen", path);
		saved = errno;
		unlink(path); /* bind(2) has made it */
		errno = saved;
		return -1;
	}
	return fd;
}

int socket_connect(const char *path)
{
	struct sockaddr_un address;
	int fd = socket_for(path, &address);
	int result;

	if (fd < 0)
		return -1;
	do
		result = connect(fd, (struct sockaddr *)&address,
				 sizeof(address));
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return give_up(fd, "connect", path);
	return fd;
}

/* Room for the control message of one descriptor, aligned as it must be. */
union control {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int send_fd(int socket, int fd)
{
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
	ssize_t sent;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return failed("sendmsg with", "descriptor %d", fd);
	return 0;
}

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

int receive_fd(int socket)
{
	union control control;
	char byte;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;
	int fd;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		errno = ENOTCONN;
	if (got <= 0)
		return failed("recvmsg", "from socket %d", socket);
	fd = only_fd(&message);
	if (fd < 0) {
		errno = EBADMSG;
		return failed("recvmsg", "from socket %d", socket);
	}
	return fd;
}

int peer_credentials(int socket, struct ucred *peer)
{
	socklen_t length = sizeof(*peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer, &length) < 0)
		return failed("getsockopt SO_PEERCRED", "of %d", socket);
	return 0;
}
