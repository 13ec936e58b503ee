/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `learn` remembers, in three tables of fixed size:
 *
 *	learned		sources that sent nothing but strays, and until when they are refused
 *	stray_tallies	how many strays a source has sent of late, and what else
 *	regulars	client networks that had a served visit in the last day
 *
 * A source is a /32 or a /64, its network the /24 or /56 around it: in both the last 8
 * bits of the key. Those of one network share a set of `learned`, with the network's own
 * entry: one look says all of an address, and how many of its network are learned.
 *
 * Keys are whole: nobody is taken for another. A full set learns nobody more. The
 * search is without a branch a way, so that the verifier has one path.
 *
 * Plain C: the controller and the tests read and write the same tables.
 */
#ifndef STRAYGATE_LEARN_TABLE_H
#define STRAYGATE_LEARN_TABLE_H

#include <stdbool.h>

#include "bpf/compiler.h"
#include "bpf/shared.h"

/* ---- who is refused ----------------------------------------------------------- */

enum learn_kind { LEARN_NOBODY, LEARN_HOST4, LEARN_HOST6, LEARN_NET4, LEARN_NET6, LEARN_BEING_WRITTEN };
#define LEARN_NET_OF(kind)  ((kind) + LEARN_NET4 - LEARN_HOST4)
#define LEARN_NET_KEY(key)  ((key) & ~0xffULL)
#define LEARN_IS_NET(kind)  ((kind) == LEARN_NET4 || (kind) == LEARN_NET6)
#define LEARN_IS_IPV6(kind) ((kind) == LEARN_HOST6 || (kind) == LEARN_NET6)

/* Of CLOCK_MONOTONIC: units of 67 ms, which 32 bits hold for nine years of uptime. */
#define LEARN_CLOCK_SHIFT 26
#define LEARN_CLOCK(ns)	  ((__u32)((ns) >> LEARN_CLOCK_SHIFT))

/* Written by the programs: the word by compare-and-exchange, the key while the word says
 * LEARN_BEING_WRITTEN. By the controller: cleared, and restored before a program learns. */
struct learned {
	__u64 key;
	__u64 word; /* LEARN_WORD(); 0: empty */
};
#define LEARN_WORD(until, times, kind) ((__u64)(until) << 32 | (__u64)((times)&0xff) << 8 | (kind))
#define LEARN_UNTIL(word)	       ((__u32)((word) >> 32))
#define LEARN_TIMES(word)	       ((__u32)(word) >> 8 & 0xff)
#define LEARN_KIND(word)	       ((__u32)(word)&0xff)

#define LEARN_WAYS     8
#define LEARN_SETS_LOG 13
#define LEARN_SETS     (1 << LEARN_SETS_LOG)
#define LEARN_MEMBERS  8 /* of a network, learned at the same time: then all of it is */
struct learned_set {
	struct learned of[LEARN_WAYS];
};

/* Keyed, or somebody could aim at the set of somebody else. */
static __always_inline __u64 learn_hash(const struct shake *k, __u64 key)
{
	__u64 h = k->flow_keys[0][0] + k->flow_keys[1][0] * (__u32)key + k->flow_keys[2][0] * (key >> 32);

	return (h ^ h >> 32) * 0x9e3779b97f4a7c15ULL;
}

/* Of the hash of LEARN_NET_KEY(key). */
static __always_inline __u32 learn_set_index(__u64 net_hash)
{
	return net_hash >> (64 - LEARN_SETS_LOG);
}

/* 1 if x is 0, without a branch. */
static __always_inline __u64 learn_is_zero(__u64 x)
{
	x |= -x;
	opaque(x);
	x >>= 63;
	opaque(x);
	return x ^ 1;
}

/* The larger of two below 2^63, without one. */
static __always_inline __u64 learn_larger(__u64 a, __u64 b)
{
	__u64 d = b - a, less;

	opaque(d);
	less = (__s64)d >> 63;
	opaque(less);
	return a + (d & ~less);
}

static __always_inline __u64 learn_is_live(__u64 word, __u32 now)
{
	__u64 ahead = (__u64)now - LEARN_UNTIL(word);

	opaque(ahead);
	ahead >>= 63;
	opaque(ahead);
	return ahead;
}

/* When the source, or its network, is free again; 0: it was not learned, or only once. */
static __always_inline __u32 learn_until(const struct learned_set *set, __u64 key, __u32 kind)
{
	__u64 most = 0, w, k, d;
	__u32 i;

	for (i = 0; i < LEARN_WAYS; i++) {
		w = *(const volatile __u64 *)&set->of[i].word;
		k = *(const volatile __u64 *)&set->of[i].key;
		d = learn_is_zero((k ^ key) | (LEARN_KIND(w) ^ kind));
		d |= learn_is_zero((k ^ LEARN_NET_KEY(key)) | (LEARN_KIND(w) ^ LEARN_NET_OF(kind)));
		/* Of the same entry still? */
		d &= learn_is_zero(*(const volatile __u64 *)&set->of[i].word ^ w);
		most = learn_larger(most, LEARN_UNTIL(w) * d);
	}
	return most;
}

/* 1 if the source, its network, or another source of it stands there, be it for times
 * that are over. */
static __always_inline __u64 learn_knows_network(const struct learned_set *set, __u64 key, __u32 kind)
{
	__u64 any = 0, w, other;
	__u32 i;

	for (i = 0; i < LEARN_WAYS; i++) {
		w = *(const volatile __u64 *)&set->of[i].word;
		other = LEARN_NET_KEY(*(const volatile __u64 *)&set->of[i].key ^ key);
		any |= learn_is_zero(other | (LEARN_KIND(w) ^ kind));
		any |= learn_is_zero(other | (LEARN_KIND(w) ^ LEARN_NET_OF(kind)));
	}
	return any;
}

/* What a set says when a source is to be learned. */
struct learn_view {
	__u64 own;     /* its own entry's way, plus one; 0: none */
	__u64 net;     /* the same of its network's entry */
	__u64 members; /* others of its network that are learned now */
	__u64 times;   /* how often it was learned, or its network was: the most of both */
	__u64 around;  /* the most of the others */
	__u64 way;     /* that can be taken: the one whose time is over for longest, or LEARN_WAYS */
};

/* from: what was over before that is forgotten, and begins anew. */
static __always_inline void learn_look(const struct learned_set *set, __u64 key, __u32 kind, __u32 now,
				       __u32 from, struct learn_view *v)
{
	__u64 longest = LEARN_WAYS, w, k, own, net, member;
	__u32 i;

	*v = (struct learn_view){0};
	for (i = 0; i < LEARN_WAYS; i++) {
		w = *(const volatile __u64 *)&set->of[i].word;
		k = *(const volatile __u64 *)&set->of[i].key;
		own = learn_is_zero((k ^ key) | (LEARN_KIND(w) ^ kind));
		net = learn_is_zero((k ^ LEARN_NET_KEY(key)) | (LEARN_KIND(w) ^ LEARN_NET_OF(kind)));
		member = learn_is_zero(LEARN_NET_KEY(k ^ key) | (LEARN_KIND(w) ^ kind)) &
			 learn_is_live(w, now) & (own ^ 1);
		v->own += own * (i + 1 - v->own);
		v->net += net * (i + 1 - v->net);
		v->members += member;
		v->times = learn_larger(v->times, LEARN_TIMES(w) * ((own | net) & learn_is_live(w, from)));
		v->around = learn_larger(v->around, LEARN_TIMES(w) * member);
		/* For how long its time is over, and the way behind it; 0: it is not. */
		longest = learn_larger(longest, (((__u64)now - LEARN_UNTIL(w) + 1) << 4 | i) &
							(learn_is_live(w, now) - 1));
	}
	v->way = longest & 15;
}

/* ---- how many strays it sent ---------------------------------------------------- */

/* The time in which they are counted, in quarters: the last three and the one under
 * way, so never more than what came in that time. */
#define LEARN_QUARTERS 4

/* Written by the programs: the kind by compare-and-exchange, all else while it says
 * LEARN_BEING_WRITTEN, counts by additions. By the controller: the kind, cleared. */
struct stray_tally {
	__u64 key;
	__u32 kind;
	__u32 quarter;		      /* the last one that is counted in */
	__u32 counts[LEARN_QUARTERS]; /* visits: strays, and those served << 16 */
};
#define LEARN_TALLY_WAYS     4
#define LEARN_TALLY_SETS_LOG 14
#define LEARN_TALLY_SETS     (1 << LEARN_TALLY_SETS_LOG)
#define LEARN_COUNT_MAX	     0xff00 /* of one quarter */
struct tally_set {
	struct stray_tally of[LEARN_TALLY_WAYS];
};

static __always_inline __u32 tally_strays(const struct stray_tally *t)
{
	return (t->counts[0] & 0xffff) + (t->counts[1] & 0xffff) + (t->counts[2] & 0xffff) +
	       (t->counts[3] & 0xffff);
}

static __always_inline __u32 tally_served(const struct stray_tally *t)
{
	return (t->counts[0] >> 16) + (t->counts[1] >> 16) + (t->counts[2] >> 16) + (t->counts[3] >> 16);
}

/* The quarters that have passed since. Another CPU may be in the next one already. */
static __always_inline void tally_turn(struct stray_tally *t, __u32 quarter)
{
	__u32 old = *(volatile __u32 *)&t->quarter, i;

	if (old == quarter || old == quarter + 1 ||
	    __sync_val_compare_and_swap(&t->quarter, old, quarter) != old)
		return;
	for (i = 1; i <= LEARN_QUARTERS; i++)
		if (i <= quarter - old)
			*(volatile __u32 *)&t->counts[(old + i) & (LEARN_QUARTERS - 1)] = 0;
}

static __always_inline void tally_count(struct stray_tally *t, __u32 quarter, __u32 what)
{
	__u32 *count = &t->counts[quarter & (LEARN_QUARTERS - 1)];

	if ((*count & 0xffff) < LEARN_COUNT_MAX && *count >> 16 < LEARN_COUNT_MAX)
		__sync_fetch_and_add(count, what);
}
#define TALLY_STRAY  1
#define TALLY_SERVED (1 << 16)

static __always_inline struct stray_tally *tally_find(struct tally_set *set, __u64 key, __u32 kind)
{
	struct stray_tally *t;
	__u32 i;

	for (i = 0; i < LEARN_TALLY_WAYS; i++) {
		t = &set->of[i];
		if (*(volatile __u32 *)&t->kind == kind && *(volatile __u64 *)&t->key == key)
			return t;
	}
	return 0;
}

/* A cell for a source that has none: one that is out of date, or that with the fewest
 * strays, by a chance of one in their number plus one, as of struct heavy: sources
 * that come once push out none that comes often. NULL: not now. */
static __always_inline struct stray_tally *tally_take(struct tally_set *set, __u64 key, __u32 kind,
						      __u32 quarter, __u32 random)
{
	struct stray_tally *t, *least = 0;
	__u32 i, strays, fewest = 0, old;

	for (i = 0; i < LEARN_TALLY_WAYS; i++) {
		t = &set->of[i];
		strays = quarter - t->quarter < LEARN_QUARTERS && t->kind ? tally_strays(t) : 0;
		if (!least || strays < fewest) {
			least = t;
			fewest = strays;
		}
	}
	if (fewest && random % (fewest + 1))
		return 0;
	old = *(volatile __u32 *)&least->kind;
	if (old == LEARN_BEING_WRITTEN ||
	    __sync_val_compare_and_swap(&least->kind, old, LEARN_BEING_WRITTEN) != old)
		return 0;
	*(volatile __u64 *)&least->key = key;
	least->quarter = quarter;
	for (i = 0; i < LEARN_QUARTERS; i++)
		*(volatile __u32 *)&least->counts[i] = 0;
	__sync_lock_test_and_set(&least->kind, kind);
	return least;
}

/* ---- who is a regular ------------------------------------------------------------- */

/*
 * Of 224 networks, or of a filter, a bit for each on two days, and which days those are: the
 * day's number + 1, 0 for none. The first served visit of a day in this cell clears what stood
 * there the day before yesterday: so nothing has to be done at midnight.
 *
 * Two CPUs that do so at the very same time may lose one's bit: it was a regular of
 * yesterday, or is one with its next visit.
 */
#define REGULAR_BITS	   224
#define REGULAR_CELLS4	   ((1 << 24) / REGULAR_BITS + 1)
#define REGULAR_CELLS6_LOG 14
#define REGULAR_CELLS	   (REGULAR_CELLS4 + (1 << REGULAR_CELLS6_LOG))
struct regular_cell {
	__u32 words[16]; /* two days; bits of the one; of the other */
};

static __always_inline __u32 *regular_word(struct regular_cell *c, __u32 day, __u32 bit)
{
	__u32 at = 2 + (day & 1) * (REGULAR_BITS / 32) + bit / 32;

	opaque(at);
	return &c->words[at & 15];
}

static __always_inline bool regular_on(struct regular_cell *c, __u32 day, __u32 bit)
{
	return c->words[day & 1] == day && *regular_word(c, day, bit) >> (bit & 31) & 1;
}

/* On this day or the one before? */
static __always_inline bool regular_has(struct regular_cell *c, __u32 day, __u32 bit)
{
	return regular_on(c, day, bit) || regular_on(c, day - 1, bit);
}

static __always_inline void regular_set(struct regular_cell *c, __u32 day, __u32 bit)
{
	__u32 i, at, old;

	if (regular_on(c, day, bit))
		return;
	old = *(volatile __u32 *)&c->words[day & 1];
	if (old != day) {
		for (i = 0; i < REGULAR_BITS / 32; i++) {
			at = 2 + (day & 1) * (REGULAR_BITS / 32) + i;
			opaque(at);
			c->words[at & 15] = 0;
		}
		__sync_val_compare_and_swap(&c->words[day & 1], old, day);
	}
	__sync_fetch_and_or(regular_word(c, day, bit), 1U << (bit & 31));
}

/* Where a network stands: IPv4 has a place of its own, IPv6 shares two bits with others. */
struct regular_place {
	__u32 cell;
	__u32 bits[2];
};

static __always_inline struct regular_place regular_place(__u64 key, __u32 kind, __u64 hash)
{
	__u32 net = (__u32)key >> 8;

	if (!LEARN_IS_IPV6(kind))
		return (struct regular_place){net / REGULAR_BITS, {net % REGULAR_BITS, net % REGULAR_BITS}};
	return (struct regular_place){
		REGULAR_CELLS4 + (hash & ((1 << REGULAR_CELLS6_LOG) - 1)),
		{(__u32)(hash >> 16) % REGULAR_BITS, (__u32)(hash >> 40) % REGULAR_BITS},
	};
}

_Static_assert(sizeof(struct learned_set) == 128, "two cache lines, which are fetched as one");
_Static_assert(sizeof(struct tally_set) == 128, "two cache lines, which are fetched as one");
_Static_assert(sizeof(struct regular_cell) == 64, "a cache line");

#endif
