/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of a device; of its driver's XDP from Linux 6.3 on. */
#ifndef STRAYGATE_NETDEV_H
#define STRAYGATE_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

struct ifreq;

/* enum netdev_xdp_act of linux/netdev.h, which Debian 12 does not have yet. */
#define NETDEV_XDP_BASIC    0x01u /* abort, drop, pass, send back */
#define NETDEV_XDP_REDIRECT 0x02u
#define NETDEV_XDP_RX_SG    0x20u /* frames of more than one buffer */

/* Says nothing. 0 or -errno; -ENOENT: this kernel has no such question. */
int netdev_xdp_features(unsigned int ifindex, uint64_t *features);

/* Has it Ethernet headers, which the gate reads? Tunnels (tun, WireGuard, GRE, PPP)
 * have none. True also if it cannot be asked. */
bool netdev_has_ethernet(const char *device);

/* Packets that it received, by its own count, of which these are the lower 32 bits; 0
 * if that is not known. */
uint32_t netdev_received(const char *device);

/* A question by ioctl(2), such as SIOCETHTOOL with data; 0, and *r has what came
 * back, or -1: it has no answer. */
int netdev_ask(const char *device, unsigned long what, void *data, struct ifreq *r);

#endif
