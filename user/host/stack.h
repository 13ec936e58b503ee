/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which device lies on which: VLANs, bonds, teams, bridges, macvlans (rtnetlink). */
#ifndef STRAYGATE_STACK_H
#define STRAYGATE_STACK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

enum stack_kind {
	STACK_OTHER, /* hardware, most likely */
	STACK_VLAN,
	STACK_MACVLAN,
	STACK_IPVLAN,
	STACK_BOND,
	STACK_TEAM,
	STACK_BRIDGE,
	STACK_VRF,
	STACK_VIRTUAL, /* veth, tun, tap: leads to guests and containers */
};

struct stack_device {
	unsigned int ifindex;
	unsigned int lower;  /* that a VLAN, macvlan or ipvlan lies on; 0: none, or in another namespace */
	unsigned int master; /* bond, team, bridge or VRF that it belongs to; 0: none */
	enum stack_kind kind;
	char name[IFNAMSIZ];
};

/* All devices of this network namespace. */
struct stack {
	struct stack_device *device;
	size_t count;
};

/* 0 or -errno, with nothing in it; says nothing. */
int stack_read(struct stack *out);
void stack_free(struct stack *s);
#define cleanup_stack __attribute__((cleanup(stack_free)))

/* NULL: there is none. */
const struct stack_device *stack_named(const struct stack *s, const char *name);
const struct stack_device *stack_numbered(const struct stack *s, unsigned int ifindex);

/* Do the packets of `below` come by `above`, too: does it lie on it, at any distance? */
bool stack_lies_on(const struct stack *s, const struct stack_device *above, const struct stack_device *below);

/* "VLAN", "bond", ...; "" of others. */
const char *stack_kind_name(enum stack_kind kind);

#endif
