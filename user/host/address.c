// SPDX-License-Identifier: GPL-2.0-or-later
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
	size_t kept; /* of these, from dumps before this one */
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
	const struct rtmsg *r;
	const struct rtattr *to;

	if (!n) {
		c->count = c->kept;
		return 0;
	}
	r = NLMSG_DATA(n);
	/* Of all tables: a VRF has its local addresses in its own. */
	if (n->nlmsg_type != RTM_NEWROUTE || r->rtm_type != RTN_LOCAL)
		return 0;
	to = rtnl_attr(n, sizeof(*r), RTA_DST, r->rtm_family == AF_INET6 ? 16 : 4);
	return to ? collect_prefix(c, r->rtm_family, RTA_DATA(to), r->rtm_dst_len) : 0;
}

/* Only of this type: a router may have a million others. */
static int collect_family(struct collect *c, int fd, int family)
{
	struct {
		struct nlmsghdr n;
		struct rtmsg r;
	} q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = RTM_GETROUTE,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.r = {.rtm_family = family, .rtm_type = RTN_LOCAL},
	};

	c->kept = c->count;
	return rtnl_dump(fd, &q.n, collect_route, c);
}

int local_addresses(struct prefix **out, size_t *count)
{
	cleanup_fd int fd = rtnl_open();
	struct collect c = {0};
	int err = fd < 0 ? fd : collect_family(&c, fd, AF_INET);

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
