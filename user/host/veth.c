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

/* What a device's netlink message says of it. */
struct link {
	bool veth;
	bool xdp;	/* a program is attached */
	int peer;	/* ifindex of the other end */
	int peer_netns; /* the id by which this namespace knows that one's; -1: the same */
};

static void read_kind(struct rtattr *info, struct link *l)
{
	struct rtattr *a = RTA_DATA(info);
	int rest = RTA_PAYLOAD(info);

	for (; RTA_OK(a, rest); a = RTA_NEXT(a, rest))
		if (a->rta_type == IFLA_INFO_KIND)
			l->veth = !strcmp(RTA_DATA(a), "veth");
}

static void read_xdp(struct rtattr *xdp, struct link *l)
{
	struct rtattr *a = RTA_DATA(xdp);
	int rest = RTA_PAYLOAD(xdp);

	for (; RTA_OK(a, rest); a = RTA_NEXT(a, rest))
		if (a->rta_type == IFLA_XDP_ATTACHED)
			l->xdp = *(uint8_t *)RTA_DATA(a) != XDP_ATTACHED_NONE;
}

static void read_link(struct nlmsghdr *n, struct link *l)
{
	struct ifinfomsg *i = NLMSG_DATA(n);
	struct rtattr *a = IFLA_RTA(i);
	int rest = IFLA_PAYLOAD(n);

	*l = (struct link){.peer_netns = -1};
	for (; RTA_OK(a, rest); a = RTA_NEXT(a, rest))
		switch (a->rta_type & NLA_TYPE_MASK) {
		case IFLA_LINK:
			l->peer = *(int *)RTA_DATA(a);
			break;
		case IFLA_LINK_NETNSID:
			l->peer_netns = *(int *)RTA_DATA(a);
			break;
		case IFLA_LINKINFO:
			read_kind(a, l);
			break;
		case IFLA_XDP:
			read_xdp(a, l);
			break;
		}
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
