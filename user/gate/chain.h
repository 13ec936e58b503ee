/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another XDP program behind the gate (`up --chain`): it is taken off the device, is
 * called for what the gate passes, and comes back to the device when the gate goes. The
 * map `chain` of the device keeps it, which is pinned for that.
 */
#ifndef STRAYGATE_GATE_CHAIN_H
#define STRAYGATE_GATE_CHAIN_H

#include <stdbool.h>

#include "gate/gate.h"
#include "lib/fd.h"

/* The program that is on a device, and how it is there. */
struct chain {
	int program; /* fd; -1: there is none */
	bool generic;
	struct chained id;
};
#define CHAIN_INIT            \
	{                     \
		.program = -1 \
	}
static inline void chain_close(struct chain *c)
{
	close_fd(&c->program);
}
#define cleanup_chain __attribute__((cleanup(chain_close)))

/* What is there to be chained, `generic`: only if it runs in generic mode. 0, also if there
 * is nothing, which is said; or -errno, which was said: it cannot be taken off. */
int chain_find(const char *device, bool generic, struct chain *out);
/* Says that the gate cannot call this program, since others replace functions of it.
 * -EBUSY. */
int chain_fail_replaced(const char *device, int program);
/* Takes it off, if it is still what is there. 0 or -errno, which was said. */
int chain_take_off(const char *device, const struct chain *c);
/* fd of the device's map, or -1: nothing is chained. */
int chain_open(struct gate *g, const char *device, bool *generic);
int chain_pin(struct gate *g, const char *device, int map, bool generic);
/* The program that the gate passes packets to; id 0: none. */
struct chained chain_read(struct gate *g, const char *device);
/* Gives the device back to the program behind the gate, whose own link is gone, if
 * there is one; says why not. */
void chain_put_back(struct gate *g, const char *device);

#endif
