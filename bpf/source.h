/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 3, source: the rule of the longest prefix that holds the client's
 * address. A rule whose time is up gives way to the next shorter one, here and
 * now: no timer, no process.
 */
#ifndef STRAYGATE_SOURCE_H
#define STRAYGATE_SOURCE_H

#include "bpf/limit.h"
#include "bpf/network.h"

/* From what a tree of prefixes said to the index of the rule that holds; 0: none. */
static __always_inline __u32 leaf_rule(const struct view *v, __u32 leaf, struct packet *p)
{
	struct image_leaf *eight;
	struct image_rule *r;
	__u32 i, index;

	for (i = 0; i < IMAGE_PARENTS_MAX && leaf; i++) {
		eight = image_cell(v->image, v->head->leaves + leaf / 8);
		if (!eight)
			return 0;
		index = eight[leaf % 8].rule;
		r = image_rule(v->image, v->head, index);
		if (!r)
			return 0;
		if (!r->expires || packet_tick(p) < r->expires)
			return index;
		leaf = eight[leaf % 8].parent;
	}
	return 0;
}

struct address {
	__u8 bytes[16]; /* IPv4 v4-mapped */
};

/* What the image in a slot says of an address. Less than 0: nothing, but the one in
 * slot -1 - this, its base, may. */
stage int source_in(struct packet *p, const struct address *of, __u32 ipv6, __u32 slot)
{
	struct image_rule *r;
	__u32 leaf, index;
	struct view v;

	if (!p || !of || !view_of(&v, slot))
		return REASON_table_missing;
	leaf = address_find(v.image, IMAGE_SOURCE4, of->bytes, ipv6);
	if (!leaf)
		return v.head->base ? -(int)(v.head->base & 0xff) : CONTINUE;
	index = leaf_rule(&v, leaf, p);
	r = image_rule(v.image, v.head, index);
	if (!index || !r)
		return CONTINUE;
	p->source_rule = r->id;
	switch (r->action) {
	case ACT_TRUST:
		return REASON_source_trusted;
	case ACT_DROP:
		return REASON_source_dropped;
	case ACT_LIMIT:
		/* A visit is spent by its first data: source_spend_visit(). */
		if (r->unit == RATE_VISITS) {
			p->source = index;
			p->source_slot = slot;
		} else if (!within_limit(p, r)) {
			return REASON_source_limited;
		}
	}
	return CONTINUE;
}

/* The visit's first data spends a visit of its source, if that is limited. */
static __always_inline __u32 source_spend_visit(struct packet *p)
{
	struct image_rule *r;
	struct view v;

	if (!p->source || !is_visit(p))
		return CONTINUE;
	if (!view_of(&v, p->source_slot))
		return CONTINUE;
	r = image_rule(v.image, v.head, p->source);
	if (!r || within_limit(p, r))
		return CONTINUE;
	p->action = ACT_DROP;
	return p->protocol == IPPROTO_TCP && !p->shaken ? REASON_visit_limited : REASON_source_limited;
}

static __always_inline int source(struct packet *p, const struct address *of, __u32 ipv6)
{
	int reason = source_in(p, of, ipv6, p->slot);

	if (reason >= 0)
		return reason;
	reason = source_in(p, of, ipv6, -1 - reason);
	return reason < 0 ? CONTINUE : reason;
}

static __always_inline bool is_mapped(const struct address *a)
{
	const __u32 *words = (const __u32 *)a->bytes;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/* The client that a PROXY header names. Its TCP is the proxy's, which would wait for
 * an answer that does not come: so what is dropped, or over its limit, is reset. */
stage int source_of_client(struct packet *p)
{
	struct scratch *s = scratch_memory();
	const struct address *of;
	int reason;

	if (!p || !s)
		return REASON_table_missing;
	of = (const struct address *)s->finder.client;
	reason = source(p, of, !is_mapped(of));
	if (reason == CONTINUE)
		reason = source_spend_visit(p);
	switch (reason) {
	case REASON_source_dropped:
	case REASON_source_limited:
	case REASON_visit_limited:
		p->action = ACT_RESET;
		return p->shaken ? REASON_client_refused : REASON_client_reset;
	}
	return reason;
}

#endif
