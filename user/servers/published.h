/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports of this host that are handed on, and who listens where they arrive. */
#ifndef STRAYGATE_SERVERS_PUBLISHED_H
#define STRAYGATE_SERVERS_PUBLISHED_H

#include "servers/nat.h"
#include "servers/process.h"

struct published_ports {
	struct published_list list; /* by protocol and port */
	unsigned int *places;	    /* of each: the network namespace (from 1); 0: none was found */
	bool *claimed;		    /* of each: several have its address */
	struct listeners inside;    /* sockets that they arrive at, and their processes */
};

/* outside: who listens in ours, among them proxies such as docker-proxy. 0 or -errno. */
int published_read(struct published_ports *p, struct model *m, const struct listeners *outside);
void published_free(struct published_ports *p);

/* Does this process do nothing but hand visits on to a container? Then where to is among the published. */
bool published_by(const struct process *p);
/* The socket where number i arrives; NULL: none was found. */
const struct listening_socket *published_socket(const struct published_ports *p, size_t i);

#endif
