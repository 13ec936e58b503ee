/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of flows: set-associative, eight ways, one element of an array map a
 * set. Nine cache lines, of which a look-up that finds nothing reads the first,
 * and one that finds something one more, mostly of the same page; a kernel's LRU
 * hash costs a flood's new client four times that (docs/speed.md).
 *
 * A set's clock counts what was put into it, and each way holds the time when it
 * was last used: exact LRU without a look at any other clock. What is not used
 * goes within some eight insertions, so 8 bits are enough.
 *
 * Nothing is locked. A new flow takes its way by one compare-and-exchange of the
 * signature; `used` is set before, and looked at again behind reading the
 * signature, so that of two CPUs that want the same way one looks further. The
 * state is written last, and a cell without state is not there. What a reader may
 * see is a cell that becomes another flow's while he reads it, as in the kernel's
 * LRU maps; that was the least recently used one of its set.
 *
 * Plain C: the controller and the tests read and write the same table.
 */
#ifndef STRAYGATE_FLOW_TABLE_H
#define STRAYGATE_FLOW_TABLE_H

#include "finder.h" /* for __always_inline on the host */
#include "shared.h"

/* What the compiler knew of a value it must not use from here on: or it makes
 * branches of arithmetic, and leaves out masks that the verifier asks for. */
#define flow_opaque(value) __asm__ __volatile__("" : "+r"(value))

/* The order of writes, for the compiler; the exchange orders the rest. */
#define flow_barrier() __asm__ __volatile__("" ::: "memory")

/* Neighbours, whose sums may lie close together, go to sets far apart. */
static __always_inline __u64 flow_spread(__u64 h)
{
	return (h ^ h >> 32) * 0x9e3779b97f4a7c15ULL;
}

/*
 * Multilinear hashing over 32-bit words (Lemire and Kaser, 2014): strongly
 * universal in its upper half, under keys that nobody outside knows, so nobody
 * can aim at the set of somebody else. The products do not wait for each other.
 */
static __always_inline __u64 flow_hash(const __u64 keys[FLOW_HASH_KEYS], const struct flow_key *k)
{
	const __u32 *client = (const __u32 *)k->client, *server = (const __u32 *)k->server;
	__u64 h = keys[0];

	h += keys[1] * client[3];
	h += keys[2] * server[3];
	h += keys[3] * ((__u32)k->client_port << 16 | k->server_port);
	if (!(client[0] | client[1])) /* IPv4: the rest is the same for all */
		return flow_spread(h);
	h += keys[4] * client[0];
	h += keys[5] * client[1];
	h += keys[6] * client[2];
	h += keys[7] * server[0];
	h += keys[8] * server[1];
	h += keys[9] * server[2];
	return flow_spread(h);
}

static __always_inline __u32 flow_set_index(__u64 hash)
{
	return hash >> (64 - FLOW_SETS_LOG);
}

/* 0 is an empty way's. */
static __always_inline __u32 flow_signature(__u64 hash)
{
	return (__u32)(hash >> (32 - FLOW_SETS_LOG)) | 1;
}

static __always_inline __u64 flow_differs(const struct flow_key *a, const struct flow_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return (x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]);
}

/* The cell whose signature it has. Without a branch a way, so that the verifier
 * has one path and the CPU nothing to guess: the borrow of x - 1 says x == 0.
 * Two ways of one signature give some third cell, which flow_differs() refuses. */
static __always_inline struct flow *flow_candidate(struct flow_set *set, __u32 signature)
{
	__u32 i, way = 0;
	__u64 hit, any = 0;

	for (i = 0; i < FLOW_WAYS; i++) {
		hit = (__u64)(set->signature[i] ^ signature) - 1;
		flow_opaque(hit);
		hit >>= 63;
		any |= hit;
		way |= (__u32)hit * i;
	}
	if (!any)
		return 0;
	flow_opaque(way);
	way &= FLOW_WAYS - 1;
	if (set->used[way] != set->clock)
		set->used[way] = set->clock;
	return &set->flows[way];
}

/* NULL: not there, or forgotten. */
static __always_inline struct flow *flow_find(struct flow_set *set, __u64 hash, const struct flow_key *key)
{
	struct flow *f = flow_candidate(set, flow_signature(hash));

	return f && f->state && !flow_differs(&f->ends, key) ? f : 0;
}

/* The way that was not used for longest. NULL: others were faster, four times. */
static __always_inline struct flow *flow_take(struct flow_set *set, __u32 signature)
{
	volatile __u8 *used = set->used;
	__u32 attempt, i, way, old;
	__s64 oldest, ahead;
	__u8 clock, seen;

	for (attempt = 0; attempt < 4; attempt++) {
		clock = *(volatile __u8 *)&set->clock;
		for (i = 0, oldest = 0; i < FLOW_WAYS; i++) {
			ahead = ((__u32)(__u8)(clock - used[i]) << 3 | i) - oldest;
			flow_opaque(ahead);
			oldest += ahead & ~(ahead >> 63); /* the larger, without a branch */
		}
		way = oldest;
		flow_opaque(way);
		way &= FLOW_WAYS - 1;
		seen = clock - (__u8)(oldest >> 3);
		old = *(volatile __u32 *)&set->signature[way];
		if (used[way] != seen)
			continue;
		used[way] = clock + 1;
		set->clock = clock + 1;
		if (__sync_val_compare_and_swap(&set->signature[way], old, signature) == old)
			return &set->flows[way];
	}
	return 0;
}

/* The cell to write: its own, or that of another, which is forgotten. It has no
 * state until flow_write(). */
static __always_inline struct flow *flow_place(struct flow_set *set, __u64 hash, const struct flow_key *key)
{
	struct flow *f = flow_find(set, hash, key);

	if (!f)
		f = flow_take(set, flow_signature(hash));
	if (f) {
		f->state = FLOW_NONE;
		flow_barrier();
		f->ends = *key;
	}
	return f;
}

#endif
