// SPDX-License-Identifier: GPL-2.0-only
#include "host/address.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "host/netlink.h"
#include "lib/say.h"

struct collect {
	struct prefix *prefix;
	size_t count;
};

static int collect_prefix(struct collect *c, int family, const void *addr, unsigned int bits)
{
	struct prefix *p, *grown = realloc(c->prefix, (c->count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	c->prefix = grown;
	p = &grown[c->count++];
	memset(p, 0, sizeof(*p));
	if (family == AF_INET6) {
		memcpy(p->addr, addr, 16);
		p->len = bits;
		return 0;
	}
	p->addr[10] = p->addr[11] = 0xff;
	memcpy(p->addr + 12, addr, 4);
	p->len = 96 + bits;
	return 0;
}

static int collect_route(const struct nlmsghdr *n, void *arg)
{
	struct collect *c = arg;
	const struct rtmsg *r = NLMSG_DATA(n);
	const struct rtattr *a = RTM_RTA(r);
	int len = RTM_PAYLOAD(n);

	/* Of all tables: a VRF has its local addresses in its own. */
	if (n->nlmsg_type != RTM_NEWROUTE || r->rtm_type != RTN_LOCAL)
		return 0;
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == RTA_DST)
			return collect_prefix(c, r->rtm_family, RTA_DATA(a), r->rtm_dst_len);
	return 0;
}

static int collect_family(struct collect *c, int fd, int family)
{
	struct {
		struct nlmsghdr n;
		struct rtmsg r;
	} q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = RTM_GETROUTE,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.r = {.rtm_family = family},
	};

	return rtnl_dump(fd, &q.n, collect_route, c);
}

int local_addresses(struct prefix **out, size_t *count)
{
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct collect c = {0};
	int err = fd < 0 ? -errno : collect_family(&c, fd, AF_INET);

	if (!err)
		err = collect_family(&c, fd, AF_INET6);
	if (err) {
		free(c.prefix);
		return fail(err, "cannot read the local addresses of this host: %s", strerror(-err));
	}
	*out = c.prefix;
	*count = c.count;
	return 0;
}

/* 203.0.113.1 and 2001:db8::1 (RFC 5737, RFC 3849): nobody lives there, so the
 * route to them is the route to everybody. */
static const uint8_t world4[4] = {203, 0, 113, 1};
static const uint8_t world6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

/* The device of the route to addr; 0: none, or unknown. */
static unsigned int route_device(int fd, int family, const void *addr, size_t size)
{
	struct {
		struct nlmsghdr n;
		struct rtmsg r;
		struct rtattr a;
		uint8_t addr[16];
	} q = {
		.n = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)) + RTA_LENGTH(size),
		      .nlmsg_type = RTM_GETROUTE,
		      .nlmsg_flags = NLM_F_REQUEST},
		.r = {.rtm_family = family, .rtm_dst_len = size * 8},
		.a = {.rta_len = RTA_LENGTH(size), .rta_type = RTA_DST},
	};
	char buffer[4096];
	struct nlmsghdr *n = (void *)buffer;
	struct rtattr *a;
	ssize_t len;
	int rest;

	memcpy(q.addr, addr, size);
	if (send(fd, &q, q.n.nlmsg_len, 0) < 0)
		return 0;
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < 0 || !NLMSG_OK(n, len) || n->nlmsg_type != RTM_NEWROUTE)
		return 0;
	rest = RTM_PAYLOAD(n);
	for (a = RTM_RTA(NLMSG_DATA(n)); RTA_OK(a, rest); a = RTA_NEXT(a, rest))
		if (a->rta_type == RTA_OIF)
			return *(unsigned int *)RTA_DATA(a);
	return 0;
}

bool route_returns(const char *device)
{
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	unsigned int here = if_nametoindex(device), four, six;

	if (fd < 0)
		return true;
	four = route_device(fd, AF_INET, world4, sizeof(world4));
	six = route_device(fd, AF_INET6, world6, sizeof(world6));
	return four == here || six == here || (!four && !six);
}
