// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/index.h"
#include "lib/large.h"

/* Multiply and fold, eight bytes a step. Who writes a policy does not attack
 * it: no secret is needed here, unlike in the kernel's tables. */
uint32_t index_hash(const void *bytes, size_t len, uint32_t seed)
{
	const uint64_t factor = 0x9e3779b97f4a7c15;
	const unsigned char *at = bytes;
	uint64_t h = (seed + 1) * factor + len;

	while (len) {
		uint64_t part = 0;
		size_t step = len < sizeof(part) ? len : sizeof(part);

		memcpy(&part, at, step);
		h = (h ^ part) * factor;
		h ^= h >> 29;
		at += step;
		len -= step;
	}
	h *= factor;
	return h >> 32;
}

int index_reserve(struct index *x, size_t count)
{
	size_t size = x->size ? x->size : 64;
	struct index_slot *slots;

	while (size < 2 * count)
		size *= 2;
	if (size == x->size)
		return 0;
	slots = large_zeroed(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < x->size; i++) {
		size_t to = x->slots[i].hash & (size - 1);

		if (!x->slots[i].at)
			continue;
		while (slots[to].at)
			to = (to + 1) & (size - 1);
		slots[to] = x->slots[i];
	}
	free(x->slots);
	x->slots = slots;
	x->size = size;
	return 0;
}

struct index_slot *index_find(struct index *x, uint32_t hash, index_same *same, const void *things,
			      const void *key)
{
	size_t i = hash & (x->size - 1);

	for (;; i = (i + 1) & (x->size - 1)) {
		struct index_slot *s = &x->slots[i];

		if (!s->at || (s->hash == hash && same(things, s->at - 1, key)))
			return s;
	}
}

void index_clear(struct index *x)
{
	free(x->slots);
	*x = (struct index){0};
}
