#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "failure.h"
#include "netlink.h"
#include "todo.h"

/*
 * TODO 1: bring an interface up. That is a message RTM_NEWLINK (netlink.h,
 * rtnetlink(7)) without flags, as the interface is there already. Its body,
 * struct ifinfomsg, says which one, by its index (interface_index(), 0: there
 * is none, and errno says so), and which flags it is to have: IFF_UP, of all
 * of them only that one changed. What netlink_send() returns is the kernel's
 * answer. failed() (failure.h) says what could not be done to what.
 */
static int bring_up(const char *name)
{
	return todo(1, name);
}

int loopback_up(void)
{
	/* The kernel gives it 127.0.0.1/8 as it comes up. */
	return bring_up("lo");
}

/*
 * TODO 2: two interfaces and the cable between them. A new interface is
 * RTM_NEWLINK with NLM_F_CREATE, and with NLM_F_EXCL, or one that has the name
 * already would be taken. Its attributes: IFLA_IFNAME, a string, and
 * IFLA_LINKINFO, which holds IFLA_INFO_KIND, the string "veth", and
 * IFLA_INFO_DATA, which holds VETH_INFO_PEER. That is the other end: a body
 * (struct ifinfomsg) and attributes, as if it were a message of its own.
 * IFLA_NET_NS_PID, a pid_t, lets it be born where that process is, so that
 * its name never has to be free in this namespace.
 */
int create_veth(const char *name, const char *peer, pid_t pid)
{
	return todo(2, name, peer, pid);
}

/*
 * TODO 3: an address, and then up. RTM_NEWADDR has the body struct ifaddrmsg:
 * family, length of the prefix, index of the interface. The address itself is
 * the attribute IFA_LOCAL, four bytes in the order of the network, as they are
 * in struct in_addr. An address that is there already is an error.
 */
int configure_interface(const char *name, const struct address *address)
{
	return todo(3, name, address);
}

/*
 * TODO 4: a way for all that no other route takes. RTM_NEWROUTE has the body
 * struct rtmsg: of the main table, unicast, of the scope RT_SCOPE_UNIVERSE, for
 * a destination of 0 bits. RTA_GATEWAY, four bytes again, is who takes it on.
 * Without NLM_F_CREATE it would have to be there already (ENOENT).
 */
int add_default_route(struct in_addr gateway)
{
	return todo(4, &gateway);
}

/* TODO 5: RTM_DELLINK, with the index of the interface in its body. */
int delete_interface(const char *name)
{
	return todo(5, name);
}
