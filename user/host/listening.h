/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which ports does some socket of this network namespace listen? */
#ifndef STRAYGATE_LISTENING_H
#define STRAYGATE_LISTENING_H

#include <stdbool.h>
#include <stdint.h>

struct listening {
	uint8_t ports[2][65536 / 8]; /* bits; of TCP and UDP */
	bool known[2];		     /* false: the kernel cannot be asked */
};

void listening_read(struct listening *l);
/* l4: IPPROTO_TCP or IPPROTO_UDP. True also if it is not known. */
bool listening_has(const struct listening *l, int l4, unsigned int port);

#endif
