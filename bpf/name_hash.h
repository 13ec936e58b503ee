/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keyed hash of names, the same code in the kernel and in the controller.
 *
 * Two polynomials over GF(2^31 - 1) in two secret points (Carter and Wegman,
 * 1979): two given names of n bytes collide with a chance of (n / 2^31)^2 over
 * the choice of the points, and nobody outside ever sees a value, so nobody
 * can search for collisions. Names are fed from their end to their beginning:
 * then the hash at a dot is that of the suffix to its right, and one pass
 * yields the hashes of all suffixes.
 */
#ifndef STRAYGATE_NAME_HASH_H
#define STRAYGATE_NAME_HASH_H

#include "bpf/find/finder.h"
#include "bpf/image.h"

#define HASH_PRIME 0x7fffffffULL

/* What a look-up learns of the name on its way, for top.h. In the kernel it lies in map
 * memory, where the verifier does not follow it from one byte to the next. */
struct name_ends {
	__u64 hash;	/* of the name */
	__u64 two_hash; /* of its last two labels, */
	__u64 three_hash;
	__u32 one_len; /* bytes of its last label; 0: the name has no more */
	__u32 two_len; /* of its last two; 0 as well */
	__u32 three_len;
	__u32 dots;
};

struct name_hash {
	__u64 a;
	__u64 b;
};

static __always_inline void name_hash_begin(struct name_hash *h, const struct image_names *n, __u32 space)
{
	h->a = n->seed[space & 1] & HASH_PRIME;
	h->b = (n->seed[space & 1] >> 32) & HASH_PRIME;
}

/* One fold keeps a lane under 2^33, and 2^33 * 2^31 in 64 bits. */
static __always_inline __u64 name_hash_lane(__u64 lane, __u32 key, __u8 c)
{
	lane = lane * key + c + 1;
	return (lane & HASH_PRIME) + (lane >> 31);
}

static __always_inline void name_hash_byte(struct name_hash *h, const struct image_names *n, __u8 c)
{
	h->a = name_hash_lane(h->a, n->key[0], c);
	h->b = name_hash_lane(h->b, n->key[1], c);
}

static __always_inline __u64 name_hash_reduce(__u64 lane)
{
	lane = (lane & HASH_PRIME) + (lane >> 31);
	lane = (lane & HASH_PRIME) + (lane >> 31);
	return lane == HASH_PRIME ? 0 : lane;
}

/* The multiplication only spreads the bits, for the choice of buckets. */
static __always_inline __u64 name_hash_end(const struct name_hash *h)
{
	__u64 v = name_hash_reduce(h->a) << 32 | name_hash_reduce(h->b);

	v *= 0x9e3779b97f4a7c15ULL;
	v ^= v >> 32;
	return v ? v : 1;
}

/* The two buckets in which a hash may lie. */
static __always_inline __u32 name_bucket(__u64 hash, __u32 buckets, __u32 choice)
{
	__u64 half = choice ? hash & 0xffffffff : hash >> 32;

	return (__u32)((half * buckets) >> 32);
}

#endif
