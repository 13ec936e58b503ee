/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are not served, or that their zone's list does not have, and have been asked
 * for on ordinary days: somebody forgot them, as likely as not, and a mistake in the names
 * must not become an outage. While a listener is engaged by `auto` they pass, up to four
 * times as often as in calm.
 *
 * A table for each listener, set-associative. It is written while the listener is asleep
 * (or observed) and frozen while it is engaged. A name is familiar once it was seen in
 * three separate windows of ten minutes; it keeps its place for a week, so that names
 * that are made up push out nothing.
 *
 * A flood that is too slow to engage anything for half an hour makes its names familiar,
 * too, and nothing in a name tells it from one that was forgotten. What tells them apart is
 * the trouble: a forgotten name is asked for as on any day, the flood's is asked for more.
 * So one of many visits that has spent its fourfold passes only as often as in calm, which
 * the server could bear, until the listener is asleep again. And it may not spend all of
 * the fourfold at once.
 *
 * Many names of few visits each are a flood as well. If all of them together ask for more
 * than four times the strays of calm, each passes only as often as in calm until the
 * listener is asleep again, which a forgotten name does not notice.
 */
#ifndef STRAYGATE_FAMILIAR_H
#define STRAYGATE_FAMILIAR_H

#include "bpf/alarm.h"
#include "bpf/bpf.h"
#include "bpf/limit.h"
#include "bpf/maps.h"

#define FAMILIAR_WINDOWS 3	    /* in which it was seen */
#define FAMILIAR_KEPT	 1008	    /* windows */
#define FAMILIAR_TIMES	 4	    /* of its rate in calm */
#define FAMILIAR_SHIFT	 4	    /* rates are kept in 1/16 */
#define FAMILIAR_MANY	 1000	    /* visits a window: with so many allowed, a name may be the flood's */
#define FAMILIAR_AHEAD	 60	    /* such a one may spend this part of a window's visits at once */
#define FAMILIAR_FEW	 10	    /* and, if all together ask for too much, any one so many visits */
#define FAMILIAR_OVER	 (1U << 31) /* in `windows`: it asked for more than its fourfold */

static __always_inline struct familiar_set *familiar_set(__u32 listener, __u64 hash)
{
	__u32 index = listener * FAMILIAR_SETS + (hash >> 40) % FAMILIAR_SETS;

	return bpf_map_lookup_elem(&familiar, &index);
}

static __always_inline bool is_familiar(const struct familiar *f)
{
	return f->windows >= FAMILIAR_WINDOWS;
}

/* Its cell, or the one that it may have; NULL: there is none. */
static __always_inline struct familiar *familiar_cell(struct familiar_set *set, __u64 hash, __u32 window)
{
	struct familiar *f, *free = NULL;
	__u32 i;

	for (i = 0; i < FAMILIAR_WAYS; i++) {
		f = &set->names[i];
		if (f->hash == hash)
			return f;
		if (is_familiar(f) && window - f->window < FAMILIAR_KEPT)
			continue;
		if (!free || f->window < free->window)
			free = f;
	}
	return free;
}

static __always_inline void familiar_note(struct familiar_set *set, __u64 hash, __u32 window)
{
	struct familiar *f = familiar_cell(set, hash, window);
	__u32 count;

	if (!f)
		return;
	if (f->hash != hash) {
		*f = (struct familiar){.hash = hash, .window = window, .windows = 1, .count = 1};
		return;
	}
	if (f->windows & FAMILIAR_OVER)
		f->windows &= ~FAMILIAR_OVER;
	if (f->window == window) {
		f->count++;
		return;
	}
	count = f->count << FAMILIAR_SHIFT;
	f->rate = f->windows > 1 ? (f->rate * 3 + count) / 4 : count;
	f->window = window;
	f->count = 1;
	if (f->windows < FAMILIAR_KEPT)
		f->windows++;
}

/* What all familiar names of a listener have spent together: there is no listener 0, and
 * its sets hold a cell for each that is, without a hash. In `window`: one more than how
 * often it was engaged when they asked for too much. */
static __always_inline struct familiar *familiar_all(__u32 listener)
{
	struct familiar_set *set = bpf_map_lookup_elem(&familiar, &listener);

	return set ? &set->names[0] : NULL;
}

/* One more of them passes. False: that is more than four times the strays of calm, and more
 * than FAMILIAR_MANY a window. */
static __always_inline bool familiar_spend_all(struct familiar *all, const struct alarm *a,
					       const struct pace *at, __u64 now)
{
	__u64 calm = a->calm_strays * FAMILIAR_TIMES, most = (at->habit << IMAGE_TIME_SHIFT) / FAMILIAR_MANY;
	__u64 cost = (ALARM_WINDOW << (IMAGE_TIME_SHIFT + ALARM_CALM_SHIFT)) / (calm ? calm : 1);

	if (cost > most)
		cost = most;
	return limit_spend(&all->bucket, now << IMAGE_TIME_SHIFT, cost, cost * FAMILIAR_MANY);
}

/* Within its rate? */
static __always_inline bool familiar_spend(struct familiar *f, const struct pace *at, bool too_much,
					   __u64 now)
{
	__u64 rate = f->rate > 1 << FAMILIAR_SHIFT ? f->rate : 1 << FAMILIAR_SHIFT;
	__u64 window = at->habit << IMAGE_TIME_SHIFT, ahead = window;
	__u64 cost = (window << FAMILIAR_SHIFT) / (rate * FAMILIAR_TIMES);
	bool many = cost * FAMILIAR_MANY < window;

	if (too_much) {
		cost *= FAMILIAR_TIMES;
		ahead = window / FAMILIAR_AHEAD;
		if (ahead < cost * FAMILIAR_FEW)
			ahead = cost * FAMILIAR_FEW;
	} else if (many) {
		ahead = cost * FAMILIAR_MANY;
		if (ahead < window / FAMILIAR_AHEAD)
			ahead = window / FAMILIAR_AHEAD;
		if (f->windows & FAMILIAR_OVER)
			cost *= FAMILIAR_TIMES;
	}
	if (limit_spend(&f->bucket, now << IMAGE_TIME_SHIFT, cost, ahead))
		return true;
	if (many && !(f->windows & FAMILIAR_OVER))
		f->windows |= FAMILIAR_OVER;
	return false;
}

/* The listener is engaged: does the name in this way of its set still pass? (A function of
 * its own for its stack: see alarm_queue.h.) */
stage int familiar_spends(struct packet *p, __u64 hash, __u32 way)
{
	struct familiar_set *set;
	struct familiar *f, *all;
	struct pace *at = pace_of();
	struct alarm *a;
	bool too_much;
	__u64 now;

	if (!p || !at)
		return 0;
	set = familiar_set(p->listener, hash);
	all = familiar_all(p->listener);
	a = alarm_of(p->listener);
	if (!set || !all || !a)
		return 0;
	opaque(way);
	f = &set->names[way & (FAMILIAR_WAYS - 1)];
	now = alarm_now(p, at);
	too_much = all->window == a->times + 1;
	if (!familiar_spend(f, at, too_much, now))
		return 0;
	/* One that was over its fourfold is held to calm already. */
	if (!too_much && !(f->windows & FAMILIAR_OVER) && !familiar_spend_all(all, a, at, now))
		all->window = a->times + 1;
	return 1;
}

/* Of a name that is not served, by its hash: is it familiar? Which way of its set it has, and
 * one; 0: it is not. */
stage int familiar_way(struct packet *p, __u64 hash)
{
	struct pace *at = pace_of();
	struct familiar_set *set;
	__u32 i;

	if (!p || !at || !at->habit)
		return 0;
	set = familiar_set(p->listener, hash);
	if (!set)
		return 0;
	if (p->observe && !p->explain)
		familiar_note(set, hash, alarm_now(p, at) / at->habit);
	if (p->alarm != ALARM_ON)
		return 0;
	for (i = 0; i < FAMILIAR_WAYS; i++)
		if (set->names[i].hash == hash && is_familiar(&set->names[i]))
			return i + 1;
	return 0;
}

/* Does it pass all the same? Asleep, would it? */
static __always_inline bool familiar_passes(struct packet *p, __u64 hash)
{
	__u32 way = familiar_way(p, hash);

	return way && (p->observe || p->explain || familiar_spends(p, hash, way - 1));
}

#endif
