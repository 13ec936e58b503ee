/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where do names lead, as DNS has it? Of the host's own resolvers (resolv.conf(5)), not of /etc/hosts: what
 * visitors get is the question. */
#ifndef STRAYGATE_SERVERS_RESOLVE_H
#define STRAYGATE_SERVERS_RESOLVE_H

#include "lib/prefix.h"

#define RESOLVE_SECONDS 3 /* for all names */
#define RESOLVE_MOST	128

enum resolved {
	RESOLVED_UNKNOWN, /* nobody answered, or none knew it */
	RESOLVED_NOWHERE, /* it has no address */
	RESOLVED_HERE,	  /* one of its addresses is this host's */
	RESOLVED_ELSEWHERE,
};

struct resolve {
	const char *name; /* normalised */
	enum resolved outcome;
	uint8_t to[16]; /* RESOLVED_ELSEWHERE: an address of it, v4-mapped */
};

/* Asks for all names at once, for IPv4 and IPv6. local: the addresses of this host. */
void resolve_all(struct resolve *r, size_t count, const struct prefix *local, size_t local_count);

#endif
