// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/stack.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/netlink.h"
#include "lib/fd.h"

#define DEPTH_MOST 8 /* the kernel's own limit (MAX_NEST_DEV) */

static const struct {
	const char *name; /* IFLA_INFO_KIND */
	enum stack_kind kind;
} kinds[] = {
	{"vlan", STACK_VLAN},	  {"macvlan", STACK_MACVLAN}, {"macvtap", STACK_MACVLAN},
	{"ipvlan", STACK_IPVLAN}, {"bond", STACK_BOND},	      {"team", STACK_TEAM},
	{"bridge", STACK_BRIDGE}, {"vrf", STACK_VRF},	      {"veth", STACK_VIRTUAL},
	{"tun", STACK_VIRTUAL},
};

const char *stack_kind_name(enum stack_kind kind)
{
	static const char *const names[] = {
		[STACK_VLAN] = "VLAN", [STACK_MACVLAN] = "macvlan", [STACK_IPVLAN] = "ipvlan",
		[STACK_BOND] = "bond", [STACK_TEAM] = "team",	    [STACK_BRIDGE] = "bridge",
		[STACK_VRF] = "VRF",
	};

	return kind < sizeof(names) / sizeof(names[0]) && names[kind] ? names[kind] : "";
}

static enum stack_kind read_kind(const struct rtattr *info)
{
	const struct rtattr *a = rtnl_attr_in(info, IFLA_INFO_KIND, 1);
	size_t i;

	for (i = 0; a && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(RTA_DATA(a), kinds[i].name, RTA_PAYLOAD(a)))
			return kinds[i].kind;
	return STACK_OTHER;
}

static void read_device(const struct nlmsghdr *n, struct stack_device *d)
{
	const struct ifinfomsg *i = NLMSG_DATA(n);
	const struct rtattr *name = rtnl_link_attr(n, IFLA_IFNAME, 1);

	*d = (struct stack_device){
		.ifindex = i->ifi_index,
		.master = rtnl_int(rtnl_link_attr(n, IFLA_MASTER, sizeof(int)), 0),
		.kind = read_kind(rtnl_link_attr(n, IFLA_LINKINFO, 0)),
	};
	if (name)
		snprintf(d->name, sizeof(d->name), "%.*s", (int)RTA_PAYLOAD(name),
			 (const char *)RTA_DATA(name));
	/* Of a veth it is the other end, and of some the device is in another namespace. */
	if ((d->kind == STACK_VLAN || d->kind == STACK_MACVLAN || d->kind == STACK_IPVLAN) &&
	    !rtnl_link_attr(n, IFLA_LINK_NETNSID, 0))
		d->lower = rtnl_int(rtnl_link_attr(n, IFLA_LINK, sizeof(int)), 0);
}

static int collect(const struct nlmsghdr *n, void *arg)
{
	struct stack *s = arg;
	struct stack_device *grown;

	if (!n) {
		s->count = 0;
		return 0;
	}
	if (n->nlmsg_type != RTM_NEWLINK)
		return 0;
	grown = realloc(s->device, (s->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->device = grown;
	read_device(n, &grown[s->count++]);
	return 0;
}

int stack_read(struct stack *out)
{
	cleanup_fd int fd = rtnl_open();
	struct {
		struct nlmsghdr n;
		struct ifinfomsg i;
	} q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};
	int err;

	*out = (struct stack){0};
	err = fd < 0 ? fd : rtnl_dump(fd, &q.n, collect, out);
	if (err)
		stack_free(out);
	return err;
}

void stack_free(struct stack *s)
{
	free(s->device);
	*s = (struct stack){0};
}

const struct stack_device *stack_named(const struct stack *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (!strcmp(s->device[i].name, name))
			return &s->device[i];
	return NULL;
}

const struct stack_device *stack_numbered(const struct stack *s, unsigned int ifindex)
{
	size_t i;

	for (i = 0; i < s->count && ifindex; i++)
		if (s->device[i].ifindex == ifindex)
			return &s->device[i];
	return NULL;
}

static bool lies_on(const struct stack *s, const struct stack_device *above, const struct stack_device *below,
		    int depth)
{
	size_t i;

	if (above->lower == below->ifindex || below->master == above->ifindex)
		return true;
	for (i = 0; i < s->count && depth; i++)
		if ((s->device[i].lower == below->ifindex || below->master == s->device[i].ifindex) &&
		    lies_on(s, above, &s->device[i], depth - 1))
			return true;
	return false;
}

bool stack_lies_on(const struct stack *s, const struct stack_device *above, const struct stack_device *below)
{
	return above->ifindex != below->ifindex && lies_on(s, above, below, DEPTH_MOST);
}
