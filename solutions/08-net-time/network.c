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
 * Task 1: bring an interface up. That is a message RTM_NEWLINK (netlink.h,
 * rtnetlink(7)) without flags, as the interface is there already. Its body,
 * struct ifinfomsg, says which one, by its index (interface_index(), 0: there
 * is none, and errno says so), and which flags it is to have: IFF_UP, of all
 * of them only that one changed. What netlink_send() returns is the kernel's
 * answer. failed() (failure.h) says what could not be done to what.
 */
static int bring_up(const char *name)
{
	/* <answer> return todo(1, name); */
	struct netlink_message message;
	struct ifinfomsg link = {
		.ifi_index = (int)interface_index(name),
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP, /* leave the other flags as they are */
	};

	if (link.ifi_index == 0)
		return failed("find interface", "%s", name);
	netlink_begin(&message, RTM_NEWLINK, 0, &link, sizeof(link));
	if (netlink_send(&message) < 0)
		return failed("bring up interface", "%s", name);
	return 0;
	/* </answer> */
}

int loopback_up(void)
{
	/* The kernel gives it 127.0.0.1/8 as it comes up. */
	return bring_up("lo");
}

/*
 * Task 2: two interfaces and the cable between them. A new interface is
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
	/* <answer> return todo(2, name, peer, pid); */
	struct netlink_message message;
	struct ifinfomsg link = {0};
	size_t info, data, end;

	netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link,
		      sizeof(link));
	netlink_put_string(&message, IFLA_IFNAME, name);
	info = netlink_nest(&message, IFLA_LINKINFO, NULL, 0);
	netlink_put_string(&message, IFLA_INFO_KIND, "veth");
	data = netlink_nest(&message, IFLA_INFO_DATA, NULL, 0);
	end = netlink_nest(&message, VETH_INFO_PEER, &link, sizeof(link));
	netlink_put_string(&message, IFLA_IFNAME, peer);
	netlink_put(&message, IFLA_NET_NS_PID, &pid, sizeof(pid));
	netlink_end(&message, end);
	netlink_end(&message, data);
	netlink_end(&message, info);
	if (netlink_send(&message) < 0)
		return failed("create veth pair", "%s and %s", name, peer);
	return 0;
	/* </answer> */
}

/*
 * Task 3: an address, and then up. RTM_NEWADDR has the body struct ifaddrmsg:
 * family, length of the prefix, index of the interface. The address itself is
 * the attribute IFA_LOCAL, four bytes in the order of the network, as they are
 * in struct in_addr. An address that is there already is an error.
 */
int configure_interface(const char *name, const struct address *address)
{
	/* <answer> return todo(3, name, address); */
	struct netlink_message message;
	struct ifaddrmsg body = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = (unsigned char)address->prefix,
		.ifa_index = interface_index(name),
	};

	if (body.ifa_index == 0)
		return failed("find interface", "%s", name);
	netlink_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body,
		      sizeof(body));
	netlink_put(&message, IFA_LOCAL, &address->ip, sizeof(address->ip));
	if (netlink_send(&message) < 0)
		return failed("give address", "%s/%u to interface %s",
			      inet_ntoa(address->ip), address->prefix, name);
	return bring_up(name);
	/* </answer> */
}

/*
 * Task 4: a way for all that no other route takes. RTM_NEWROUTE has the body
 * struct rtmsg: of the main table, unicast, of the scope RT_SCOPE_UNIVERSE, for
 * a destination of 0 bits. RTA_GATEWAY, four bytes again, is who takes it on.
 * Without NLM_F_CREATE it would have to be there already (ENOENT).
 */
int add_default_route(struct in_addr gateway)
{
	/* <answer> return todo(4, &gateway); */
	struct netlink_message message;
	struct rtmsg route = {
		.rtm_family = AF_INET,
		.rtm_dst_len = 0, /* no bit has to match */
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};

	netlink_begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route,
		      sizeof(route));
	netlink_put(&message, RTA_GATEWAY, &gateway, sizeof(gateway));
	if (netlink_send(&message) < 0)
		return failed("add default route by", "%s", inet_ntoa(gateway));
	return 0;
	/* </answer> */
}

/* Task 5: RTM_DELLINK, with the index of the interface in its body. */
int delete_interface(const char *name)
{
	/* <answer> return todo(5, name); */
	struct netlink_message message;
	struct ifinfomsg link = {.ifi_index = (int)interface_index(name)};

	if (link.ifi_index == 0)
		return failed("find interface", "%s", name);
	netlink_begin(&message, RTM_DELLINK, 0, &link, sizeof(link));
	if (netlink_send(&message) < 0)
		return failed("delete interface", "%s", name);
	return 0;
	/* </answer> */
}
