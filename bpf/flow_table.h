/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of flows: set-associative, eight ways, one element of an array map a
 * set: four cache lines of one page, that are read at once and not one after the
 * other. What makes a look-up dear is the page at least as much as the line, so
 * it holds no more than the packet's way reads (8 MB for 262,144 visits, which the
 * TLB of a server's CPU covers): of both ends a print of 64 bits, under keys that
 * nobody outside knows. The ends themselves, for `show flows`, lie elsewhere; to
 * write them is a page more, which a flood is spared (flow_name() in flow.h).
 *
 * Two visits have the same print with a chance of 2^-63, so one that is not there
 * is taken for one that is once in 2^45 look-ups; and then its sequence numbers
 * would have to fit, too (doubtful() in flow.h).
 *
 * A set's clock counts what was put into it, and each way holds the time when it
 * was last used: exact LRU without a look at any other clock. What is not used
 * goes within some eight insertions, so 8 bits are enough.
 *
 * Nothing is locked. A new flow takes its way by one compare-and-exchange of the
 * print, for one that is nobody's; `used` is set before, and looked at again behind
 * reading the print, so that of two CPUs that want the same way one looks further.
 * Its own print comes when nothing of the old flow can be read any more, and its
 * state last: a cell without state is not there. What a reader may see is a cell that
 * becomes another flow's while he reads it, as in the kernel's LRU maps; that was
 * the least recently used one of its set.
 *
 * Plain C: the controller and the tests read and write the same table.
 */
#ifndef STRAYGATE_FLOW_TABLE_H
#define STRAYGATE_FLOW_TABLE_H

#include <stdbool.h>

#include "bpf/find/finder.h" /* for __always_inline on the host */
#include "bpf/shared.h"

/* The order of writes, for the compiler; the exchange orders the rest. */
#define flow_barrier() __asm__ __volatile__("" ::: "memory")

#define FLOW_NOBODY 2 /* the print of a cell that is being taken */

/*
 * Multilinear hashing over 32-bit words (Lemire and Kaser, 2014): strongly
 * universal in its upper half, under keys that nobody outside knows, so nobody
 * can aim at the set of somebody else. Twice, under keys of their own: 64 bits.
 * The products do not wait for each other.
 */
static __always_inline __u64 flow_print(const __u64 keys[FLOW_HASH_KEYS][2], const struct flow_key *k)
{
	const __u32 *client = (const __u32 *)k->client, *server = (const __u32 *)k->server;
	__u32 ports = (__u32)k->client_port << 16 | k->server_port;
	__u64 a = keys[0][0], b = keys[0][1];

	a += keys[1][0] * client[3] + keys[2][0] * server[3] + keys[3][0] * ports;
	b += keys[1][1] * client[3] + keys[2][1] * server[3] + keys[3][1] * ports;
	if (client[0] | client[1]) { /* of IPv4 the rest is the same for all */
		a += keys[4][0] * client[0] + keys[5][0] * client[1] + keys[6][0] * client[2];
		b += keys[4][1] * client[0] + keys[5][1] * client[1] + keys[6][1] * client[2];
		a += keys[7][0] * server[0] + keys[8][0] * server[1] + keys[9][0] * server[2];
		b += keys[7][1] * server[0] + keys[8][1] * server[1] + keys[9][1] * server[2];
	}
	return (a >> 32 << 32 | b >> 32) | 1; /* 0 is an empty way's */
}

/* Neighbours, whose sums may lie close together, go to sets far apart. */
static __always_inline __u32 flow_set_index(__u64 print)
{
	return (print ^ print >> 32) * 0x9e3779b97f4a7c15ULL >> (64 - FLOW_SETS_LOG);
}

/* The way whose print looks like it. Without a branch a way, so that the verifier has
 * one path and the CPU nothing to guess: the borrow of x - 1 says x == 0. If none does,
 * or two, it is some other one, which flow_is() refuses. */
static __always_inline __u32 flow_candidate(const struct flow_set *set, __u64 print)
{
	__u32 i, way = 0;
	__u64 hit;

	for (i = 0; i < FLOW_WAYS; i++) {
		hit = (__u64)((__u32)set->flows[i].print ^ (__u32)print) - 1;
		opaque(hit);
		way |= (__u32)(hit >> 63) * i;
	}
	opaque(way);
	return way & (FLOW_WAYS - 1);
}

/* If it is that one, it is in use. */
static __always_inline bool flow_is(const struct flow_set *set, struct flow *f, __u64 print)
{
	if (f->print != print || !f->state)
		return false;
	if (f->used != set->flows[0].clock)
		f->used = set->flows[0].clock;
	return true;
}

/* NULL: not there, or forgotten. */
static __always_inline struct flow *flow_find(struct flow_set *set, __u64 print)
{
	struct flow *f = &set->flows[flow_candidate(set, print)];

	return flow_is(set, f, print) ? f : 0;
}

/* The way that was not used for longest, and nobody's from now on. FLOW_WAYS:
 * others were faster, four times. */
static __always_inline __u32 flow_take(struct flow_set *set)
{
	__u32 attempt, i, way;
	__s64 oldest, ahead;
	struct flow *f;
	__u8 clock, seen;
	__u64 old;

	for (attempt = 0; attempt < 4; attempt++) {
		clock = *(volatile __u8 *)&set->flows[0].clock;
		for (i = 0, oldest = 0; i < FLOW_WAYS; i++) {
			seen = clock - *(volatile __u8 *)&set->flows[i].used;
			ahead = ((__u32)seen << 3 | i) - oldest;
			opaque(ahead);
			oldest += ahead & ~(ahead >> 63); /* the larger, without a branch */
		}
		way = oldest;
		opaque(way);
		way &= FLOW_WAYS - 1;
		f = &set->flows[way];
		seen = clock - (__u8)(oldest >> 3);
		old = *(volatile __u64 *)&f->print;
		if (old == FLOW_NOBODY || *(volatile __u8 *)&f->used != seen)
			continue;
		f->used = clock + 1;
		set->flows[0].clock = clock + 1;
		if (__sync_val_compare_and_swap(&f->print, old, FLOW_NOBODY) == old)
			return way;
	}
	return FLOW_WAYS;
}

/* The cell to write: its own, or that of another, which is forgotten but for when
 * it began; and its way. It has no state until the writer gives it one. NULL: see
 * flow_take(). */
static __always_inline struct flow *flow_place(struct flow_set *set, __u64 print, __u32 *at)
{
	__u32 way = flow_candidate(set, print);
	struct flow *f = &set->flows[way];

	*at = way;
	if (flow_is(set, f, print)) {
		f->state = FLOW_NONE;
		flow_barrier();
		return f;
	}
	way = flow_take(set);
	if (way >= FLOW_WAYS)
		return 0;
	opaque(way);
	way &= FLOW_WAYS - 1;
	f = &set->flows[way];
	f->state = FLOW_NONE;
	f->flags = 0;
	__sync_lock_test_and_set(&f->print, print); /* in this order for every CPU */
	*at = way;
	return f;
}

#endif
