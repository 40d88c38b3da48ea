/*
 * Room for one descriptor and not a byte more: whatever else comes is cut off
 * by the kernel, which says so (MSG_CTRUNC).
 */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "ends.h"
#include "failure.h"

static int fill_in(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	errno = ENOENT;
	if (*path == '\0')
		return failed("name", "of no letters");
	errno = ENAMETOOLONG;
	for (size_t i = 0; i < sizeof(address->sun_path); i++) {
		address->sun_path[i] = path[i];
		if (path[i] == '\0')
			return 0;
	}
	return failed("name", "%s", path);
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return failed("socket", "");
	return fd;
}

int socket_listen(const char *path)
{
	struct sockaddr_un address;
	int fd, bound;

	if (fill_in(&address, path) < 0 || (fd = new_socket()) < 0)
		return -1;
	bound = bind(fd, (void *)&address, sizeof(address));
	if (bound == 0 && listen(fd, 5) == 0)
		return fd;
	failed(bound == 0 ? "listen" : "bind", "%s", path);
	close_end(&fd);
	if (bound == 0) {
		bound = errno;
		unlink(path);
		errno = bound;
	}
	return -1;
}

int socket_connect(const char *path)
{
	struct sockaddr_un address;
	int fd;

	if (fill_in(&address, path) < 0 || (fd = new_socket()) < 0)
		return -1;
	while (connect(fd, (void *)&address, sizeof(address)) < 0) {
		if (errno == EINTR)
			continue;
		failed("connect", "%s", path);
		close_end(&fd);
		return -1;
	}
	return fd;
}

union one {
	char room[CMSG_LEN(sizeof(int))];
	struct cmsghdr header;
};

int send_fd(int socket, int fd)
{
	union one one = {{0}};
	char byte = 'x';
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &one,
				 .msg_controllen = sizeof(one.room)};
	ssize_t n;

	one.header.cmsg_len = sizeof(one.room);
	one.header.cmsg_level = SOL_SOCKET;
	one.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&one.header), &fd, sizeof(fd));
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? failed("send", "a descriptor") : 0;
}

int receive_fd(int socket)
{
	union one one = {{0}};
	char byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &one,
				 .msg_controllen = sizeof(one.room)};
	ssize_t n = RETRY(recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
	int fd = -1;

	if (n < 0)
		return failed("receive", "a descriptor");
	if (n == 0) {
		errno = ENOTCONN;
		return failed("receive", "a descriptor");
	}
	if (message.msg_controllen == sizeof(one.room) &&
	    one.header.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&one.header), sizeof(fd));
	if (message.msg_flags & MSG_CTRUNC)
		close_end(&fd);
	if (fd < 0) {
		errno = EBADMSG;
		return failed("receive", "a descriptor");
	}
	return fd;
}

int peer_credentials(int socket, struct ucred *peer)
{
	socklen_t size = sizeof(struct ucred);
	int result = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer, &size);

	return result < 0 ? failed("ask for", "the peer") : 0;
}
