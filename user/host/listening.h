/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which ports does some socket of this network namespace listen? */
#ifndef STRAYGATE_LISTENING_H
#define STRAYGATE_LISTENING_H

#include <stdbool.h>
#include <stdint.h>

#include "host/netlink.h"

struct listening {
	uint8_t ports[2][65536 / 8]; /* bits; of TCP and UDP */
	bool known[2];		     /* false: the kernel cannot be asked */
};

void listening_read(struct listening *l);

/* Hands fn each socket (struct inet_diag_msg) that listens for l4, or is bound and not connected, in a
 * family of addresses; fd: a NETLINK_SOCK_DIAG socket. Returns as rtnl_dump() does. */
int listening_dump(int fd, int family, int l4, rtnl_fn *fn, void *arg);
/* l4: IPPROTO_TCP or IPPROTO_UDP. True also if it is not known. */
bool listening_has(const struct listening *l, int l4, unsigned int port);

#endif
