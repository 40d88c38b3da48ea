/*
 * Stage 08: the network namespace. network_namespaces(7), veth(4), and
 * rtnetlink(7) through the given netlink.h.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <netinet/in.h>
#include <sys/types.h>

/* An IPv4 address and the length of its network's prefix, 0 to 32. */
struct address {
	struct in_addr ip;
	unsigned prefix;
};

/*
 * Brings the loopback interface of this network namespace up: in a new one it
 * is down, and nobody can reach 127.0.0.1. Returns 0, also when it is up
 * already, or -1 with errno.
 */
int loopback_up(void);

/*
 * A pair of virtual Ethernet interfaces that are each other's cable: `name`
 * here and `peer` in the network namespace of process `pid`, both down. The
 * kernel removes both when either end's namespace goes; so at no moment are
 * both here, where a caller that is killed then would leave them for ever.
 * Returns 0, or -1 with errno: EEXIST when a name is taken here or there,
 * EPERM without CAP_NET_ADMIN here. On failure there is neither.
 */
int create_veth(const char *name, const char *peer, pid_t pid);

/*
 * Gives the interface `name` of this network namespace an address, beside those
 * that it has, and brings it up. Returns 0, or -1 with errno: ENODEV when there
 * is no such interface, EEXIST when it has the address already. On failure one
 * of the two may be done: whoever made the interface deletes it.
 */
int configure_interface(const char *name, const struct address *address);

/*
 * Sends what no other route takes to `gateway`. Returns 0 when that route is
 * there, or -1 with errno: ENETUNREACH when no interface that is up leads to
 * its network. Where there is a default route already, by this gateway or by
 * another, this one is put beside it or in its place, or that is EEXIST.
 */
int add_default_route(struct in_addr gateway);

/*
 * Removes an interface, and with it the peer. Returns 0, or -1 with errno:
 * ENODEV when there is no such interface.
 */
int delete_interface(const char *name);

#endif
