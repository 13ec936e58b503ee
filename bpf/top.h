/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The most-asked stray names and the most active sources of strays, in bounded
 * memory: see struct heavy. Touched once a stray visit, in this CPU's table. A name that
 * finds no cell is counted by the registered part of it: a flood of random labels has no
 * name that is asked for twice. So each visit is counted once, in one of the two.
 */
#ifndef STRAYGATE_HEAVY_H
#define STRAYGATE_HEAVY_H

#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/name_table.h"
#include "bpf/source.h"
#include "bpf/suffix.h"

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

enum heavy_place { HEAVY_COUNTED, HEAVY_NEW, HEAVY_REFUSED };

/* HEAVY_NEW: the cell is new to this key and wants its text. */
static __always_inline enum heavy_place heavy_count(struct heavy *cell, __u64 hash)
{
	if (cell->hash == hash) {
		cell->count++;
		return HEAVY_COUNTED;
	}
	if (cell->count && bpf_get_prandom_u32() % (__u32)(cell->count + 1))
		return HEAVY_REFUSED;
	cell->hash = hash;
	cell->count++;
	return HEAVY_NEW;
}

/* The end of the name, `from` bytes on in the cell. */
static __always_inline void heavy_text(struct heavy *cell, const struct packet *p, const struct finder *f,
				       __u32 from, __u32 length)
{
	__u32 i, first;

	if (length > sizeof(cell->key) - from)
		length = sizeof(cell->key) - from;
	first = f->name_len - length;
	for (i = from; i < sizeof(cell->key); i++)
		cell->key[i] = i - from < length ? f->name[find_place(first + i - from)] : 0;
	cell->length = from + length;
	cell->protocol = p->as;
}

/* "*." and the registered part, if the name has more than that. */
static __always_inline void heavy_suffix(const struct packet *p, const struct finder *f,
					 const struct name_ends *ends)
{
	__u32 second = ends->two_len - ends->one_len - 1, length = ends->two_len;
	__u64 hash = ends->two_hash;
	struct heavy *cell;

	if (!length)
		return;
	if (suffix_labels(ends->one_len, second, find_load(&f->name[find_place(f->name_len - length)])) ==
	    3) {
		length = ends->three_len;
		hash = ends->three_hash;
	}
	if (!length)
		return;
	hash += (__u64)p->as << 32;
	cell = heavy_cell(&stray_suffixes, hash);
	if (!cell || heavy_count(cell, hash) != HEAVY_NEW)
		return;
	heavy_text(cell, p, f, 2, length);
	cell->key[0] = '*';
	cell->key[1] = '.';
}

static __always_inline void heavy_name(const struct packet *p, const struct finder *f,
				       const struct name_ends *ends)
{
	/* Each protocol counts for itself. */
	__u64 hash = ends->hash + ((__u64)p->as << 32);
	struct heavy *cell = heavy_cell(&stray_names, hash);

	if (!cell)
		return;
	switch (heavy_count(cell, hash)) {
	case HEAVY_COUNTED:
		return;
	case HEAVY_NEW:
		heavy_text(cell, p, f, 0, f->name_len);
		return;
	case HEAVY_REFUSED:
		heavy_suffix(p, f, ends);
	}
}

/* Whose visit it is: what the PROXY header says, or who sent the packet. */
static __always_inline const struct address *client_of(const struct packet *p, struct scratch *s)
{
	if (p->proxied != PROXIED_CLIENT)
		__builtin_memcpy(s->finder.client, p->flow.client, sizeof(s->finder.client));
	return (const struct address *)s->finder.client;
}

/* Client networks as the rest of straygate counts them: /24 and /56. */
stage int heavy_source(struct packet *p)
{
	struct scratch *s = scratch_memory();
	const struct address *of;
	struct image_names *n;
	struct heavy *cell;
	__u32 i, ipv6, bytes;
	__u64 hash = 0;
	void *image;

	if (!p || !s)
		return 0;
	image = image_in(p->slot);
	n = image ? image_cell(image, IMAGE_NAMES) : NULL;
	if (!n)
		return 0;
	of = client_of(p, s);
	ipv6 = !is_mapped(of);
	bytes = ipv6 ? 7 : 15;
	for (i = 0; i < 7; i++)
		hash = hash << 8 | of->bytes[ipv6 ? i : i + 8];
	hash = (hash << 1 | ipv6) ^ n->seed[0];
	hash *= n->below; /* odd, and a secret */
	hash ^= hash >> 32;
	cell = heavy_cell(&stray_sources, hash);
	if (!cell || heavy_count(cell, hash) != HEAVY_NEW)
		return 0;
	for (i = 0; i < 16; i++)
		cell->key[i] = i < bytes ? of->bytes[i] : 0;
	cell->length = bytes * 8;
	cell->protocol = p->as;
	return 0;
}

#endif
