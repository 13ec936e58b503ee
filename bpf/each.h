/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `limit each`: every client network has a rate of its own, for all listeners of the line
 * together. The lines are asked in their order; what one of them refuses spends nothing
 * of those behind it.
 */
#ifndef STRAYGATE_EACH_H
#define STRAYGATE_EACH_H

#include "bpf/client_table.h"
#include "bpf/count.h"
#include "bpf/handshake/syn.h"
#include "bpf/limit.h"
#include "bpf/network.h"

static __always_inline struct explanation *explanation_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&explained, &zero);
}

static __always_inline void each_explain_none(void)
{
	struct explanation *e = explanation_of();

	if (e)
		e->limits = 0;
}

/* For `straygate explain`, in place of spending. */
static __always_inline void each_explain(__u32 rule, __u32 bits, __u64 ahead)
{
	struct explanation *e = explanation_of();
	__u32 at;

	if (!e)
		return;
	at = e->limits;
	if (at >= LIMIT_EACH_MAX)
		return;
	opaque(at);
	at &= LIMIT_EACH_MAX - 1;
	e->limit[at].rule = rule;
	e->limit[at].bits = bits;
	e->limit[at].ahead = ahead;
	e->limits = at + 1;
}

static __always_inline void each_unplaced(void)
{
	__u32 zero = 0;
	struct client_room *r = bpf_map_lookup_elem(&client_room, &zero);

	if (r)
		r->unplaced++;
}

/* One line's word: CONTINUE, or the action for what is over it, and above its eight bits
 * what ACT_ANSWER says. */
stage int each_line(struct packet *p, __u32 line, __u32 unit)
{
	struct shake *secrets = shake_secrets();
	struct client_key key;
	struct client_set *set;
	struct image_each *e;
	struct network n;
	struct view v;
	__u64 now;
	__u32 at;

	if (!p || !secrets || !view_open(&v, p))
		return CONTINUE;
	e = image_each(v.image, v.head, line);
	if (!e || e->unit != unit)
		return CONTINUE;
	if (!network_of(p, e->bits4, e->bits6, &n))
		return CONTINUE;
	key.network[0] = n.half[0];
	key.network[1] = n.half[1];
	key.line = CLIENT_LINE(e->id, n.bits);
	at = client_set_index(secrets->flow_keys, &key);
	set = bpf_map_lookup_elem(&clients, &at);
	if (!set)
		return CONTINUE;
	now = packet_now(p) << IMAGE_TIME_SHIFT;
	if (p->explain) {
		each_explain(e->id, n.bits, client_ahead(set, &key, now));
		return CONTINUE;
	}
	count_rule(e->id, p->frame_len);
	switch (client_spend(set, &key, now, e->cost, e->burst)) {
	case CLIENT_WITHIN:
		break;
	case CLIENT_OVER:
		return e->over | (p->as == PROTO_HTTP ? (e->page & 0xff) << 8 : 0);
	case CLIENT_UNPLACED:
		each_unplaced();
	}
	return CONTINUE;
}

/* Of all lines that count what comes for this listener. */
stage int each_lines(struct packet *p, __u32 unit)
{
	struct image_rule *r;
	__u32 i, lines;
	struct view v;
	int over;

	if (!p || !view_open(&v, p))
		return CONTINUE;
	r = image_rule(v.image, v.head, p->listener_rule);
	if (!r)
		return CONTINUE;
	lines = r->each;
	for (i = 0; i < LIMIT_EACH_MAX && lines; i++, lines >>= 1) {
		if (!(lines & 1))
			continue;
		over = each_line(p, i, unit);
		if (over)
			return over;
	}
	return CONTINUE;
}

/* Whatever it is, before anybody knows which packet of its visit. */
static __always_inline __u32 each_packet(struct packet *p)
{
	return each_lines(p, RATE_PACKETS) ? REASON_client_limited : CONTINUE;
}

static __always_inline __u32 each_visit(struct packet *p)
{
	__u32 over;

	if (!is_visit(p))
		return CONTINUE;
	over = each_lines(p, RATE_VISITS);
	if (!over)
		return CONTINUE;
	p->action = over;
	p->answer = over >> 8;
	/* A proxy would wait for an answer that does not come: see source_of_client(). */
	if (p->proxied == PROXIED_CLIENT && p->action == ACT_DROP) {
		p->action = ACT_RESET;
		return p->shaken ? REASON_client_refused : REASON_client_reset;
	}
	if (p->protocol == IPPROTO_TCP && !p->shaken)
		return REASON_client_visit_limited;
	return p->action == ACT_ANSWER ? REASON_client_answered : REASON_client_limited;
}

#endif
