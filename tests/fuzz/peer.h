/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Independent parsers, asked for the name that a server built on them would
 * serve: http-parser for HTTP, OpenSSL for TLS, ldns for DNS. None of them
 * shares a line with the finders.
 */
#ifndef STRAYGATE_FUZZ_PEER_H
#define STRAYGATE_FUZZ_PEER_H

#include <stddef.h>
#include <stdint.h>

enum said {
	SAID_REFUSED, /* no server serves this */
	SAID_MORE,    /* wants the bytes that follow */
	SAID_NOTHING, /* no name */
	SAID_TWICE,   /* several names, where there must not be two (RFC 9112 3.2) */
	SAID_NAME,
	SAID_COUNT,
};

#define PEER_NAME_MAX 4096 /* as long as any input */

struct peer {
	enum said said;
	size_t len; /* of name[]: lower case, no port, no trailing dot */
	size_t end; /* DNS: of the question */
	char name[PEER_NAME_MAX];
};

/* Each reads the whole of what a client sent and fills in p. */
void peer_http(const uint8_t *data, size_t size, struct peer *p);
void peer_tls(const uint8_t *data, size_t size, struct peer *p);
void peer_dns(const uint8_t *data, size_t size, struct peer *p);

/* No name yet; what is in name[] is garbage. */
void peer_begin(struct peer *p, enum said said);
/* Adds bytes to the name as they are; what does not fit makes it refused. */
void peer_add(struct peer *p, const void *bytes, size_t len);
/* Lower case, and one dot at its end less. */
void peer_close(struct peer *p);

#endif
