/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bits of shaken_ports: which TCP ports the gate ever shook hands on. */
#ifndef STRAYGATE_PORTS_H
#define STRAYGATE_PORTS_H

#include "bpf/bpf.h"
#include "bpf/maps.h"

/* The word with a port's bit, port & 63. (Linux 6.1 does not know that what bswap leaves
 * of 16 bits is less than 65,536.) */
static __always_inline __u64 *port_word(struct shaken_ports *s, __u32 port)
{
	port >>= 6;
	opaque(port);
	return &s->bits[port & (65536 / 64 - 1)];
}

#endif
