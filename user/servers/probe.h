/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is spoken on a port of this host? The only way to find out is to ask. */
#ifndef STRAYGATE_SERVERS_PROBE_H
#define STRAYGATE_SERVERS_PROBE_H

#include <stddef.h>
#include <stdint.h>

#define PROBE_SECONDS 5	  /* for all of them */
#define PROBE_BYTES   512 /* of an answer */
#define PROBES_MOST   256

struct probe {
	uint8_t addr[16]; /* v4-mapped */
	uint16_t port;	  /* of TCP, host order */
	uint8_t as;	  /* outcome: PROTO_TLS, PROTO_HTTP, or PROTO_NONE: neither, or no answer */
};

/* Asks all of them at once. Who speaks first gets nothing sent: it is neither. Others get a TLS ClientHello,
 * and those that answer it with neither TLS nor HTTP, over a second connection, "HEAD / HTTP/1.0". */
void probe_all(struct probe *p, size_t count);

#endif
