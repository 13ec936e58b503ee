/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the trees of addresses of an image; image.h has their layout. A cell that
 * is not there makes a look-up come back empty: everything passes then, which is
 * what a gate without a policy does.
 *
 * Plain C: the tests on the host read trees by this very code, and only where a cell
 * comes from differs.
 */
#ifndef STRAYGATE_BPF_TREE_H
#define STRAYGATE_BPF_TREE_H

#ifdef __bpf__
#include "bpf/bpf.h"
#else
#include <stddef.h>

#include <bpf/bpf_endian.h>

#include "bpf/compiler.h"
#endif

#include "bpf/image.h"

#ifdef __bpf__
static __always_inline void *image_cell(void *image, __u32 index)
{
	return bpf_map_lookup_elem(image, &index);
}
#else
/* Whoever reads on the host says what an image is there. NULL: no such cell. */
void *image_cell(void *image, __u32 index);
#endif

/* 1 if a < b: the borrow of a - b. Without a branch: the verifier would follow
 * each way of seven comparisons a level, and the CPU guess half of them wrong. */
static __always_inline __u32 before(__u64 a, __u64 b)
{
	__u64 borrow = (~a & b) | (~(a ^ b) & (a - b));

	/* Or the compiler sees what is meant, and makes a branch of it: 2^15 ways. */
	opaque(borrow);
	return borrow >> 63;
}

static __always_inline __u32 before4(__u32 a, __u32 b)
{
	__u64 difference = (__u64)a - b;

	opaque(difference); /* as above */
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

#endif
