/* netlink without the given functions. */
#include "network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failure.h"

struct packet {
	struct nlmsghdr header;
	char rest[512];
};

static void *grow(struct packet *packet, size_t size)
{
	char *end = (char *)packet + NLMSG_ALIGN(packet->header.nlmsg_len);

	packet->header.nlmsg_len =
		(unsigned)(NLMSG_ALIGN(packet->header.nlmsg_len) + size);
	return end;
}

static struct packet new_packet(int type, int flags, const void *body,
				size_t size)
{
	struct packet packet = {
		.header = {.nlmsg_len = sizeof(struct nlmsghdr),
			   .nlmsg_type = (unsigned short)type,
			   .nlmsg_flags = (unsigned short)(NLM_F_REQUEST |
							   NLM_F_ACK | flags)},
	};

	memcpy(grow(&packet, size), body, size);
	return packet;
}

static struct rtattr *attribute(struct packet *packet, int type,
				const void *data, size_t size)
{
	struct rtattr *attr = grow(packet, RTA_LENGTH(size));

	attr->rta_type = (unsigned short)type;
	attr->rta_len = (unsigned short)RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(attr), data, size);
	return attr;
}

static void close_attribute(const struct packet *packet, struct rtattr *attr)
{
	attr->rta_len =
		(unsigned short)((const char *)packet +
				 packet->header.nlmsg_len - (char *)attr);
}

static int exchange(struct packet *packet)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char more[1024];
	} reply = {0};
	ssize_t n;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_ROUTE);
	int error;

	if (fd < 0)
		return -1;
	n = send(fd, packet, packet->header.nlmsg_len, 0);
	if (n > 0)
		n = recv(fd, &reply, sizeof(reply), 0);
	error = n < 0 ? errno : -reply.error.error;
	close(fd);
	errno = error;
	return error ? -1 : 0;
}

static int index_of(const char *name)
{
	int index;

	/* A longer one would be cut, by some C libraries. */
	errno = ENODEV;
	index = strlen(name) < IFNAMSIZ ? (int)if_nametoindex(name) : 0;
	return index ? index : failed("find", "%s", name);
}

static int up(int index)
{
	struct ifinfomsg link = {
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct packet packet = new_packet(RTM_NEWLINK, 0, &link, sizeof(link));

	return exchange(&packet);
}

int loopback_up(void)
{
	int index = index_of("lo");

	if (index < 0)
		return -1;
	return up(index) < 0 ? failed("bring up", "lo") : 0;
}

int create_veth(const char *name, const char *peer, pid_t pid)
{
	struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
	struct packet packet = new_packet(
		RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof(link));
	struct rtattr *info, *data, *end;

	info = attribute(&packet, IFLA_LINKINFO, NULL, 0);
	attribute(&packet, IFLA_INFO_KIND, "veth", 4);
	data = attribute(&packet, IFLA_INFO_DATA, NULL, 0);
	end = attribute(&packet, VETH_INFO_PEER, &link, sizeof(link));
	attribute(&packet, IFLA_NET_NS_PID, &pid, sizeof(pid));
	attribute(&packet, IFLA_IFNAME, peer, strlen(peer) + 1);
	close_attribute(&packet, end);
	close_attribute(&packet, data);
	close_attribute(&packet, info);
	attribute(&packet, IFLA_IFNAME, name, strlen(name) + 1);
	if (exchange(&packet) < 0)
		return failed("make", "%s and %s", name, peer);
	return 0;
}

int configure_interface(const char *name, const struct address *address)
{
	struct ifaddrmsg body = {.ifa_family = AF_INET};
	struct packet packet;
	int index = index_of(name);

	if (index < 0)
		return -1;
	body.ifa_index = (unsigned)index;
	body.ifa_prefixlen = (unsigned char)address->prefix;
	if (up(index) < 0)
		return failed("bring up", "%s", name);
	packet = new_packet(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body,
			    sizeof(body));
	attribute(&packet, IFA_ADDRESS, &address->ip, sizeof(address->ip));
	attribute(&packet, IFA_LOCAL, &address->ip, sizeof(address->ip));
	if (exchange(&packet) < 0)
		return failed("give an address to", "%s", name);
	return 0;
}

int add_default_route(struct in_addr gateway)
{
	struct rtmsg body = {
		.rtm_family = AF_INET,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_UNICAST,
	};
	in_addr_t everywhere = 0;
	struct packet packet = new_packet(
		RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));

	attribute(&packet, RTA_DST, &everywhere, sizeof(everywhere));
	attribute(&packet, RTA_GATEWAY, &gateway, sizeof(gateway));
	if (exchange(&packet) < 0)
		return failed("add", "the default route");
	return 0;
}

static int remove_index(int index)
{
	struct ifinfomsg link = {.ifi_index = index};
	struct packet packet = new_packet(RTM_DELLINK, 0, &link, sizeof(link));

	return exchange(&packet);
}

int delete_interface(const char *name)
{
	int index = index_of(name);

	if (index < 0)
		return -1;
	return remove_index(index) < 0 ? failed("delete", "%s", name) : 0;
}
