/* SPDX-License-Identifier: GPL-2.0-only */
/* What a driver's XDP can do, as the kernel itself says (Linux 6.3 and later). */
#ifndef STRAYGATE_NETDEV_H
#define STRAYGATE_NETDEV_H

#include <stdint.h>

/* enum netdev_xdp_act of linux/netdev.h, which Debian 12 does not have yet. */
#define NETDEV_XDP_BASIC    0x01u /* abort, drop, pass, send back */
#define NETDEV_XDP_REDIRECT 0x02u
#define NETDEV_XDP_RX_SG    0x20u /* frames of more than one buffer */

/* Says nothing. 0 or -errno; -ENOENT: this kernel has no such question. */
int netdev_xdp_features(unsigned int ifindex, uint64_t *features);

#endif
