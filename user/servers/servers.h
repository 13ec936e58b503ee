/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this host serves: who listens, and what each server's configuration says. */
#ifndef STRAYGATE_SERVERS_H
#define STRAYGATE_SERVERS_H

#include "servers/model.h"
#include "servers/process.h"
#include "servers/published.h"
#include "servers/zones.h"

/* A listener to be: sockets and what their server says of them. */
struct found {
	struct site site; /* as, class and why are those of the worst site behind it */
	const char *name; /* of its program */
	pid_t pid;
	bool known;	/* its server says what is spoken here */
	const char *to; /* "10.88.0.2:80 by iptables": where its visits are handed on to; NULL: nowhere */
	const char *in; /* "container web", that listens there; NULL: none */
};

struct servers {
	struct model model;
	struct listeners listeners;
	struct published_ports published;
	struct zone_lists zones; /* of the names of zones, if zones_list() made any */
	struct found *found;	 /* by protocol, port, address; of TCP and UDP ports that can be judged */
	size_t found_count, found_room;
	char *others;	/* "tcp/22 (sshd), tcp/25 (exim4)": what is not for the gate */
	size_t asked;	/* ports that were asked what they speak */
	size_t readers; /* that were asked */
	size_t failed;	/* of these: nothing is known of their servers (of containers: their listeners are
			   open) */
};

/* Of the network namespace that we are in. probe: ask ports of TCP what they speak if nothing else tells.
 * Prints its own errors. 0 or -errno. */
int servers_read(struct servers *s, bool probe);
void servers_free(struct servers *s);
#define cleanup_servers __attribute__((cleanup(servers_free)))

/* Does an allow-list close what some listener answers on purpose? */
bool servers_open(const struct servers *s);

#endif
