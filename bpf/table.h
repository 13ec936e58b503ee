/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading an image: cells, trees, listeners, rules. See image.h for the layout.
 * A cell that is not there makes a look-up come back empty: everything passes
 * then, which is what a gate without a policy does.
 */
#ifndef STRAYGATE_TABLE_H
#define STRAYGATE_TABLE_H

#include "maps.h"
#include "packet.h"

/* What the compiler knew of a value up to here it must not use from here on:
 * keeps a check, or keeps arithmetic on a pointer behind its check. */
#define checked(value) __asm__ __volatile__("" : "+r"(value))

static __always_inline void *image_cell(void *image, __u32 index)
{
	return bpf_map_lookup_elem(image, &index);
}

/* The slot of the image that rules now. */
static __always_inline __u32 current_slot(void)
{
	__u32 zero = 0;
	struct control *c = bpf_map_lookup_elem(&control, &zero);
	__u64 word;
	__u32 slot;

	if (!c)
		return CONTROL_NO_SLOT;
	word = *(volatile __u64 *)&c->word;
	slot = CONTROL_SLOT(word);
	if (CONTROL_DEADLINE(word) && bpf_ktime_get_ns() >> CONTROL_DEADLINE_SHIFT >= CONTROL_DEADLINE(word))
		slot = CONTROL_PREVIOUS(word);
	return slot;
}

static __always_inline void *image_in(__u32 slot)
{
	return bpf_map_lookup_elem(&images, &slot);
}

/* 1 if a < b: the borrow of a - b. Without a branch: the verifier would follow
 * each way of seven comparisons a level, and the CPU guess half of them wrong. */
static __always_inline __u32 before(__u64 a, __u64 b)
{
	return (__u32)(((~a & b) | (~(a ^ b) & (a - b))) >> 63);
}

/* The value of the last boundary at or below key; 0 if the table is empty. */
static __noinline __u32 tree_find(void *image, struct image_tree *t, __u64 key)
{
	struct image_cell *cell;
	__u32 at = 0;
	__u32 *value;
	__u32 i, c;

	if (!t || !t->count)
		return 0;
	for (i = 0; i < IMAGE_TREE_DEPTH; i++) {
		if (i >= t->depth)
			break;
		cell = image_cell(image, t->level[i] + at);
		if (!cell)
			return 0;
		c = before(cell->words[1], key) + before(cell->words[2], key) + before(cell->words[3], key) +
		    before(cell->words[4], key) + before(cell->words[5], key) + before(cell->words[6], key) +
		    before(cell->words[7], key);
		at = at * IMAGE_NODE_KEYS + c;
	}
	value = image_cell(image, t->values + at / 16);
	if (!value)
		return 0;
	return value[at % 16];
}

/* Address (network order, IPv4 v4-mapped) to the value of its longest prefix. */
static __always_inline __u32 address_find(void *image, __u32 tree4, const __u8 *addr, __u32 ipv6)
{
	const __be64 *half = (const __be64 *)addr;
	struct image_tree *t;
	__u32 value;

	if (!ipv6)
		return tree_find(image, image_cell(image, tree4), bpf_be64_to_cpu(half[1]) & 0xffffffff);
	value = tree_find(image, image_cell(image, tree4 + 1), bpf_be64_to_cpu(half[0]));
	if (!(value & IMAGE_SUBTREE))
		return value;
	t = image_cell(image, value & ~IMAGE_SUBTREE);
	return tree_find(image, t, bpf_be64_to_cpu(half[1]));
}

/* The image that judges a packet, and its head. */
struct view {
	void *image;
	struct image_head *head;
};

static __always_inline bool view_open(struct view *v, const struct packet *p)
{
	v->image = image_in(p->slot);
	if (!v->image)
		return false;
	v->head = image_cell(v->image, IMAGE_HEAD);
	return v->head;
}

static __always_inline struct image_rule *image_rule(void *image, struct image_head *head, __u32 index)
{
	struct image_rule *pair = image_cell(image, head->rules + index / 2);

	if (!pair)
		return NULL;
	checked(pair);
	return &pair[index & 1];
}

static __always_inline struct image_listener *image_listener(void *image, struct image_head *head,
							     __u32 index)
{
	struct image_listener *pair = image_cell(image, head->listeners + index / 2);

	if (!pair)
		return NULL;
	checked(pair);
	return &pair[index & 1];
}

#endif
