// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/virtio.h"

#include <glob.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/ethtool.h"

#ifndef VIRTIO_NET_F_GUEST_USO4 /* Linux 6.2 */
#define VIRTIO_NET_F_GUEST_USO4 54
#define VIRTIO_NET_F_GUEST_USO6 55
#endif

static bool has_bit(const char *bits, size_t bit)
{
	return bit < strlen(bits) && bits[bit] == '1';
}

enum virtio_xdp virtio_xdp_of(const char *bits)
{
	bool joined = has_bit(bits, VIRTIO_NET_F_GUEST_TSO4) || has_bit(bits, VIRTIO_NET_F_GUEST_TSO6) ||
		      has_bit(bits, VIRTIO_NET_F_GUEST_ECN) || has_bit(bits, VIRTIO_NET_F_GUEST_UFO);
	bool uso4 = has_bit(bits, VIRTIO_NET_F_GUEST_USO4), uso6 = has_bit(bits, VIRTIO_NET_F_GUEST_USO6);

	if ((joined || uso4 || uso6 || has_bit(bits, VIRTIO_NET_F_GUEST_CSUM)) &&
	    !has_bit(bits, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
		return VIRTIO_REFUSES;
	return (joined || (uso4 && uso6)) && !has_bit(bits, VIRTIO_NET_F_MRG_RXBUF) ? VIRTIO_NEVER_RUNS
										    : VIRTIO_GOOD;
}

const char *virtio_cause(enum virtio_xdp x)
{
	static const char *const texts[] = {
		[VIRTIO_NEVER_RUNS] = "the hypervisor joins packets without mergeable buffers, with which "
				      "virtio_net would take a program and never run it",
		[VIRTIO_REFUSES] = "the hypervisor joins packets or leaves checksums out, and does not let "
				   "virtio_net stop it",
	};

	return texts[x];
}

const char *virtio_remedy(enum virtio_xdp x)
{
	static const char *const texts[] = {
		[VIRTIO_NEVER_RUNS] = "mrg_rxbuf=on",
		[VIRTIO_REFUSES] = "ctrl_guest_offloads=on",
	};

	return texts[x];
}

/* The file `features` of the virtio device on a PCI one. That of /sys/class/net is not
 * to be seen from other network namespaces. */
static bool read_bits(const char *bus, char *bits, int size)
{
	char pattern[128];
	glob_t found = {0};
	FILE *f = NULL;
	bool good;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/virtio*/features", bus);
	if (!glob(pattern, GLOB_NOSORT, NULL, &found) && found.gl_pathc == 1)
		f = fopen(found.gl_pathv[0], "r");
	globfree(&found);
	good = f && fgets(bits, size, f);
	if (f)
		fclose(f);
	return good;
}

enum virtio_xdp virtio_xdp(const char *device)
{
	char driver[DRIVER_NAME_SIZE], bus[BUS_NAME_SIZE], bits[256];

	ethtool_driver(device, driver);
	ethtool_bus(device, bus);
	if (strcmp(driver, "virtio_net") || !*bus || strpbrk(bus, "/*?[") ||
	    !read_bits(bus, bits, sizeof(bits)))
		return VIRTIO_GOOD;
	return virtio_xdp_of(bits);
}
