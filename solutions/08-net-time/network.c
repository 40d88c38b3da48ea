#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "failure.h"
#include "netlink.h"

static int bring_up(const char *name)
{
	struct netlink_message message;
	struct ifinfomsg link = {
		.ifi_index = (int)if_nametoindex(name),
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP, /* leave the other flags as they are */
	};

	if (link.ifi_index == 0)
		return failed("find interface", "%s", name);
	netlink_begin(&message, RTM_NEWLINK, 0, &link, sizeof(link));
	if (netlink_send(&message) < 0)
		return failed("bring up interface", "%s", name);
	return 0;
}

int loopback_up(void)
{
	/* The kernel gives it 127.0.0.1/8 as it comes up. */
	return bring_up("lo");
}

int create_veth(const char *name, const char *peer, pid_t pid)
{
	struct netlink_message message;
	struct ifinfomsg link = {0};
	size_t info, data, end;

	netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link,
		      sizeof(link));
	netlink_put_string(&message, IFLA_IFNAME, name);
	info = netlink_nest(&message, IFLA_LINKINFO, NULL, 0);
	netlink_put_string(&message, IFLA_INFO_KIND, "veth");
	data = netlink_nest(&message, IFLA_INFO_DATA, NULL, 0);
	/*
	 * The other end is a link message of its own. It is born where it
	 * belongs: its name never has to be free in this namespace.
	 */
	end = netlink_nest(&message, VETH_INFO_PEER, &link, sizeof(link));
	netlink_put_string(&message, IFLA_IFNAME, peer);
	netlink_put(&message, IFLA_NET_NS_PID, &pid, sizeof(pid));
	netlink_end(&message, end);
	netlink_end(&message, data);
	netlink_end(&message, info);
	if (netlink_send(&message) < 0)
		return failed("create veth pair", "%s and %s", name, peer);
	return 0;
}

int configure_interface(const char *name, const struct address *address)
{
	struct netlink_message message;
	struct ifaddrmsg body = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = (unsigned char)address->prefix,
		.ifa_index = if_nametoindex(name),
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
}

int add_default_route(struct in_addr gateway)
{
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
}

int delete_interface(const char *name)
{
	struct netlink_message message;
	struct ifinfomsg link = {.ifi_index = (int)if_nametoindex(name)};

	if (link.ifi_index == 0)
		return failed("find interface", "%s", name);
	netlink_begin(&message, RTM_DELLINK, 0, &link, sizeof(link));
	if (netlink_send(&message) < 0)
		return failed("delete interface", "%s", name);
	return 0;
}
