/*
 * Room for as many descriptors as one message can bring, so that none is ever
 * left out; addresses as long as they are, and not a byte longer.
 */
#include "sockets.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "failure.h"

enum { MOST = 253 }; /* SCM_MAX_FD */

static socklen_t address_of(struct sockaddr_un *address, const char *path)
{
	int length = snprintf(address->sun_path, sizeof(address->sun_path),
			      "%s", path);

	address->sun_family = AF_UNIX;
	if (length == 0)
		errno = ENOENT;
	else if ((size_t)length >= sizeof(address->sun_path))
		errno = ENAMETOOLONG;
	else
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				   (size_t)length + 1);
	failed("address", "%s", path);
	return 0;
}

static int fail_and_close(int fd, const char *what, const char *path)
{
	int error = errno;

	failed(what, "%s", path);
	close(fd);
	errno = error;
	return -1;
}

int socket_listen(const char *path)
{
	struct sockaddr_un address;
	socklen_t size = address_of(&address, path);
	int fd, error;

	if (size == 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return failed("socket", "");
	if (bind(fd, (const struct sockaddr *)&address, size) == -1)
		return fail_and_close(fd, "bind", path);
	if (listen(fd, 16) == 0)
		return fd;
	error = errno;
	unlink(path);
	errno = error;
	return fail_and_close(fd, "listen at", path);
}

int socket_connect(const char *path)
{
	struct sockaddr_un address;
	socklen_t size = address_of(&address, path);
	int fd, result;

	if (size == 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return failed("socket", "");
	do
		result = connect(fd, (const struct sockaddr *)&address, size);
	while (result == -1 && errno == EINTR);
	return result == 0 ? fd : fail_and_close(fd, "connect to", path);
}

int send_fd(int socket, int fd)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {0};
	struct cmsghdr *control = (struct cmsghdr *)room;
	struct iovec text = {"f", 1};
	struct mmsghdr message = {
		.msg_hdr = {.msg_iov = &text,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room)},
	};

	*control = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
				    .cmsg_level = SOL_SOCKET,
				    .cmsg_type = SCM_RIGHTS};
	*(int *)CMSG_DATA(control) = fd;
	while (sendmmsg(socket, &message, 1, MSG_NOSIGNAL) == -1)
		if (errno != EINTR)
			return failed("sendmmsg", "%d", socket);
	return 0;
}

int receive_fd(int socket)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(MOST * sizeof(int))];
	struct iovec text = {(char[1]){0}, 1};
	struct msghdr message = {.msg_iov = &text,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof(room)};
	int fds[MOST], count = 0;
	ssize_t got;

	while ((got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) == -1)
		if (errno != EINTR)
			return failed("recvmsg", "%d", socket);
	if (got == 0) {
		errno = ENOTCONN;
		return failed("recvmsg", "%d", socket);
	}
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c;
	     c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), (size_t)count * sizeof(int));
	}
	if (count == 1 && (message.msg_flags & MSG_CTRUNC) == 0)
		return fds[0];
	while (count > 0)
		close(fds[--count]);
	errno = EBADMSG;
	return failed("recvmsg", "%d", socket);
}

int peer_credentials(int socket, struct ucred *peer)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == -1)
		return failed("getsockopt", "%d", socket);
	*peer = who;
	return 0;
}
