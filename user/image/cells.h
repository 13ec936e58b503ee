/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image while it is being built: cells that grow at the end. See
 * bpf/image.h for what stands in them.
 */
#ifndef STRAYGATE_CELLS_H
#define STRAYGATE_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/image.h"

struct cells {
	struct image_cell *cell;
	size_t count;
	size_t room;
};

/* Appends n cells of zeroes and returns the index of the first; 0: no memory
 * (cell 0 is the head, so no table begins there). Pointers into the image die. */
uint32_t cells_add(struct cells *c, size_t n);
void cells_free(struct cells *c);

static inline void *cell_at(struct cells *c, size_t index)
{
	return &c->cell[index];
}

/* Cells that count things of size bytes need. */
static inline size_t cells_for(size_t count, size_t size)
{
	return (count * size + IMAGE_CELL - 1) / IMAGE_CELL;
}

#endif
