#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One request per socket: the answer to it needs no other mark. */
#define SEQUENCE 1

/* Room for `size` bytes at the end, zeroed and up to a multiple of four. */
static void *append(struct netlink_message *message, size_t size)
{
	size_t end = message->header.nlmsg_len;
	size_t padded = NLMSG_ALIGN(size);

	if (padded < size || padded > sizeof(message->bytes) - end) {
		message->overflow = true;
		return NULL;
	}
	memset(message->bytes + end, 0, padded);
	message->header.nlmsg_len += (unsigned)padded;
	return message->bytes + end;
}

static void append_bytes(struct netlink_message *message, const void *bytes,
			 size_t size)
{
	void *room = append(message, size);

	if (room && size > 0)
		memcpy(room, bytes, size);
}

void netlink_begin(struct netlink_message *message, int type, int flags,
		   const void *body, size_t size)
{
	message->overflow = false;
	message->header = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = (unsigned short)type,
		.nlmsg_flags =
			(unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags),
		.nlmsg_seq = SEQUENCE,
	};
	append_bytes(message, body, size);
}

void netlink_put(struct netlink_message *message, int type, const void *value,
		 size_t size)
{
	/* The length of an attribute does not count the padding behind it. */
	struct rtattr header = {
		.rta_len = (unsigned short)RTA_LENGTH(size),
		.rta_type = (unsigned short)type,
	};

	append_bytes(message, &header, sizeof(header));
	append_bytes(message, value, size);
}

void netlink_put_string(struct netlink_message *message, int type,
			const char *value)
{
	netlink_put(message, type, value, strlen(value) + 1);
}

size_t netlink_nest(struct netlink_message *message, int type, const void *body,
		    size_t size)
{
	size_t start = message->header.nlmsg_len;

	netlink_put(message, type, NULL, 0);
	append_bytes(message, body, size);
	return start;
}

void netlink_end(struct netlink_message *message, size_t start)
{
	struct rtattr header;

	if (message->overflow)
		return;
	memcpy(&header, message->bytes + start, sizeof(header));
	header.rta_len = (unsigned short)(message->header.nlmsg_len - start);
	memcpy(message->bytes + start, &header, sizeof(header));
}

unsigned interface_index(const char *name)
{
	if (strlen(name) < IFNAMSIZ)
		return if_nametoindex(name);
	errno = ENODEV;
	return 0;
}

/* The kernel's verdict on the request: 0, or -1 with errno. */
static int receive_answer(int fd)
{
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	struct nlmsgerr verdict;
	struct sockaddr_nl sender = {0};
	socklen_t size;
	ssize_t length;

	for (;;) {
		size = sizeof(sender);
		length = recvfrom(fd, &answer, sizeof(answer), 0,
				  (struct sockaddr *)&sender, &size);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -1;
		/* Others may write to this socket too: the kernel is port 0. */
		if (size != sizeof(sender) || sender.nl_pid != 0)
			continue;
		if (length < (ssize_t)NLMSG_LENGTH(sizeof(verdict)) ||
		    answer.header.nlmsg_type != NLMSG_ERROR ||
		    answer.header.nlmsg_seq != SEQUENCE)
			continue;
		memcpy(&verdict, NLMSG_DATA(&answer.header), sizeof(verdict));
		/* An "error" of 0 is how the kernel says yes. */
		if (verdict.error == 0)
			return 0;
		errno = -verdict.error;
		return -1;
	}
}

int netlink_send(struct netlink_message *message)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;
	int fd, result, saved;

	if (message->overflow) {
		errno = EMSGSIZE;
		return -1;
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -1;
	do
		sent = sendto(fd, message->bytes, message->header.nlmsg_len, 0,
			      (struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	result = sent < 0 ? -1 : receive_answer(fd);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}
