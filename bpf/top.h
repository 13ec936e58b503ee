/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The most-asked stray names and the most active sources of strays, in bounded
 * memory: see struct heavy. Touched once a stray visit, in this CPU's table.
 */
#ifndef STRAYGATE_HEAVY_H
#define STRAYGATE_HEAVY_H

#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/name_hash.h"

/* The cell of a key, or the one that it may take over. */
static __always_inline struct heavy *heavy_cell(void *table, __u64 hash)
{
	__u32 set = (__u32)hash & (HEAVY_CELLS - 1) & ~(HEAVY_WAYS - 1);
	struct heavy *least = NULL, *cell;
	__u32 i, at;

	for (i = 0; i < HEAVY_WAYS; i++) {
		at = set + i;
		cell = bpf_map_lookup_elem(table, &at);
		if (!cell)
			return NULL;
		if (cell->hash == hash)
			return cell;
		if (!least || cell->count < least->count)
			least = cell;
	}
	return least;
}

/* True if the cell is new to this key and wants its text. */
static __always_inline bool heavy_count(struct heavy *cell, __u64 hash)
{
	if (cell->hash == hash) {
		cell->count++;
		return false;
	}
	if (cell->count && bpf_get_prandom_u32() % (__u32)(cell->count + 1))
		return false;
	cell->hash = hash;
	cell->count++;
	return true;
}

static __always_inline void heavy_name(const struct packet *p, const struct finder *f, __u64 hash)
{
	__u32 i, from, length = f->name_len;
	struct heavy *cell;

	/* Each protocol counts for itself. */
	hash += (__u64)p->as << 32;
	cell = heavy_cell(&stray_names, hash);
	if (!cell || !heavy_count(cell, hash))
		return;
	if (length > sizeof(cell->key))
		length = sizeof(cell->key);
	from = f->name_len - length;
	for (i = 0; i < sizeof(cell->key); i++)
		cell->key[i] = i < length ? f->name[find_place(from + i)] : 0;
	cell->length = length;
	cell->protocol = p->as;
}

/* Client networks as the rest of straygate counts them: /24 and /56. */
static __always_inline void heavy_source(const struct packet *p, const struct image_names *n)
{
	__u32 i, bytes = p->ipv6 ? 7 : 15;
	struct heavy *cell;
	__u64 hash = 0;

	for (i = 0; i < 7; i++)
		hash = hash << 8 | p->flow.client[p->ipv6 ? i : i + 8];
	hash = (hash << 1 | !!p->ipv6) ^ n->seed[0];
	hash *= n->below; /* odd, and a secret */
	hash ^= hash >> 32;
	cell = heavy_cell(&stray_sources, hash);
	if (!cell || !heavy_count(cell, hash))
		return;
	for (i = 0; i < 16; i++)
		cell->key[i] = i < bytes ? p->flow.client[i] : 0;
	cell->length = bytes * 8;
	cell->protocol = p->as;
}

#endif
