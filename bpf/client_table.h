/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of client networks: what each of them has spent of each `limit each` line.
 * Set-associative, eight ways, of a fixed size; a cell is the state of GCRA (see limit.h),
 * one word, and the whole key of the network: none is refused for another's sake.
 *
 * A cell whose time of arrival has passed owes nothing, as if it were empty. So a network
 * that has none takes it over and loses nobody anything; and a million networks that come
 * once each have a cell for no longer than one visit costs: 5 ms at 200 visits/s. If all
 * ways of a set are in debt, what comes passes, and is counted.
 *
 * Nothing is locked. Who takes a cell over marks it by one compare-and-exchange of the
 * time of arrival, writes the key and then the time. Times of one cell only grow, but for
 * a burst that was made smaller: so if the time is the same behind reading the key as
 * before, the key was that of this time. What is spent is spent by one
 * compare-and-exchange. Two CPUs that take a cell for one network at the very same time
 * may take two; the first of them counts from then on, and one visit is forgotten.
 *
 * Plain C: the controller and the tests read and write the same table.
 */
#ifndef STRAYGATE_CLIENT_TABLE_H
#define STRAYGATE_CLIENT_TABLE_H

#include <stdbool.h>

#include "bpf/compiler.h"
#include "bpf/shared.h"

#define CLIENT_TAKEN ~0ULL		  /* the time of a cell that is being taken over */
#define CLIENT_LAG   (1000000000ULL << 4) /* a CPU may have read its clock before another did */
#define CLIENT_TRIES 8			  /* as many others at the very same cell, then it passes */

enum client_spent { CLIENT_WITHIN, CLIENT_OVER, CLIENT_UNPLACED };

/* Keyed as flow_print() is: nobody outside can aim at a set. */
static __always_inline __u32 client_set_index(const __u64 keys[FLOW_HASH_KEYS][2], const struct client_key *k)
{
	__u64 sum = keys[0][0];

	sum += keys[1][0] * (__u32)k->network[0] + keys[2][0] * (__u32)(k->network[0] >> 32);
	sum += keys[3][0] * (__u32)k->network[1] + keys[4][0] * (__u32)(k->network[1] >> 32);
	sum += keys[5][0] * (__u32)k->line;
	return (sum >> 32) * 0x9e3779b97f4a7c15ULL >> (64 - CLIENT_SETS_LOG);
}

static __always_inline __u64 client_arrival(const struct client_cell *c)
{
	return *(const volatile __u64 *)&c->arrival;
}

/* Read before all that follows. x86 never reads two words in another order. */
static __always_inline __u64 client_arrival_first(struct client_cell *c)
{
#if defined(__TARGET_ARCH_x86) || defined(__x86_64__)
	__u64 arrival = client_arrival(c);

	__asm__ __volatile__("" ::: "memory");
	return arrival;
#else
	return __sync_fetch_and_add(&c->arrival, 0);
#endif
}

static __always_inline bool client_is(const struct client_cell *c, const struct client_key *k)
{
	const volatile struct client_key *at = &c->key;

	return at->network[1] == k->network[1] && at->line == k->line && at->network[0] == k->network[0];
}

/* Its way, or CLIENT_WAYS; and the last one that owes nothing. */
static __always_inline __u32 client_find(const struct client_set *set, const struct client_key *k, __u64 now,
					 __u32 *idle)
{
	__u32 i;

	*idle = CLIENT_WAYS;
	for (i = 0; i < CLIENT_WAYS; i++) {
		if (client_is(&set->cells[i], k))
			break;
		if (client_arrival(&set->cells[i]) <= now)
			*idle = i;
	}
	return i;
}

/* Spends from a cell that was seen to be this network's. -1: it is another's, or others
 * were faster. */
static __always_inline int client_spend_from(struct client_cell *c, const struct client_key *k, __u64 now,
					     __u64 cost, __u64 burst)
{
	__u64 seen = client_arrival_first(c), old = seen > now ? seen : now;

	if (seen == CLIENT_TAKEN || !client_is(c, k))
		return -1;
	if (old + cost - now <= burst)
		return __sync_val_compare_and_swap(&c->arrival, seen, old + cost) == seen ? CLIENT_WITHIN
											  : -1;
	/* The line had another burst when that was spent. */
	if (old - now > burst + CLIENT_LAG) {
		__sync_val_compare_and_swap(&c->arrival, seen, now + burst);
		return -1;
	}
	return client_arrival_first(c) == seen ? CLIENT_OVER : -1;
}

static __always_inline bool client_take(struct client_cell *c, const struct client_key *k, __u64 now,
					__u64 cost)
{
	__u64 seen = client_arrival(c);

	if (seen > now || __sync_val_compare_and_swap(&c->arrival, seen, CLIENT_TAKEN) != seen)
		return false;
	c->key.network[0] = k->network[0];
	c->key.network[1] = k->network[1];
	c->key.line = k->line;
	__sync_lock_test_and_set(&c->arrival, now + cost);
	return true;
}

/* One visit or packet of this network, `now`. Times are in 1/16 ns; cost <= burst. */
static __always_inline enum client_spent client_spend(struct client_set *set, const struct client_key *k,
						      __u64 now, __u64 cost, __u64 burst)
{
	__u32 attempt, way, idle;
	int spent;

	for (attempt = 0; attempt < CLIENT_TRIES; attempt++) {
		way = client_find(set, k, now, &idle);
		if (way < CLIENT_WAYS) {
			opaque(way);
			spent = client_spend_from(&set->cells[way & (CLIENT_WAYS - 1)], k, now, cost, burst);
			if (spent >= 0)
				return spent;
		} else if (idle == CLIENT_WAYS) {
			return CLIENT_UNPLACED;
		} else {
			opaque(idle);
			if (client_take(&set->cells[idle & (CLIENT_WAYS - 1)], k, now, cost))
				return CLIENT_WITHIN;
		}
	}
	return CLIENT_WITHIN;
}

/* What this network has spent and not paid for yet, 1/16 ns. */
static __always_inline __u64 client_ahead(struct client_set *set, const struct client_key *k, __u64 now)
{
	__u32 idle, way = client_find(set, k, now, &idle);
	__u64 seen;

	if (way >= CLIENT_WAYS)
		return 0;
	opaque(way);
	seen = client_arrival_first(&set->cells[way & (CLIENT_WAYS - 1)]);
	return seen > now && seen != CLIENT_TAKEN ? seen - now : 0;
}

#endif
