// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vlan.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "host/netdev.h"
#include "host/stack.h"

static bool stripped_by_nic(const char *device)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq r;

	return !netdev_ask(device, SIOCETHTOOL, &flags, &r) && flags.data & ETH_FLAG_RXVLAN;
}

static bool gathers(const struct stack_device *d)
{
	return d->kind == STACK_BOND || d->kind == STACK_TEAM || d->kind == STACK_BRIDGE;
}

/* The kernel takes a tag off when the frame comes by a slave or port, which is before
 * a generic program on the bond or bridge sees it; a native one runs on the slaves. */
static bool stripped(const struct stack *s, const struct stack_device *d, bool generic)
{
	size_t i;

	if (!gathers(d))
		return stripped_by_nic(d->name);
	if (generic)
		return true;
	for (i = 0; i < s->count; i++)
		if (s->device[i].master == d->ifindex && stripped_by_nic(s->device[i].name))
			return true;
	return false;
}

static bool vlan_above(const struct stack *s, const struct stack_device *d)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->device[i].kind == STACK_VLAN && stack_lies_on(s, &s->device[i], d))
			return true;
	return false;
}

bool vlan_tags_stripped(const char *device, bool generic)
{
	cleanup_stack struct stack s = {0};
	const struct stack_device *d = stack_read(&s) ? NULL : stack_named(&s, device);

	return d ? stripped(&s, d, generic) : stripped_by_nic(device);
}

bool vlan_tags_missed(const char *device, bool generic)
{
	cleanup_stack struct stack s = {0};
	const struct stack_device *d = stack_read(&s) ? NULL : stack_named(&s, device);

	return d && vlan_above(&s, d) && stripped(&s, d, generic);
}

/* One command more, if there is room for all of it. */
static void add_command(char out[VLAN_REMEDY_SIZE], const char *device)
{
	char command[64];
	size_t at = strlen(out);
	int n;

	if (!stripped_by_nic(device))
		return;
	n = snprintf(command, sizeof(command), "%sethtool -K %s rxvlan off", at ? " && " : "", device);
	if (at + n < VLAN_REMEDY_SIZE)
		memcpy(out + at, command, n + 1);
}

void vlan_tags_remedy(const char *device, bool generic, char out[VLAN_REMEDY_SIZE])
{
	cleanup_stack struct stack s = {0};
	const struct stack_device *d = stack_read(&s) ? NULL : stack_named(&s, device);
	size_t i;

	*out = 0;
	if (!d || !gathers(d))
		add_command(out, device);
	for (i = 0; d && gathers(d) && !generic && i < s.count; i++)
		if (s.device[i].master == d->ifindex)
			add_command(out, s.device[i].name);
}
