// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/large.h"

int bounds_reserve(struct bounds *b, size_t room)
{
	uint64_t *keys = large_alloc(room * sizeof(*keys));
	uint32_t *values = large_alloc(room * sizeof(*values));

	if (!keys || !values) {
		free(keys);
		free(values);
		return -ENOMEM;
	}
	if (b->count) {
		memcpy(keys, b->keys, b->count * sizeof(*keys));
		memcpy(values, b->values, b->count * sizeof(*values));
	}
	free(b->keys);
	free(b->values);
	b->keys = keys;
	b->values = values;
	b->room = room;
	return 0;
}

int bounds_add(struct bounds *b, uint64_t key, uint32_t value)
{
	if (b->count && b->keys[b->count - 1] == key)
		b->count--; /* nothing lies between the two */
	if (b->count && b->values[b->count - 1] == value)
		return 0;
	if (b->count == b->room && bounds_reserve(b, b->room ? b->room * 2 : 64))
		return -ENOMEM;
	b->keys[b->count] = key;
	b->values[b->count++] = value;
	return 0;
}

void bounds_free(struct bounds *b)
{
	free(b->keys);
	free(b->values);
}
