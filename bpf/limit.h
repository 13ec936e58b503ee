/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rates: GCRA (ITU-T I.371), whose whole state is one word, the "theoretical
 * arrival time". One compare-and-swap spends it, so a limit is exact over any
 * number of CPUs and restarts with no policy: the word belongs to the rule's id.
 */
#ifndef STRAYGATE_LIMIT_H
#define STRAYGATE_LIMIT_H

#include "bpf/packet.h"
#include "bpf/view.h"

/* As many CPUs at the very same word at the very same time, then it passes. */
#define LIMIT_TRIES 16

static __always_inline __u64 *limit_bucket(__u32 id)
{
	__u32 segment = id / RULES_SEGMENT, at = id % RULES_SEGMENT;
	void *piece = bpf_map_lookup_elem(&buckets, &segment);

	return piece ? bpf_map_lookup_elem(piece, &at) : NULL;
}

/* Is this one within the limit? Times are in 1/16 ns. */
static __always_inline bool limit_spend(__u64 *bucket, __u64 now, __u64 cost, __u64 burst)
{
	__u64 old, new;
	__u32 i;

	if (!bucket)
		return true;
	old = *(volatile __u64 *)bucket;
	for (i = 0; i < LIMIT_TRIES; i++) {
		__u64 seen;

		new = (old > now ? old : now) + cost;
		if (new - now > burst)
			return false;
		seen = __sync_val_compare_and_swap(bucket, old, new);
		if (seen == old)
			return true;
		old = seen;
	}
	return true;
}

static __always_inline bool within_limit(struct packet *p, struct image_rule *r)
{
	__u64 cost = r->cost;

	if (p->explain)
		return true;
	if (r->unit == RATE_MBIT)
		cost = (cost * p->frame_len) >> IMAGE_BYTE_SHIFT;
	return limit_spend(limit_bucket(r->id), packet_now(p) << IMAGE_TIME_SHIFT, cost, r->burst);
}

#define CHALLENGES_A_SECOND 10

/* Of ACME, for names that are not served: each listener has so many a second. No line of it has
 * a limit of its own, so its bucket is free for them. */
static __always_inline bool within_challenges(struct packet *p)
{
	const __u64 cost = (1000000000ULL << IMAGE_TIME_SHIFT) / CHALLENGES_A_SECOND;

	return p->explain || limit_spend(limit_bucket(p->listener), packet_now(p) << IMAGE_TIME_SHIFT, cost,
					 CHALLENGES_A_SECOND * cost);
}

#endif
