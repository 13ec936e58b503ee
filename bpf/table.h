/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading an image: cells, trees, listeners, rules. See image.h for the layout.
 * A cell that is not there makes a look-up come back empty: everything passes
 * then, which is what a gate without a policy does.
 */
#ifndef STRAYGATE_TABLE_H
#define STRAYGATE_TABLE_H

#include "bpf/maps.h"
#include "bpf/packet.h"

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
	__u64 borrow = (~a & b) | (~(a ^ b) & (a - b));

	/* Or the compiler sees what is meant, and makes a branch of it: 2^15 ways. */
	checked(borrow);
	return borrow >> 63;
}

static __always_inline __u32 before4(__u32 a, __u32 b)
{
	__u64 difference = (__u64)a - b;

	checked(difference); /* as above */
	return difference >> 63;
}

/* What the tree says of the part in which the key is. */
static __always_inline __u32 tree_part(void *image, __u32 tree, __u64 key)
{
	struct image_tree *t = image_cell(image, tree);
	__u32 *refs;
	__u64 part;

	if (!t)
		return 0;
	part = (key - t->window) >> (t->shift & 63);
	if (part >= t->parts)
		return key < t->window ? t->below : t->above;
	refs = image_cell(image, t->table + part / 16);
	if (!refs)
		return 0;
	return refs[part % 16];
}

static __always_inline __u32 dense4(void *image, __u32 ref, __u32 key)
{
	struct image_dense4 *leaf = image_cell(image, IMAGE_REF_CELL(ref));
	/* A lane's highest bit is set by what lies before the key. */
	__u64 x = ((key & 0x7fff) + 0x7fffULL) * IMAGE_LANES, n = 0;
	__u32 k;

	if (!leaf)
		return 0;
	for (k = 0; k < 7; k++)
		n += (x - leaf->words[k]) >> 15 & IMAGE_LANES;
	return leaf->values[n * IMAGE_LANES >> 48 & 1];
}

static __always_inline __u32 dense6(void *image, __u32 ref, __u64 key)
{
	struct image_dense6 *leaf = image_cell(image, IMAGE_REF_CELL(ref));
	__u32 k, n = 0;

	if (!leaf)
		return 0;
	for (k = 0; k < 7; k++)
		n += before(leaf->keys[k], key);
	return leaf->values[n & 1];
}

/* From a reference that is no value to the value for an IPv4 key. */
static __noinline __u32 walk4(void *image, __u32 ref, __u32 key)
{
	__u32 at = IMAGE_REF_CELL(ref), depth = IMAGE_REF_DEPTH(ref), i, k, n;
	struct image_node4 *node;
	struct image_leaf4 *leaf;

	if (ref & IMAGE_REF_DENSE)
		return dense4(image, ref, key);
	for (i = 0; i < IMAGE_DEPTH_MAX && i < depth; i++) {
		node = image_cell(image, at);
		if (!node)
			return 0;
		for (k = 0, n = 0; k < 15; k++)
			n += before4(node->keys[k], key);
		at = node->first + n;
	}
	leaf = image_cell(image, at);
	if (!leaf)
		return 0;
	for (k = 0, n = 0; k < 7; k++)
		n += before4(leaf->keys[k], key);
	return leaf->values[n & 7];
}

/* The same for half an IPv6 address. */
static __noinline __u32 walk6(void *image, __u32 ref, __u64 key)
{
	__u32 at = IMAGE_REF_CELL(ref), depth = IMAGE_REF_DEPTH(ref), i, k, n;
	struct image_node6 *node;
	struct image_leaf6 *leaf;

	if (ref & IMAGE_REF_DENSE)
		return dense6(image, ref, key);
	for (i = 0; i < IMAGE_DEPTH_MAX && i < depth; i++) {
		node = image_cell(image, at);
		if (!node)
			return 0;
		for (k = 0, n = 0; k < 7; k++)
			n += before(node->keys[k], key);
		at = node->first + n;
	}
	leaf = image_cell(image, at);
	if (!leaf)
		return 0;
	for (k = 0, n = 0; k < 5; k++)
		n += before(leaf->keys[k], key);
	return n < 6 ? leaf->values[n] : 0;
}

/* Address (network order, IPv4 v4-mapped) to the value of its longest prefix. */
static __always_inline __u32 address_find(void *image, __u32 tree4, const __u8 *addr, __u32 ipv6)
{
	const __be64 *half = (const __be64 *)addr;
	__u64 key;
	__u32 ref;

	if (!ipv6) {
		key = bpf_be64_to_cpu(half[1]) & 0xffffffff;
		ref = tree_part(image, tree4, key);
		return ref & IMAGE_REF ? walk4(image, ref, key) : ref;
	}
	key = bpf_be64_to_cpu(half[0]);
	ref = tree_part(image, tree4 + 1, key);
	if (ref & IMAGE_REF)
		ref = walk6(image, ref, key);
	return ref & IMAGE_REF ? walk6(image, ref, bpf_be64_to_cpu(half[1])) : ref;
}

/* The image that judges a packet, and its head. */
struct view {
	void *image;
	struct image_head *head;
};

static __always_inline bool view_of(struct view *v, __u32 slot)
{
	v->image = image_in(slot);
	if (!v->image)
		return false;
	v->head = image_cell(v->image, IMAGE_HEAD);
	return v->head;
}

static __always_inline bool view_open(struct view *v, const struct packet *p)
{
	return view_of(v, p->slot);
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
