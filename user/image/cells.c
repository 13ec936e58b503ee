// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/cells.h"

#include <stdlib.h>
#include <string.h>

#include "lib/large.h"

uint32_t cells_add(struct cells *c, size_t n)
{
	size_t room = c->room ? c->room : 8192;
	uint32_t first = c->count;
	void *grown;

	if (c->count + n > UINT32_MAX / 2)
		return 0;
	while (room < c->count + n)
		room *= 2;
	if (room != c->room) {
		grown = large_alloc(room * IMAGE_CELL);
		if (!grown)
			return 0;
		if (c->count)
			memcpy(grown, c->cell, c->count * IMAGE_CELL);
		free(c->cell);
		c->cell = grown;
		c->room = room;
	}
	memset(&c->cell[first], 0, n * IMAGE_CELL);
	c->count += n;
	return first;
}

void cells_free(struct cells *c)
{
	free(c->cell);
	*c = (struct cells){0};
}
