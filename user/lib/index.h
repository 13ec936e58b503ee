/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash index over things that live in an array elsewhere: it holds their
 * positions only. Open addressing, linear probing, at most half full; nothing
 * is ever removed (who removes from the array clears the index and fills it
 * again).
 */
#ifndef STRAYGATE_INDEX_H
#define STRAYGATE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_slot {
	uint32_t hash;
	uint32_t at; /* position + 1; 0: empty */
};

struct index {
	struct index_slot *slots;
	size_t size; /* a power of two, or 0 */
};

/* Is the thing at position `at` the one called key? */
typedef bool index_same(const void *things, uint32_t at, const void *key);

uint32_t index_hash(const void *bytes, size_t len, uint32_t seed);
/* Makes room for `count` things in all. 0 or -ENOMEM. */
int index_reserve(struct index *x, size_t count);
/* The slot of key, or the empty one where it belongs (store hash and at there). */
struct index_slot *index_find(struct index *x, uint32_t hash, index_same *same, const void *things,
			      const void *key);
void index_clear(struct index *x);

#define cleanup_index __attribute__((cleanup(index_clear)))

#endif
