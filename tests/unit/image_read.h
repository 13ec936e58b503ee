/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image on the host, read by the code of the kernel. */
#ifndef STRAYGATE_IMAGE_READ_H
#define STRAYGATE_IMAGE_READ_H

#include <string.h>

#include "bpf/name_table.h"
#include "bpf/tree.h"
#include "image/cells.h"
#include "lib/prefix.h"

/* As the kernel's array: what lies behind its end is not there. */
void *image_cell(void *image, __u32 index)
{
	struct cells *c = image;

	return index < c->count ? cell_at(c, index) : NULL;
}

static inline uint32_t tree_look(const struct cells *c, uint32_t cell, const uint8_t addr[16])
{
	uint64_t aligned[2];

	memcpy(aligned, addr, sizeof(aligned));
	return address_find((void *)c, cell, (const uint8_t *)aligned, !address_is_v4(addr));
}

static inline uint32_t name_look(struct cells *c, enum image_namespace space, const char *name)
{
	struct finder f = {.name_len = strlen(name)};
	struct name_ends ends;

	memcpy(f.name, name, f.name_len);
	return name_find(c, cell_at(c, IMAGE_NAMES), &f, space, &ends);
}

#endif
