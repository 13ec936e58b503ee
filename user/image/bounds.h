/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boundaries of one tree of addresses in the making, and how they are
 * written into an image: from keys[i] on, values[i] holds.
 */
#ifndef STRAYGATE_BOUNDS_H
#define STRAYGATE_BOUNDS_H

#include "image/cells.h"

struct bounds {
	uint64_t *keys;
	uint32_t *values;
	size_t count;
	size_t room;
};

/* In order; of several for one key the last holds. 0 or -ENOMEM. */
int bounds_add(struct bounds *b, uint64_t key, uint32_t value);
/* Room for so many, at once. */
int bounds_reserve(struct bounds *b, size_t room);
void bounds_free(struct bounds *b);

/* The kinds of keys: addresses of IPv4, halves of IPv6. */
enum bounds_kind { BOUNDS4, BOUNDS6 };

/* Writes the boundaries, of which the first has key 0, as a tree whose
 * descriptor goes to `cell`. 0, -ENOMEM, -E2BIG. */
int tree_write(struct cells *c, uint32_t cell, const struct bounds *b, enum bounds_kind kind);
/* The same without a descriptor: a reference to it. */
int tree_write_ref(struct cells *c, const struct bounds *b, enum bounds_kind kind, uint32_t *ref);

#endif
