/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up first packet of a visit, for `explain`. */
#ifndef STRAYGATE_PROBE_PACKET_H
#define STRAYGATE_PROBE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

struct probe {
	uint8_t client[16]; /* IPv4 v4-mapped, as all three */
	uint8_t server[16];
	uint8_t via[16]; /* a proxy, whose header says that it is that client's; */
	bool proxied;	 /* otherwise the client itself sends it */
	uint8_t l4;	 /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;
	enum protocol as;
	const char *name; /* normalised; NULL: names nothing */
};

#define PROBE_MAX 1024

/* Writes the frame that such a client, or its proxy, would send; its length, or -EINVAL
 * when the name does not fit the protocol, or its two ends are not of one family. */
int probe_packet(const struct probe *p, uint8_t out[PROBE_MAX]);

#endif
