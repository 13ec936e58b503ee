/* SPDX-License-Identifier: GPL-2.0-or-later */
/* veth pairs, over which XDP_TX has a condition. */
#ifndef STRAYGATE_VETH_H
#define STRAYGATE_VETH_H

#include <stdbool.h>

/* False: a veth device whose other end does not take frames that a native program
 * sends back, since it has no XDP program (drivers/net/veth.c, veth_xdp_xmit()), or
 * cannot be asked. True for it, and for every other kind of device. */
bool veth_sends_back(const char *device);

#endif
