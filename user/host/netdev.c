// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Of XDP, one question over generic netlink, in two steps: which number has the family
 * "netdev" on this kernel, and what does it say of the device.
 */
#include "host/netdev.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/netlink.h"
#include "lib/fd.h"

/* Of linux/netdev.h. */
#define FAMILY		  "netdev"
#define CMD_DEV_GET	  1
#define DEV_IFINDEX	  1
#define DEV_XDP_FEATURES  3
#define QUESTION_ATTR_MAX 16

struct question {
	struct nlmsghdr n;
	struct genlmsghdr g;
	struct nlattr a;
	uint8_t value[QUESTION_ATTR_MAX];
};

static int ask(int fd, uint16_t family, uint8_t command, uint16_t attr, const void *value, uint16_t len)
{
	struct question q = {
		.n = {.nlmsg_len = offsetof(struct question, value) + NLA_ALIGN(len),
		      .nlmsg_type = family,
		      .nlmsg_flags = NLM_F_REQUEST},
		.g = {.cmd = command, .version = 1},
		.a = {.nla_type = attr, .nla_len = NLA_HDRLEN + len},
	};

	memcpy(q.value, value, len);
	return send(fd, &q, q.n.nlmsg_len, 0) < 0 ? -errno : 0;
}

static int answer(int fd, uint16_t attr, void *out, size_t len)
{
	/* The answer about the controller lists its operations: about 1 KB. */
	static char buffer[16 << 10] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
	const struct nlmsghdr *n = (void *)buffer;
	const struct rtattr *found;

	if (got < 0)
		return -errno;
	if (!NLMSG_OK(n, got))
		return -EBADMSG;
	if (n->nlmsg_type == NLMSG_ERROR)
		return ((const struct nlmsgerr *)NLMSG_DATA(n))->error ?: -ENODATA;
	found = rtnl_attr(n, GENL_HDRLEN, attr, len);
	if (!found)
		return -ENODATA;
	memcpy(out, RTA_DATA(found), len);
	return 0;
}

int netdev_xdp_features(unsigned int ifindex, uint64_t *features)
{
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct timeval patience = {.tv_sec = 2};
	uint32_t index = ifindex;
	uint16_t family;
	int err = fd < 0 ? -errno : 0;

	if (err)
		return err;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	err = ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, FAMILY, sizeof(FAMILY));
	if (!err)
		err = answer(fd, CTRL_ATTR_FAMILY_ID, &family, sizeof(family));
	if (!err)
		err = ask(fd, family, CMD_DEV_GET, DEV_IFINDEX, &index, sizeof(index));
	return err ? err : answer(fd, DEV_XDP_FEATURES, features, sizeof(*features));
}

int netdev_ask(const char *device, unsigned long what, void *data, struct ifreq *r)
{
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*r = (struct ifreq){0};
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", device);
	if (data)
		r->ifr_data = data;
	return fd < 0 ? -1 : ioctl(fd, what, r);
}

bool netdev_has_ethernet(const char *device)
{
	struct ifreq r;

	if (netdev_ask(device, SIOCGIFHWADDR, NULL, &r))
		return true;
	return r.ifr_hwaddr.sa_family == ARPHRD_ETHER || r.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
}

uint32_t netdev_received(const char *device)
{
	struct ifaddrs *all = NULL, *a;
	uint32_t packets = 0;

	if (getifaddrs(&all))
		return 0;
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_PACKET && a->ifa_data &&
		    !strcmp(a->ifa_name, device))
			packets = ((struct rtnl_link_stats *)a->ifa_data)->rx_packets;
	freeifaddrs(all);
	return packets;
}
