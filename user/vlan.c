// SPDX-License-Identifier: GPL-2.0-only
#include "vlan.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate.h"

bool vlan_tags_stripped(const char *device)
{
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq r = {.ifr_data = (void *)&flags};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	return fd >= 0 && !ioctl(fd, SIOCETHTOOL, &r) && flags.data & ETH_FLAG_RXVLAN;
}

static const struct rtattr *attribute(const struct rtattr *a, int len, unsigned short type)
{
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static bool is_vlan_on(const struct nlmsghdr *n, unsigned int below)
{
	const struct rtattr *first = IFLA_RTA(NLMSG_DATA(n));
	int len = IFLA_PAYLOAD(n);
	const struct rtattr *link = attribute(first, len, IFLA_LINK);
	const struct rtattr *info = attribute(first, len, IFLA_LINKINFO), *kind;

	if (!link || !info || *(const unsigned int *)RTA_DATA(link) != below)
		return false;
	kind = attribute(RTA_DATA(info), RTA_PAYLOAD(info), IFLA_INFO_KIND);
	return kind && !strncmp(RTA_DATA(kind), "vlan", RTA_PAYLOAD(kind));
}

bool vlan_on_top(const char *device)
{
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	static char buffer[64 << 10] __attribute__((aligned(NLMSG_ALIGNTO)));
	unsigned int below = if_nametoindex(device);
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
	} q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};
	bool found = false;

	if (fd < 0 || send(fd, &q, sizeof(q), 0) < 0)
		return false;
	for (;;) {
		ssize_t len = recv(fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *n = (void *)buffer;

		if (len <= 0)
			return found;
		for (; NLMSG_OK(n, len); n = NLMSG_NEXT(n, len)) {
			if (n->nlmsg_type != RTM_NEWLINK)
				return found; /* the end, or an error */
			found |= is_vlan_on(n, below);
		}
	}
}
