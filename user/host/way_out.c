// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/way_out.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "host/netdev.h"

static size_t add(char names[WAYS_OUT_MOST][IFNAMSIZ], size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return count;
	if (count == WAYS_OUT_MOST || !strcmp(name, "lo") || !netdev_has_ethernet(name))
		return count;
	snprintf(names[count], IFNAMSIZ, "%s", name);
	return count + 1;
}

static size_t by_route(char names[WAYS_OUT_MOST][IFNAMSIZ], size_t count)
{
	char line[512], name[IFNAMSIZ];
	unsigned int to, mask, length, flags;
	FILE *f = fopen("/proc/net/route", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s %x %*s %*s %*s %*s %*s %x", name, &to, &mask) == 3 && !to && !mask)
			count = add(names, count, name);
	if (f)
		fclose(f);
	f = fopen("/proc/net/ipv6_route", "re");
	/* 0x200: a route that rejects. */
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %x %*s %*s %*s %*s %*s %*s %x %15s", &length, &flags, name) == 3 &&
		    !length && !(flags & 0x200))
			count = add(names, count, name);
	if (f)
		fclose(f);
	return count;
}

size_t ways_out(char names[WAYS_OUT_MOST][IFNAMSIZ])
{
	struct ifaddrs *all, *a;
	size_t count = by_route(names, 0);

	if (count || getifaddrs(&all))
		return count;
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_flags & IFF_UP &&
		    (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6))
			count = add(names, count, a->ifa_name);
	freeifaddrs(all);
	return count;
}
