/* SPDX-License-Identifier: GPL-2.0-or-later */
/* veth pairs, over which XDP_TX has a condition. */
#ifndef STRAYGATE_VETH_H
#define STRAYGATE_VETH_H

/* 0: a veth device whose other end does not take frames that a native program sends
 * back, since it has no XDP program (drivers/net/veth.c, veth_xdp_xmit()). 1: it does, and
 * so does every other kind of device. -errno: the other end cannot be asked; in another
 * namespace that takes CAP_NET_ADMIN there. */
int veth_sends_back(const char *device);

#endif
