/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What came for a listener that may sleep, by windows of a second. Each CPU counts for
 * itself; the first packet behind a window's end, on whichever CPU, adds them up. Windows
 * in which nothing came are made up for by the next packet.
 */
#ifndef STRAYGATE_ALARM_WINDOW_H
#define STRAYGATE_ALARM_WINDOW_H

#include "bpf/alarm.h"
#include "bpf/alarm_queue.h"
#include "bpf/bpf.h"
#include "bpf/event.h"
#include "bpf/listener.h"

static __always_inline struct alarm_counts *alarm_counts_of(__u32 cpu, __u32 id)
{
	__u32 index = cpu * (LISTENERS_MAX + 1) + id;

	return bpf_map_lookup_elem(&alarm_counts, &index);
}

/* ---- the windows ------------------------------------------------------------- */

struct alarm_adding {
	struct alarm_counts *sum;
	__u32 id;
};

static long alarm_add_cpu(__u32 cpu, struct alarm_adding *d)
{
	struct alarm_counts *c = alarm_counts_of(cpu, d->id);

	if (!c)
		return 1;
	d->sum->answered += c->answered;
	d->sum->spoke += c->spoke;
	d->sum->visits += c->visits;
	d->sum->served += c->served;
	d->sum->strays += c->strays;
	return 0;
}

#define ALARM_CPUS 8192 /* CONFIG_NR_CPUS of the largest kernels */

/* The window's figures from those of its beginning, in a->sum, and those of now. */
static __always_inline void alarm_take(struct alarm *a, const struct alarm_counts *now)
{
	__u64 answered = now->answered - a->sum.answered, spoke = now->spoke - a->sum.spoke;

	a->last.visits = now->visits - a->sum.visits;
	a->last.strays = now->strays - a->sum.strays;
	a->last.answered = answered;
	a->last.silent = answered > spoke ? answered - spoke : 0;
	a->served += now->served - a->sum.served;
	a->sum = *now;
}

/* Of the listener's line; without it nothing engages. */
static __always_inline void alarm_terms_of(const struct packet *p, struct alarm_terms *t)
{
	struct image_listener *l;
	struct view v;
	__u32 entry;

	if (!view_open(&v, p))
		return;
	entry = port_entry(v.image, p);
	l = entry ? find_listener(v.image, v.head, p, entry) : NULL;
	if (!l)
		return;
	t->engage = l->alarm == ALARM_ON;
	t->rate = alarm_rate(l->above, l->protocol, p->protocol == IPPROTO_UDP);
	t->silent = p->protocol == IPPROTO_TCP && l->depth != DEPTH_OFF;
}

/* For `show events`. That it fell asleep is noticed when something comes again: the
 * figure says how long ago it did. */
static __always_inline void alarm_tell(const struct alarm *a, __u32 id, __u64 until, __u32 times, __u64 now)
{
	bool engaged = a->times != times;

	if (until && (engaged || !a->until))
		event(EVENT_ASLEEP, id, 0, now - (engaged ? until : a->changed));
	if (engaged)
		event(EVENT_ENGAGED, id, a->cause, a->cause & ALARM_STRAYS ? a->why.strays : a->why.silent);
}

/* Ends the window, if it has ended: one CPU does, and the others go on. */
stage int alarm_roll(struct xdp_md *ctx, struct packet *p, __u64 now)
{
	struct alarm_counts sum = {};
	struct alarm_terms t = {};
	struct alarm_adding d = {.sum = &sum};
	struct pace *at = pace_of();
	__u64 empty, until;
	struct alarm *a;
	__u32 times;

	if (!p || !at)
		return 0;
	a = alarm_of(p->listener);
	if (!a || now < a->ends || __sync_val_compare_and_swap(&a->busy, 0, 1))
		return 0;
	if (now >= a->ends) {
		d.id = p->listener;
		bpf_loop(ALARM_CPUS, alarm_add_cpu, &d, 0);
		if (!a->ends) {
			a->begun = now;
			a->changed = now;
			a->sum = sum;
			*(volatile __u64 *)&a->ends = now + ALARM_WINDOW;
		} else {
			empty = (now - a->ends) / ALARM_WINDOW;
			alarm_take(a, &sum);
			if (p->protocol == IPPROTO_TCP)
				queue_look(ctx, p, a);
			alarm_terms_of(p, &t);
			until = a->until;
			times = a->times;
			/* If it has fallen asleep, what came before that does not engage it again:
			 * `status` has said so already. */
			alarm_settle(a, now);
			alarm_window(a, at, &t, empty);
			*(volatile __u64 *)&a->ends += (empty + 1) * ALARM_WINDOW;
			alarm_settle(a, now);
			alarm_tell(a, p->listener, until, times, now);
		}
	}
	__sync_lock_test_and_set(&a->busy, 0);
	return 0;
}

/* ---- on a packet's way ------------------------------------------------------- */

/* What a packet says to the alarm, by its reason; most say nothing. */
enum alarm_word {
	ALARM_SAYS_NOTHING,
	ALARM_SAYS_ANSWERED, /* a SYN, by the gate itself */
	ALARM_SAYS_SERVED,
	ALARM_SAYS_STRAY,
	ALARM_SAYS_OTHER,  /* unnamed, unreadable, unknown and let pass */
	ALARM_SAYS_SPOKE,  /* something, which was not judged */
	ALARM_SAYS_SOURCE, /* of a source with a line of its own: its SYNs are no silence */
	ALARM_SAYS_QUIC,
	ALARM_SAYS_TIME, /* nothing but that time goes on */
};

static __always_inline __u32 alarm_word(__u32 reason)
{
	switch (reason) {
	case REASON_syn_answered:
		return ALARM_SAYS_ANSWERED;
	/* Where nobody ever says a word, windows end by these. */
	case REASON_handshake:
	case REASON_room_full:
		return ALARM_SAYS_TIME;
	/* What is refused for its strays is no calm: nobody is to sleep because of that. */
	case REASON_learned_dropped:
	/* Random labels below a zone of this server are as much of a flood as foreign names,
	 * if the policy would refuse them; and familiar names count as they do among strays. */
	case REASON_unknown_dropped:
	case REASON_unknown_answered:
	case REASON_unknown_reset:
	case REASON_unknown_familiar:
		return ALARM_SAYS_STRAY;
	case REASON_visit_limited:
	case REASON_source_limited:
	case REASON_client_visit_limited:
	case REASON_client_limited:
	case REASON_client_answered:
	case REASON_no_conversation:
	case REASON_urgent:
		return ALARM_SAYS_SPOKE;
	case REASON_quic_passed:
	case REASON_quic_dropped:
	case REASON_quic_fallback:
		return ALARM_SAYS_QUIC;
	}
	switch (reason) {
#define ALARM_WORD_NO_VISIT   ALARM_SAYS_NOTHING
#define ALARM_WORD_SERVED     ALARM_SAYS_SERVED
#define ALARM_WORD_STRAY      ALARM_SAYS_STRAY
#define ALARM_WORD_UNNAMED    ALARM_SAYS_OTHER
#define ALARM_WORD_UNREADABLE ALARM_SAYS_OTHER
#define ALARM_WORD_UNKNOWN    ALARM_SAYS_OTHER
#define ALARM_WORD_BY_SOURCE  ALARM_SAYS_SOURCE
#define R(nr, name, verdict, sends, counts, text) \
	case nr:                                  \
		return ALARM_WORD_##counts;
		STRAYGATE_REASONS(R)
#undef R
	}
	return ALARM_SAYS_NOTHING;
}

/* Called for each packet of a listener that may sleep, behind all else. */
stage int alarm_note(struct xdp_md *ctx, struct packet *p, __u32 says)
{
	struct alarm_counts *c;
	struct pace *at;
	__u64 now;

	if (!p || (says == ALARM_SAYS_QUIC && !p->initial))
		return 0;
	c = alarm_counts_of(bpf_get_smp_processor_id(), p->listener);
	at = pace_of();
	if (!c || !at)
		return 0;
	now = alarm_now(p, at);
	/* First of all: the packet belongs to the window that begins. */
	if (now >= c->look) {
		struct alarm *a;

		alarm_roll(ctx, p, now);
		a = alarm_of(p->listener);
		c->look = a ? a->ends : 0;
	}
	switch (says) {
	case ALARM_SAYS_ANSWERED:
		c->answered++;
		return 0;
	case ALARM_SAYS_TIME:
		return 0;
	case ALARM_SAYS_SOURCE:
		c->spoke += p->protocol == IPPROTO_TCP && (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
		return 0;
	}
	c->spoke += p->payload_len != 0 && !p->stranger;
	c->visits += says != ALARM_SAYS_SPOKE;
	c->served += says == ALARM_SAYS_SERVED || says == ALARM_SAYS_QUIC;
	c->strays += says == ALARM_SAYS_STRAY || says == ALARM_SAYS_QUIC;
	return 0;
}

/* tc egress: the server has answered a SYN of the kernel's own handshake. */
static __always_inline void alarm_answered(const struct image_listener *l)
{
	struct alarm_counts *c;

	if (l->alarm == ALARM_OFF)
		return;
	c = alarm_counts_of(bpf_get_smp_processor_id(), l->id);
	if (c)
		c->answered++;
}

#endif
