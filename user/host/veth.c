// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/veth.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/netlink.h"

/* What a device's netlink message says of it. */
struct link {
	bool veth;
	bool xdp;	/* a program is attached */
	int peer;	/* ifindex of the other end */
	int peer_netns; /* the id by which this namespace knows that one's; -1: the same */
};

static void read_link(const struct nlmsghdr *n, struct link *l)
{
	const struct rtattr *kind =
		rtnl_attr_in(rtnl_link_attr(n, IFLA_LINKINFO, 0), IFLA_INFO_KIND, sizeof("veth"));
	const struct rtattr *xdp = rtnl_attr_in(rtnl_link_attr(n, IFLA_XDP, 0), IFLA_XDP_ATTACHED, 1);

	*l = (struct link){
		.veth = kind && !memcmp(RTA_DATA(kind), "veth", sizeof("veth")),
		.xdp = xdp && *(const uint8_t *)RTA_DATA(xdp) != XDP_ATTACHED_NONE,
		.peer = rtnl_int(rtnl_link_attr(n, IFLA_LINK, sizeof(int)), 0),
		.peer_netns = rtnl_int(rtnl_link_attr(n, IFLA_LINK_NETNSID, sizeof(int)), -1),
	};
}

/* netns: an id of a namespace; -1: this one. 0 or -errno. */
static int ask_link(int ifindex, int netns, struct link *l)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
		struct rtattr a;
		int netns;
	} q = {
		.n = {.nlmsg_len = netns < 0 ? NLMSG_LENGTH(sizeof(struct ifinfomsg)) : sizeof(q),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = NLM_F_REQUEST},
		.i = {.ifi_index = ifindex},
		.a = {.rta_len = RTA_LENGTH(sizeof(int)), .rta_type = IFLA_TARGET_NETNSID},
		.netns = netns,
	};
	char buffer[16384];
	struct nlmsghdr *n = (void *)buffer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = 0;
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = send(fd, &q, q.n.nlmsg_len, 0) < 0 ? -1 : recv(fd, buffer, sizeof(buffer), 0);
	if (len < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	if (!NLMSG_OK(n, len) || n->nlmsg_type != RTM_NEWLINK)
		return n->nlmsg_type == NLMSG_ERROR ? ((struct nlmsgerr *)NLMSG_DATA(n))->error : -EIO;
	read_link(n, l);
	return 0;
}

int veth_sends_back(const char *device)
{
	struct link here, peer;
	int err;

	if (ask_link(if_nametoindex(device), -1, &here) || !here.veth)
		return 1;
	err = ask_link(here.peer, here.peer_netns, &peer);
	return err ? err : peer.xdp;
}
