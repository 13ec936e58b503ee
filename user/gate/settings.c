// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/settings.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <bpf/bpf.h>

#include "host/netdev.h"
#include "host/veth.h"
#include "host/vlan.h"
#include "lib/say.h"

static int read_mac(const char *name, struct device *d)
{
	struct ifreq r;

	if (netdev_ask(name, SIOCGIFHWADDR, NULL, &r))
		return -errno;
	memcpy(d->mac, r.ifr_hwaddr.sa_data, sizeof(d->mac));
	if (netdev_ask(name, SIOCGIFMTU, NULL, &r))
		return -errno;
	d->mtu = r.ifr_mtu < 65535 ? r.ifr_mtu : 65535;
	d->ifindex = if_nametoindex(name);
	return 0;
}

/* Visits shake hands with the gate only where both filters are attached at tc, and
 * what the program sends back arrives. */
int settings_read(const char *name, bool filters, bool generic, struct device *out)
{
	*out = (struct device){0};
	if (!filters)
		out->shallow = SHALLOW_TC;
	else if (vlan_tags_missed(name, generic))
		out->shallow = SHALLOW_TAGS;
	else if (!generic && veth_sends_back(name) <= 0)
		out->shallow = SHALLOW_PEER;
	else
		out->flags = DEVICE_SHAKES;
	if (generic)
		out->flags |= DEVICE_GENERIC;
	return read_mac(name, out);
}

int settings_write(const char *name, int map, bool filters, bool generic)
{
	struct device d, before = {0};
	uint32_t zero = 0;
	int err = settings_read(name, filters, generic, &d);

	bpf_map_lookup_elem(map, &zero, &before);
	d.program = before.program;
	if (!err && bpf_map_update_elem(map, &zero, &d, BPF_ANY))
		err = -errno;
	return err ? fail(err, "%s: %s", name, strerror(-err)) : 0;
}

void settings_note_program(int map, uint32_t id)
{
	struct device d;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(map, &zero, &d))
		return;
	d.program = id;
	bpf_map_update_elem(map, &zero, &d, BPF_ANY);
}

void settings_note_leaving(int map)
{
	struct device d;
	uint32_t zero = 0;

	if (map < 0 || bpf_map_lookup_elem(map, &zero, &d))
		return;
	d.flags |= DEVICE_LEAVING;
	bpf_map_update_elem(map, &zero, &d, BPF_ANY);
}

unsigned int settings_changed(const char *name, const struct device *before)
{
	struct device now;
	unsigned int changed = 0;

	if (settings_read(name, before->shallow != SHALLOW_TC, before->flags & DEVICE_GENERIC, &now))
		return 0;
	if (memcmp(now.mac, before->mac, sizeof(now.mac)))
		changed |= CHANGED_MAC;
	if (now.mtu != before->mtu)
		changed |= CHANGED_MTU;
	/* Whoever may only look on may not ask the other end. */
	if (now.shallow == SHALLOW_PEER && veth_sends_back(name) < 0)
		now.shallow = before->shallow;
	if (now.shallow != before->shallow)
		changed |= CHANGED_WAY;
	return changed;
}
