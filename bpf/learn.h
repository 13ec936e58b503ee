/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `learn`: sources that send strays and nothing else are refused for a while, at the
 * first packet of a visit. See learn_table.h for what is remembered.
 *
 *	learned_source() before a visit is judged: is its source refused?
 *	learn_from()	behind: what does it say of its source?
 *
 * A source is learned by proved visits alone, and only while its listener acts. One that
 * had a served visit on this day or the day before, or from whose network one came, is
 * never learned, nor is one of whose visits a fifth is served. Of a learned source's
 * visits one in LEARN_DRAW is judged all the same, so that an honest visitor gets through
 * by trying again; if it is served, all that was learned of its network is forgotten.
 *
 * Nothing is learned under a policy that waits to be confirmed: if it goes back by itself,
 * names are served again, and nobody is to be refused because he asked for them.
 *
 * What is refused is dropped: it costs least, the client comes again by itself, later and
 * later, and no RST tells a browser to try another address or again at once.
 */
#ifndef STRAYGATE_LEARN_H
#define STRAYGATE_LEARN_H

#include "bpf/alarm.h"
#include "bpf/bpf.h"
#include "bpf/event.h"
#include "bpf/handshake/syn.h"
#include "bpf/learn_table.h"
#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/view.h"

#define LEARN_DRAW   32
#define LEARN_DOUBLE 31 /* times that the time is doubled at most */

/* The source of a packet, as it is learned. */
struct learner {
	__u64 key;
	__u64 net_hash;
	__u64 hash;
	__u32 kind;
};

static __always_inline bool learner_of(const struct packet *p, struct learner *l)
{
	struct shake *k = shake_secrets();

	if (!k)
		return false;
	l->kind = p->ipv6 ? LEARN_HOST6 : LEARN_HOST4;
	l->key = p->ipv6 ? bpf_be64_to_cpu(((const __u64 *)p->flow.client)[0])
			 : bpf_ntohl(((const __be32 *)p->flow.client)[3]);
	l->net_hash = learn_hash(k, LEARN_NET_KEY(l->key));
	l->hash = learn_hash(k, l->key);
	return true;
}

static __always_inline struct learned_set *learned_set(const struct learner *l)
{
	__u32 index = learn_set_index(l->net_hash);

	return bpf_map_lookup_elem(&learned, &index);
}

static __always_inline struct tally_set *tally_set(const struct learner *l)
{
	__u32 index = l->hash >> (64 - LEARN_TALLY_SETS_LOG);

	return bpf_map_lookup_elem(&stray_tallies, &index);
}

static __always_inline struct regular_cell *regular_cell(__u32 index)
{
	return bpf_map_lookup_elem(&regulars, &index);
}

/* What the line says. */
static __always_inline struct image_learn *learn_terms(const struct packet *p)
{
	struct view v;

	return view_open(&v, p) && v.head->learn ? image_cell(v.image, v.head->learn) : NULL;
}

static __always_inline __u32 learn_day(__u64 now, const struct pace *at)
{
	return at->day ? now / at->day + 1 : 1;
}

static __always_inline __u32 learn_quarter(__u64 now, const struct image_learn *t)
{
	__u64 quarter = t->within / LEARN_QUARTERS;

	return now / (quarter ? quarter : 1);
}

/* Does this policy wait to be confirmed? */
static __always_inline bool learn_waits(const struct packet *p)
{
	__u32 zero = 0;
	struct control *c = bpf_map_lookup_elem(&control, &zero);
	__u64 word = c ? *(volatile __u64 *)&c->word : 0;

	return CONTROL_DEADLINE(word) && CONTROL_SLOT(word) == p->slot;
}

static __always_inline bool is_regular(const struct learner *l, __u32 day)
{
	struct regular_place at = regular_place(l->key, l->kind, l->net_hash);
	struct regular_cell *c = regular_cell(at.cell);

	return c && regular_has(c, day, at.bits[0]) && regular_has(c, day, at.bits[1]);
}

/* ---- before a visit is judged ---------------------------------------------------- */

/* Does this packet begin a visit, so that it may be refused? Of QUIC it is known later. */
static __always_inline bool learn_begins(const struct packet *p)
{
	if (p->explain)
		return true;
	return p->protocol == IPPROTO_TCP ? (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN
					  : p->as != PROTO_QUIC;
}

/* Is it refused, because its source is learned? */
stage int learned_source(struct packet *p)
{
	struct image_learn *t;
	struct learned_set *set;
	struct learner l;
	struct pace *at;
	__u32 until;

	if (!p || p->observe || p->proxied || !learner_of(p, &l))
		return 0;
	t = learn_terms(p);
	set = t ? learned_set(&l) : NULL;
	until = set ? learn_until(set, l.key, l.kind) : 0;
	if (!until)
		return 0;
	at = pace_of();
	if (!at || LEARN_CLOCK(alarm_now(p, at)) >= until)
		return 0;
	if (!p->explain && bpf_get_prandom_u32() % LEARN_DRAW == 0)
		return 0;
	p->source_rule = t->id;
	return 1;
}

/* ---- behind ------------------------------------------------------------------------ */

/* A served visit: its network is a regular, and whatever was learned of that is wrong. */
stage int learn_served(struct packet *p)
{
	struct regular_place place;
	struct stray_tally *tally;
	struct learned_set *set;
	struct regular_cell *c;
	struct image_learn *t;
	struct tally_set *ts;
	__u64 w, key, freed = 0;
	struct learner l;
	struct pace *at;
	__u32 i, now;

	if (!p || !learner_of(p, &l))
		return 0;
	at = pace_of();
	t = learn_terms(p);
	if (!at || !t)
		return 0;
	place = regular_place(l.key, l.kind, l.net_hash);
	c = regular_cell(place.cell);
	if (c) {
		regular_set(c, learn_day(alarm_now(p, at), at), place.bits[0]);
		regular_set(c, learn_day(alarm_now(p, at), at), place.bits[1]);
	}
	ts = tally_set(&l);
	tally = ts ? tally_find(ts, l.key, l.kind) : NULL;
	if (tally) {
		tally_turn(tally, learn_quarter(alarm_now(p, at), t));
		tally_count(tally, learn_quarter(alarm_now(p, at), t), TALLY_SERVED);
	}
	set = learned_set(&l);
	if (!set || !learn_knows_network(set, l.key, l.kind))
		return 0;
	now = LEARN_CLOCK(alarm_now(p, at));
	for (i = 0; i < LEARN_WAYS; i++) {
		w = *(volatile __u64 *)&set->of[i].word;
		key = *(volatile __u64 *)&set->of[i].key;
		if (LEARN_NET_KEY(key) != LEARN_NET_KEY(l.key) ||
		    (LEARN_KIND(w) != l.kind && LEARN_KIND(w) != LEARN_NET_OF(l.kind)))
			continue;
		if (__sync_val_compare_and_swap(&set->of[i].word, w, 0) != w || LEARN_UNTIL(w) <= now)
			continue;
		/* One event, of the network if others of it are free again, too. */
		freed = key == l.key && !freed ? LEARN_KIND(w) : LEARN_NET_OF(l.kind);
	}
	if (freed)
		event(EVENT_LIFTED, p->listener, EVENT_LEARN(freed, 0),
		      LEARN_IS_NET(freed) ? LEARN_NET_KEY(l.key) : l.key);
	return 0;
}

/* For how long: doubled each time, up to the most. */
static __always_inline __u64 learn_time(const struct image_learn *t, __u32 times)
{
	__u64 time;

	if (times > LEARN_DOUBLE)
		times = LEARN_DOUBLE;
	time = t->refused << (times - 1);
	return time >> (times - 1) != t->refused || time > t->most ? t->most : time;
}

/* Takes an entry back that was just written. */
static __always_inline void learn_withdraw(struct learned_set *set, __u32 way, __u64 word)
{
	opaque(way);
	__sync_val_compare_and_swap(&set->of[way & (LEARN_WAYS - 1)].word, word, 0);
}

/* Writes an entry, over one that nobody else has changed meanwhile. */
static __always_inline bool learn_write(struct learned_set *set, __u32 way, __u64 key, __u64 word)
{
	struct learned *e;
	__u64 old;

	opaque(way);
	e = &set->of[way & (LEARN_WAYS - 1)];
	old = *(volatile __u64 *)&e->word;
	if (LEARN_KIND(old) == LEARN_BEING_WRITTEN ||
	    __sync_val_compare_and_swap(&e->word, old, LEARN_BEING_WRITTEN) != old)
		return false;
	*(volatile __u64 *)&e->key = key;
	__sync_lock_test_and_set(&e->word, word);
	return true;
}

/* The members of a network that is learned as a whole: their ways are free again. */
static __always_inline void learn_merge(struct learned_set *set, __u64 net, __u32 kind)
{
	__u64 w, key;
	__u32 i;

	for (i = 0; i < LEARN_WAYS; i++) {
		w = *(volatile __u64 *)&set->of[i].word;
		key = *(volatile __u64 *)&set->of[i].key;
		if (LEARN_KIND(w) == kind && LEARN_NET_KEY(key) == net)
			__sync_val_compare_and_swap(&set->of[i].word, w, 0);
	}
}

/* This source has sent too many. */
stage int learn_source(struct packet *p)
{
	struct learn_view v = {};
	struct learned_set *set;
	struct image_learn *t;
	__u32 now, times, kind, way;
	struct learner l;
	struct pace *at;
	__u64 time, key, word;

	if (!p || !learner_of(p, &l))
		return 0;
	set = learned_set(&l);
	at = pace_of();
	t = learn_terms(p);
	if (!set || !at || !t)
		return 0;
	now = LEARN_CLOCK(alarm_now(p, at));
	time = LEARN_CLOCK(t->most);
	learn_look(set, l.key, l.kind, now, now > time ? now - time : 0, &v);
	times = v.times < 255 ? v.times + 1 : 255;
	key = l.key;
	kind = l.kind;
	way = v.own ? v.own - 1 : v.way;
	if (v.members + 1 >= LEARN_MEMBERS) {
		key = LEARN_NET_KEY(key);
		kind = LEARN_NET_OF(kind);
		if (times < v.around)
			times = v.around;
		learn_merge(set, key, l.kind);
		way = v.net ? v.net - 1 : 0;
		if (!v.net) {
			learn_look(set, l.key, l.kind, now, 0, &v);
			way = v.way;
		}
	}
	/* A full set: it is judged on, as everybody is. */
	if (way >= LEARN_WAYS)
		return 0;
	time = learn_time(t, times);
	word = LEARN_WORD(now + 1 + LEARN_CLOCK(time), times, kind);
	if (!learn_write(set, way, key, word))
		return 0;
	/* One of its network may have been served meanwhile: learn_served() on another CPU
	 * makes it a regular first, and looks behind that. */
	if (is_regular(&l, learn_day(alarm_now(p, at), at))) {
		learn_withdraw(set, way, word);
		return 0;
	}
	event(LEARN_IS_NET(kind) ? EVENT_WIDENED : EVENT_LEARNED, p->listener,
	      EVENT_LEARN(kind, time / 1000000000), key);
	return 0;
}

/* A stray that was turned away, proved to be from where it says. Returns 1 if its source is to
 * be learned: see learn_source(), which is not called from here because together they need too
 * much stack. */
stage int learn_stray(struct packet *p)
{
	struct stray_tally *tally;
	struct learned_set *set;
	struct image_learn *t;
	struct tally_set *ts;
	struct learner l;
	__u32 quarter, strays;
	struct pace *at;
	__u64 now;

	if (!p || !learner_of(p, &l))
		return 0;
	at = pace_of();
	t = learn_terms(p);
	ts = tally_set(&l);
	set = learned_set(&l);
	if (!at || !t || !ts || !set || learn_waits(p))
		return 0;
	now = alarm_now(p, at);
	/* The one in LEARN_DRAW that was let through says nothing new. */
	if (learn_until(set, l.key, l.kind) > LEARN_CLOCK(now) || is_regular(&l, learn_day(now, at)))
		return 0;
	quarter = learn_quarter(now, t);
	tally = tally_find(ts, l.key, l.kind)
			?: tally_take(ts, l.key, l.kind, quarter, bpf_get_prandom_u32());
	if (!tally)
		return 0;
	tally_turn(tally, quarter);
	tally_count(tally, quarter, TALLY_STRAY);
	strays = tally_strays(tally);
	/* A fifth of all is a quarter of the strays. */
	if (strays < t->strays || tally_served(tally) * 4 >= strays)
		return 0;
	tally->kind = LEARN_NOBODY;
	return 1;
}

/* What a visit says of its source, by its reason; without a line it says nothing. Returns the
 * reason, which of QUIC may be another. */
static __always_inline __u32 learn_from(struct packet *p, __u32 reason)
{
	if (p->initial && learned_source(p))
		return REASON_learned_dropped;
	/* The peers of a `proxy` listener speak for others, whose first packet they are not. */
	if (p->explain || p->proxied)
		return reason;
	switch (reason) {
	case REASON_served:
		learn_served(p);
		return reason;
	case REASON_stray_dropped:
	case REASON_stray_answered:
	case REASON_stray_reset:
	case REASON_stray_refused:
		if (!p->observe && p->protocol == IPPROTO_TCP && p->proved && learn_stray(p))
			learn_source(p);
	}
	return reason;
}

#endif
