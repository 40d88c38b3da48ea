/* Flags, addresses and routes by the older way: netdevice(7), SIOCADDRT. */
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failure.h"
#include "netlink.h"

static int ask(unsigned long request, void *what, const char *said,
	       const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result, saved;

	if (fd < 0)
		return failed("socket", "");
	result = ioctl(fd, (int)request, what);
	saved = errno;
	close(fd);
	errno = saved;
	return result < 0 ? failed(said, "%s", name) : 0;
}

static int begin_request(struct ifreq *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	if (strlen(name) < sizeof(request->ifr_name)) {
		strcpy(request->ifr_name, name);
		return 0;
	}
	errno = ENODEV;
	return failed("find", "%s", name);
}

static int set_up(const char *name)
{
	struct ifreq request;

	if (begin_request(&request, name) < 0 ||
	    ask(SIOCGIFFLAGS, &request, "look at the flags of", name) < 0)
		return -1;
	request.ifr_flags |= IFF_UP;
	return ask(SIOCSIFFLAGS, &request, "bring up", name);
}

int loopback_up(void)
{
	return set_up("lo");
}

/* The namespace is named by a descriptor of it. */
int create_veth(const char *name, const char *peer, pid_t pid)
{
	struct netlink_message message;
	struct ifinfomsg nothing = {.ifi_family = AF_UNSPEC};
	size_t linkinfo, data, other;
	char path[64];
	int fd, result, saved;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", "%s", path);
	netlink_begin(&message, RTM_NEWLINK, NLM_F_EXCL | NLM_F_CREATE,
		      &nothing, sizeof(nothing));
	linkinfo = netlink_nest(&message, IFLA_LINKINFO, NULL, 0);
	netlink_put_string(&message, IFLA_INFO_KIND, "veth");
	data = netlink_nest(&message, IFLA_INFO_DATA, NULL, 0);
	other = netlink_nest(&message, VETH_INFO_PEER, &nothing,
			     sizeof(nothing));
	netlink_put(&message, IFLA_NET_NS_FD, &fd, sizeof(fd));
	netlink_put_string(&message, IFLA_IFNAME, peer);
	netlink_end(&message, other);
	netlink_end(&message, data);
	netlink_end(&message, linkinfo);
	netlink_put_string(&message, IFLA_IFNAME, name);
	result = netlink_send(&message);
	saved = errno;
	close(fd);
	errno = saved;
	return result < 0 ? failed("create", "%s", name) : 0;
}

static void put_ip(struct sockaddr *room, in_addr_t ip)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = ip};

	memcpy(room, &address, sizeof(address));
}

/*
 * How many addresses the interface has. Each has a label, which is the name or
 * "NAME:NUMBER". EEXIST when `ip` is one of them: to set it once more would be
 * no error.
 */
static int count_addresses(const char *name, in_addr_t ip)
{
	struct ifreq all[64];
	struct ifconf list = {.ifc_len = sizeof(all), .ifc_req = all};
	const size_t length = strlen(name);
	struct sockaddr_in is;
	int count = 0;

	if (ask(SIOCGIFCONF, &list, "list the addresses of", name) < 0)
		return -1;
	for (size_t i = 0; i < (size_t)list.ifc_len / sizeof(all[0]); i++) {
		const char *label = all[i].ifr_name;

		if (strncmp(label, name, length) != 0 ||
		    (label[length] != '\0' && label[length] != ':'))
			continue;
		memcpy(&is, &all[i].ifr_addr, sizeof(is));
		if (is.sin_addr.s_addr == ip) {
			errno = EEXIST;
			return failed("give an address to", "%s", name);
		}
		count++;
	}
	return count;
}

int configure_interface(const char *name, const struct address *address)
{
	in_addr_t mask = address->prefix ? ~0U << (32 - address->prefix) : 0;
	int count = count_addresses(name, address->ip.s_addr);
	struct ifreq request;
	char label[64];

	snprintf(label, sizeof(label), count > 0 ? "%s:%d" : "%s", name, count);
	if (count < 0 || begin_request(&request, label) < 0)
		return -1;
	put_ip(&request.ifr_addr, address->ip.s_addr);
	if (ask(SIOCSIFADDR, &request, "give an address to", name) < 0)
		return -1;
	put_ip(&request.ifr_netmask, htonl(mask));
	if (ask(SIOCSIFNETMASK, &request, "give a mask to", name) < 0)
		return -1;
	return set_up(name);
}

int add_default_route(struct in_addr gateway)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};

	put_ip(&route.rt_dst, INADDR_ANY);
	put_ip(&route.rt_genmask, INADDR_ANY);
	put_ip(&route.rt_gateway, gateway.s_addr);
	return ask(SIOCADDRT, &route, "add", "the default route");
}

int delete_interface(const char *name)
{
	struct netlink_message message;
	struct ifinfomsg nothing = {0};
	struct ifreq request;

	if (begin_request(&request, name) < 0)
		return -1;
	netlink_begin(&message, RTM_DELLINK, 0, &nothing, sizeof(nothing));
	netlink_put_string(&message, IFLA_IFNAME, request.ifr_name);
	return netlink_send(&message) < 0 ? failed("delete", "%s", name) : 0;
}
