// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vlan.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "host/netdev.h"
#include "host/netlink.h"

bool vlan_tags_stripped(const char *device)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq r;

	return !netdev_ask(device, SIOCETHTOOL, &flags, &r) && flags.data & ETH_FLAG_RXVLAN;
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

struct search {
	unsigned int below;
	bool found;
};

static int look(const struct nlmsghdr *n, void *arg)
{
	struct search *s = arg;

	if (!n)
		s->found = false;
	else
		s->found |= n->nlmsg_type == RTM_NEWLINK && is_vlan_on(n, s->below);
	return 0;
}

bool vlan_on_top(const char *device)
{
	cleanup_fd int fd = rtnl_open();
	struct search s = {.below = if_nametoindex(device)};
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
	} q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};

	if (fd >= 0)
		rtnl_dump(fd, &q.n, look, &s);
	return s.found;
}
