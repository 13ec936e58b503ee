/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up first packet of a visit, for `explain`. */
#ifndef STRAYGATE_PROBE_PACKET_H
#define STRAYGATE_PROBE_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

struct probe {
	uint8_t client[16]; /* IPv4 v4-mapped; both of one family */
	uint8_t server[16];
	uint8_t l4; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;
	enum protocol as;
	const char *name; /* normalised; NULL: names nothing */
};

#define PROBE_MAX 1024

/* Writes the frame that such a client would send; its length, or -EINVAL when
 * the name does not fit the protocol. */
int probe_packet(const struct probe *p, uint8_t out[PROBE_MAX]);

#endif
