// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/ethtool.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "host/netdev.h"

/* What the driver tells about itself; empty where it tells nothing. */
static struct ethtool_drvinfo drvinfo(const char *device)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r;

	if (netdev_ask(device, SIOCETHTOOL, &info, &r))
		memset(&info, 0, sizeof(info));
	return info;
}

void ethtool_driver(const char *device, char out[DRIVER_NAME_SIZE])
{
	snprintf(out, DRIVER_NAME_SIZE, "%.*s", DRIVER_NAME_SIZE - 1, drvinfo(device).driver);
}

void ethtool_bus(const char *device, char out[BUS_NAME_SIZE])
{
	snprintf(out, BUS_NAME_SIZE, "%.*s", BUS_NAME_SIZE - 1, drvinfo(device).bus_info);
}

bool ethtool_lro(const char *device)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq r;

	return !netdev_ask(device, SIOCETHTOOL, &flags, &r) && flags.data & ETH_FLAG_LRO;
}

/* Features have names, and numbers that each kernel gives anew. */
static unsigned int features(const char *device)
{
	/* Counts follow, one for each set that was asked for. */
	union {
		struct ethtool_sset_info info;
		char room[sizeof(struct ethtool_sset_info) + sizeof(__u32)];
	} q = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};
	struct ifreq r;

	return netdev_ask(device, SIOCETHTOOL, &q, &r) || !q.info.sset_mask ? 0 : q.info.data[0];
}

static int number_of(const char *device, const char *name, unsigned int count)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	struct ifreq r;
	int number = -1;
	unsigned int i;

	if (!names)
		return -1;
	*names = (struct ethtool_gstrings){
		.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = count};
	if (!netdev_ask(device, SIOCETHTOOL, names, &r))
		for (i = 0; i < count && number < 0; i++)
			if (!strncmp((char *)names->data + (size_t)i * ETH_GSTRING_LEN, name,
				     ETH_GSTRING_LEN))
				number = i;
	free(names);
	return number;
}

bool ethtool_hw_gro(const char *device)
{
	unsigned int count = features(device), blocks = (count + 31) / 32;
	int number = count ? number_of(device, "rx-gro-hw", count) : -1;
	struct ethtool_gfeatures *f;
	struct ifreq r;
	bool on = false;

	f = number < 0 ? NULL : calloc(1, sizeof(*f) + blocks * sizeof(f->features[0]));
	if (!f)
		return false;
	f->cmd = ETHTOOL_GFEATURES;
	f->size = blocks;
	if (!netdev_ask(device, SIOCETHTOOL, f, &r))
		on = f->features[number / 32].active >> number % 32 & 1;
	free(f);
	return on;
}

bool ethtool_queues(const char *device, struct ethtool_channels *out)
{
	struct ifreq r;

	*out = (struct ethtool_channels){.cmd = ETHTOOL_GCHANNELS};
	return !netdev_ask(device, SIOCETHTOOL, out, &r);
}

unsigned int device_mtu(const char *device)
{
	struct ifreq r;

	return netdev_ask(device, SIOCGIFMTU, NULL, &r) ? 0 : r.ifr_mtu;
}
