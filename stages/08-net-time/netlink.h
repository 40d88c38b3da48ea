/*
 * Building a netlink message and sending it. Given: this is how ip(8) works,
 * and worth reading once.
 *
 * Interfaces, addresses and routes have no files and no system calls of their
 * own. A program asks for them on a socket to the kernel, rtnetlink(7). A
 * message is a header, a body that depends on its type, and attributes: each
 * a length, a type and a value, and the value may be attributes again.
 *
 *	struct netlink_message message;
 *	struct ifinfomsg link = {0};
 *
 *	netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE, &link, sizeof(link));
 *	netlink_put_string(&message, IFLA_IFNAME, "br0");
 *	info = netlink_nest(&message, IFLA_LINKINFO, NULL, 0);
 *	netlink_put_string(&message, IFLA_INFO_KIND, "bridge");
 *	netlink_end(&message, info);
 *	if (netlink_send(&message) < 0)
 *		return failed("create bridge", "br0");
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>

struct netlink_message {
	union {
		struct nlmsghdr header; /* nlmsg_len: the bytes so far */
		char bytes[1024];
	};
	bool overflow; /* something did not fit */
};

/*
 * Starts a message of a type such as RTM_NEWLINK. `flags` such as
 * NLM_F_CREATE | NLM_F_EXCL are added to those of a request that wants to be
 * acknowledged. The type's body is `size` bytes at `body`.
 */
void netlink_begin(struct netlink_message *message, int type, int flags,
		   const void *body, size_t size);

/* Adds an attribute: `size` bytes at `value`. */
void netlink_put(struct netlink_message *message, int type, const void *value,
		 size_t size);

/* Adds an attribute that is a string. */
void netlink_put_string(struct netlink_message *message, int type,
			const char *value);

/*
 * Starts an attribute whose value is attributes: all that is added up to
 * netlink_end(), after `size` bytes at `body` that some types begin with.
 * Returns where it starts, for netlink_end().
 */
size_t netlink_nest(struct netlink_message *message, int type, const void *body,
		    size_t size);
void netlink_end(struct netlink_message *message, size_t start);

/*
 * The index of the interface `name`, by which messages speak of it. Returns 0
 * with errno: ENODEV when there is none. It is if_nametoindex(3), but musl's
 * takes the first 15 bytes of a name that is too long, and finds another one.
 */
unsigned interface_index(const char *name);

/*
 * Sends the message to the kernel, about the network namespace that the
 * caller is in, and waits for the answer. Returns 0 when the kernel has done
 * what was asked, or -1 with its errno; EMSGSIZE when the message grew longer
 * than it may. The caller says failed(): it knows what it was doing.
 */
int netlink_send(struct netlink_message *message);

#endif
