/*
 * The cable is laid from the other side: a helper goes into the namespace of
 * the child, makes its end there, and hands the other one out.
 */
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "netlink.h"

static int set_flags(struct ifinfomsg *link, const char *name)
{
	struct netlink_message message;

	/* By its number alone: a name beside it would be a new one. */
	link->ifi_flags |= IFF_UP;
	link->ifi_change |= IFF_UP;
	netlink_begin(&message, RTM_SETLINK, 0, link, sizeof(*link));
	if (netlink_send(&message) < 0)
		return failed("bring up", "%s", name);
	return 0;
}

int loopback_up(void)
{
	/* The first one in every namespace. */
	return set_flags(&(struct ifinfomsg){.ifi_index = 1}, "lo");
}

static int make_from_inside(const char *name, const char *peer, pid_t pid,
			    pid_t outside)
{
	struct netlink_message message;
	struct ifinfomsg body = {0};
	size_t nests[3];
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -1;
	netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body,
		      sizeof(body));
	netlink_put_string(&message, IFLA_IFNAME, peer);
	nests[0] = netlink_nest(&message, IFLA_LINKINFO, NULL, 0);
	netlink_put_string(&message, IFLA_INFO_KIND, "veth");
	nests[1] = netlink_nest(&message, IFLA_INFO_DATA, NULL, 0);
	nests[2] = netlink_nest(&message, VETH_INFO_PEER, &body, sizeof(body));
	netlink_put_string(&message, IFLA_IFNAME, name);
	netlink_put(&message, IFLA_NET_NS_PID, &outside, sizeof(outside));
	for (int i = 2; i >= 0; i--)
		netlink_end(&message, nests[i]);
	return netlink_send(&message);
}

int create_veth(const char *name, const char *peer, pid_t pid)
{
	pid_t outside = getpid(), helper = fork();
	int status;

	if (helper < 0)
		return failed("fork", "");
	if (helper == 0)
		_exit(make_from_inside(name, peer, pid, outside) < 0 ? errno
								     : 0);
	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "");
	if (status == 0)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
	return failed("create", "%s", name);
}

int configure_interface(const char *name, const struct address *address)
{
	unsigned index = interface_index(name);
	struct ifinfomsg link = {.ifi_index = (int)index};
	struct ifaddrmsg body = {
		.ifa_family = AF_INET,
		.ifa_index = index,
		.ifa_prefixlen = (unsigned char)address->prefix,
	};
	struct netlink_message message;

	if (index == 0)
		return failed("look for", "%s", name);
	netlink_begin(&message, RTM_NEWADDR, NLM_F_EXCL | NLM_F_CREATE, &body,
		      sizeof(body));
	netlink_put(&message, IFA_ADDRESS, &address->ip, sizeof(in_addr_t));
	netlink_put(&message, IFA_LOCAL, &address->ip, sizeof(in_addr_t));
	if (netlink_send(&message) < 0)
		return failed("give an address to", "%s", name);
	return set_flags(&link, name);
}

/* One that others, with a lower metric, would come before. */
int add_default_route(struct in_addr gateway)
{
	struct netlink_message message;
	struct rtmsg body = {.rtm_family = AF_INET,
			     .rtm_table = RT_TABLE_MAIN,
			     .rtm_type = RTN_UNICAST,
			     .rtm_protocol = RTPROT_BOOT};
	unsigned metric = 7;

	netlink_begin(&message, RTM_NEWROUTE, NLM_F_CREATE, &body,
		      sizeof(body));
	netlink_put(&message, RTA_PRIORITY, &metric, sizeof(metric));
	netlink_put(&message, RTA_GATEWAY, &gateway, sizeof(gateway));
	return netlink_send(&message) < 0 ? failed("add", "a route") : 0;
}

int delete_interface(const char *name)
{
	struct netlink_message message;
	struct ifinfomsg body = {.ifi_index = (int)interface_index(name)};

	if (body.ifi_index == 0)
		return failed("look for", "%s", name);
	netlink_begin(&message, RTM_DELLINK, 0, &body, sizeof(body));
	return netlink_send(&message) < 0 ? failed("delete", "%s", name) : 0;
}
