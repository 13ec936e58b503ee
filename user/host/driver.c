// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/driver.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "host/ethtool.h"
#include "host/netdev.h"

static const struct driver drivers[] = {
	{.name = "virtio_net",
	 .mtu = 3498, /* before Linux 6.3; since then it says that it has no limit */
	 .joining = JOINING_PAUSED,
	 .note = "the hypervisor must offer mergeable buffers (mrg_rxbuf) and control over guest offloads"},
	{.name = "vmxnet3",
	 .mtu = 3492,
	 .joining = JOINING_ENDED,
	 .resets = true,
	 .downtime = "0.1 s",
	 .note = "after link down and up, a change of the MTU or `ethtool -G` it no longer runs the "
		 "program: `straygate status` says so, `straygate up --reattach` attaches it again"},
	{.name = "igb", .mtu = 3046, .resets = true, .downtime = "2.4 s"},
	{.name = "ixgbe",
	 .mtu = 3050,
	 .joining = JOINING_REFUSED,
	 .resets = true,
	 .note = "not with SR-IOV or DCB, nor above 128 CPUs"},
	{.name = "ixgbevf", .mtu = 3050, .resets = true},
	{.name = "ena", .mtu = 3498, .queues = QUEUES_HALF, .resets = true},
	{.name = "gve",
	 .mtu = 2032,
	 .joining = JOINING_REFUSED,
	 .queues = QUEUES_HALF,
	 .note = "GQI-QPL queues only"},
	{.name = "hv_netvsc", .mtu = 3500, .joining = JOINING_REFUSED},
	{.name = "mana", .mtu = 3500, .joining = JOINING_REFUSED},
	{.name = "mlx5_core", .joining = JOINING_REFUSED, .note = "reports no XDP at all while these are on"},
	{.name = "mlx4_en", .joining = JOINING_REFUSED},
	{.name = "bnxt_en", .joining = JOINING_REFUSED, .queues = QUEUES_COMBINED},
	{.name = "ice"},
	{.name = "i40e"},
	{.name = "sfc"},
	{.name = "ionic"},
	{.name = "atlantic"},
	{.name = "qede"},
	{.name = "veth"},
	{.name = "tun"},
	{.name = "e1000", .generic_only = true},
	{.name = "e1000e", .generic_only = true},
	{.name = "8139cp", .generic_only = true},
	{.name = "8139too", .generic_only = true},
	{.name = "tulip", .generic_only = true},
	{.name = "ne2k-pci", .generic_only = true},
	{.name = "tg3", .generic_only = true},
	{.name = "r8169", .generic_only = true},
	{.name = "iavf", .generic_only = true},
	{.name = "bridge", .generic_only = true},
	{.name = "802.1Q VLAN Support", .generic_only = true},
	{.name = "macvlan", .generic_only = true},
};

const struct driver *driver_known(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(drivers[i].name, name))
			return &drivers[i];
	return NULL;
}

/* Is one of these words (NULL behind the last) among the kernel's? */
static bool speaks_of(const char *words, const char *const *any)
{
	for (; *any; any++)
		if (strcasestr(words, *any))
			return true;
	return false;
}

static bool about_joining(const char *device, const struct driver *d, const char *words)
{
	static const char *const any[] = {"lro",    "large receive", "hw_gro", "hw-gro",
					  "hw gro", "gro_hw",	     NULL};

	return (ethtool_lro(device) || ethtool_hw_gro(device)) &&
	       (speaks_of(words, any) || (d && d->joining == JOINING_REFUSED));
}

static bool about_size(const char *device, const struct driver *d, const char *words)
{
	static const char *const any[] = {"mtu", "frame size", "packet size", "jumbo", "multi-buffer", NULL};

	return speaks_of(words, any) || (d && d->mtu && device_mtu(device) > d->mtu);
}

static unsigned int less(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

void driver_queues_remedy(const char *device, const struct driver *d, char *out, size_t size)
{
	struct ethtool_channels c;

	*out = 0;
	if (!d || d->queues == QUEUES_ANY || !ethtool_queues(device, &c))
		return;
	if (d->queues == QUEUES_COMBINED && !c.combined_count && c.max_combined)
		snprintf(out, size, "ethtool -L %s rx 0 tx 0 combined %u", device, c.max_combined / 2 ?: 1);
	else if (c.max_combined && c.combined_count > (c.max_combined / 2 ?: 1))
		snprintf(out, size, "ethtool -L %s combined %u", device, c.max_combined / 2 ?: 1);
	else if (!c.max_combined && (c.rx_count > (c.max_rx / 2 ?: 1) || c.tx_count > (c.max_tx / 2 ?: 1)))
		snprintf(out, size, "ethtool -L %s rx %u tx %u", device, less(c.max_rx, c.max_tx) / 2 ?: 1,
			 less(c.max_rx, c.max_tx) / 2 ?: 1);
}

/* Too few rx queues for what the other end sends (veth), or too many for the NIC. */
static void other_queues(const char *device, int err, const char *words, char *out, size_t size)
{
	static const char *const any[] = {"queue", "channel", "ring", "vector", NULL};
	struct ethtool_channels c;

	*out = 0;
	if ((!speaks_of(words, any) && err != -ENOMEM && err != -ENOSPC) || !ethtool_queues(device, &c))
		return;
	if (c.max_combined && c.combined_count > 1)
		snprintf(out, size, "ethtool -L %s combined %u", device, c.combined_count / 2);
	else if (!c.max_combined && c.rx_count < c.max_rx)
		snprintf(out, size, "ethtool -L %s rx %u", device, c.max_rx);
}

void driver_remedy(const char *device, int err, const char *words, char *out, size_t size)
{
	static const char *const guest[] = {"host is implementing", NULL};
	char name[DRIVER_NAME_SIZE];
	const struct driver *d;

	ethtool_driver(device, name);
	d = driver_known(name);
	*out = 0;
	if (d && d->generic_only)
		return;
	if (speaks_of(words, guest)) {
		snprintf(out, size,
			 "let the hypervisor offer control over guest offloads (qemu: "
			 "ctrl_guest_offloads=on)");
	} else if (about_joining(device, d, words)) {
		snprintf(out, size, "ethtool -K %s %s off", device,
			 ethtool_lro(device) ? "lro" : "rx-gro-hw");
	} else if (about_size(device, d, words)) {
		snprintf(out, size, "ip link set %s mtu %u", device, d && d->mtu ? d->mtu : 1500);
	} else {
		driver_queues_remedy(device, d, out, size);
		if (!*out)
			other_queues(device, err, words, out, size);
	}
}

unsigned int driver_holds_program(const char *device)
{
	char name[DRIVER_NAME_SIZE];
	const struct driver *d;
	uint64_t can;

	ethtool_driver(device, name);
	d = strcmp(name, "virtio_net") ? NULL : driver_known(name);
	if (!d || !netdev_xdp_features(if_nametoindex(device), &can))
		return 0;
	return device_mtu(device) > d->mtu ? d->mtu : 0;
}
