/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of name servers share. */
#ifndef STRAYGATE_SERVERS_DNS_H
#define STRAYGATE_SERVERS_DNS_H

#include <stdbool.h>

#include "servers/model.h"

/* Why a name server is closed. */
extern const char dns_refuses[];

/* Both protocols of port 53, or of another one ("192.0.2.1@5353"); address NULL: every one. */
void dns_sites(struct model *m, const char *address, unsigned int port, enum site_class class,
	       const char *why, const struct found_at *where);

/* A zone file, as its server's configuration has it. */
struct zone_file {
	const char *zone;
	const char *path;   /* as the server's working directory, or `folder`, has it; NULL: it has none */
	const char *format; /* "text", "raw", or BIND's others */
	const char *folder, *root; /* for named-compilezone's -w and -t; NULL: without */
	const char *unable;	   /* why the names cannot be listed; NULL: no reason is known */
	bool nsd;		   /* NSD's own tool first */
};

bool dns_is_root(const char *zone);
/* A zone, for `zone`, without a way to its names, or with that of its file or of a tool that is run. */
void dns_zone(struct model *m, const char *zone, const char *unable, const struct found_at *where);
void dns_zone_file(struct model *m, const struct zone_file *f, const struct found_at *where);
void dns_zone_tool(struct model *m, const char *zone, const struct zone_tool *tool,
		   const struct found_at *where);

#endif
