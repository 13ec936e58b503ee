/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 4, conversation: which packet of its visit is this?
 *
 * The first data of a TCP visit is the segment that proves a cookie of ours (at
 * the handshake), or that the socket waits for while it has received nothing:
 * bytes_received == 0 && seq == rcv_nxt (at data). Neither needs state of ours,
 * so what we do remember (flows) may be forgotten without harm.
 */
#ifndef STRAYGATE_FLOW_H
#define STRAYGATE_FLOW_H

#include "bpf/handshake/engage.h"
#include "bpf/flow_table.h"
#include "bpf/handshake/syn.h"
#include "bpf/socket.h"

static __always_inline struct flow *flow_of(__u64 print)
{
	__u32 index = flow_set_index(print);
	struct flow_set *set = bpf_map_lookup_elem(&flows, &index);

	return set ? flow_find(set, print) : NULL;
}

/* Whose it is, for `show flows`. In a flood, when the cell that is taken was another's
 * ten seconds ago, that is known of one tombstone in 64 only. */
#define FLOW_HURRY FLOW_CLOCK(10000000000ULL)

static __always_inline __u8 flow_name(const struct packet *p, const struct flow *f, __u32 way, __u8 state,
				      __u32 now)
{
	__u32 index = flow_set_index(p->flow_print);
	struct flow_ends *ends;

	if (f->flags & FLOW_NAMED)
		return FLOW_NAMED;
	if (state == FLOW_TURNED && now - f->since < FLOW_HURRY && p->flow_print >> 58)
		return 0;
	ends = bpf_map_lookup_elem(&flow_ends, &index);
	if (!ends)
		return 0;
	flow_opaque(way);
	ends->of[way & (FLOW_WAYS - 1)] = p->flow;
	return FLOW_NAMED;
}

stage int flow_remember(struct packet *p, __u8 state, __u32 first, __u32 ack)
{
	__u32 index, now, way = 0;
	struct flow_set *set;
	struct flow *f;

	if (!p)
		return 0;
	index = flow_set_index(p->flow_print);
	now = FLOW_CLOCK(packet_tick(p));
	set = bpf_map_lookup_elem(&flows, &index);
	f = set ? flow_place(set, p->flow_print, &way) : NULL;
	if (!f)
		return 0;
	f->flags = flow_name(p, f, way, state, now) | (p->shaken ? FLOW_SHAKEN : 0) |
		   (p->proved ? FLOW_PROVED : 0);
	f->answer = p->answer;
	f->since = now;
	f->first = first;
	f->next = p->seq + p->payload_len;
	f->ack = ack;
	f->protocol = p->as;
	f->action = p->action;
	f->listener = p->listener;
	flow_barrier();
	f->state = state;
	return 0;
}

/* The first data in the socket's eyes. A retransmission that comes while the
 * socket still waits for it is the first data again. */
static __always_inline bool is_first(const struct packet *p, const struct socket *sk, const struct flow *f)
{
	/* A cookie stays good: no RST takes it back. */
	if (sk->state == SOCKET_COOKIE && f && f->state == FLOW_TURNED && f->first == p->seq)
		return false;
	return sk->state > SOCKET_BARE && !sk->bytes_received && p->seq == sk->rcv_nxt;
}

/* What is left of a visit that was turned away is the gate's business: the
 * host has no socket for it any more and would answer with RSTs. */
static __always_inline __u32 tail(struct packet *p, const struct flow *f)
{
	p->action = f->action;
	p->answer = f->answer;
	p->proved = !!(f->flags & (FLOW_SHAKEN | FLOW_PROVED));
	p->as = f->protocol;
	if (p->tcp_flags & TCP_RST || f->action == ACT_DROP)
		return REASON_tail_dropped;
	if (f->action == ACT_RESET)
		return REASON_tail_reset;
	/* An acknowledgement that moved on has the answer in it. */
	if (p->payload_len)
		return p->ack == f->ack ? REASON_tail_answered : REASON_tail_closed;
	if (p->tcp_flags & TCP_FIN)
		return p->ack == f->ack ? REASON_tail_reset : REASON_tail_closed;
	return REASON_tail_dropped;
}

/* A tombstone at data depth, and a socket that waits for something else: the
 * ports were used again, and the SYN did not come our way. */
static __always_inline bool is_stale(const struct flow *f, const struct socket *sk)
{
	if (f->flags & FLOW_SHAKEN)
		return false;
	return (sk->state == SOCKET_FULL || sk->state == SOCKET_HALF) && sk->rcv_nxt != f->first;
}

/* May this be of a new visit from the same ports? A SYN says nothing of it here:
 * it may be spoofed, and a look at a table for each of a flood's is dear. So a
 * visit whose client took its leave, and one that jumps in its sequence numbers,
 * is not taken for what it was without another proof. */
static __always_inline bool doubtful(const struct packet *p, const struct flow *f)
{
	return f->flags & FLOW_ENDING || p->seq - f->next + FLOW_NEAR > 2 * FLOW_NEAR;
}

/* No data: most are acknowledgements of visits that were judged. */
static __always_inline __u32 no_data(struct xdp_md *ctx, struct packet *p, struct flow *f, struct scratch *s)
{
	bool known = f && !doubtful(p, f);
	struct socket sk;

	if (known && f->state != FLOW_TURNED) {
		if (p->tcp_flags & (TCP_FIN | TCP_RST))
			f->flags |= FLOW_ENDING;
		/* A client that resets its visit itself is no sign of a firewall. */
		if (f->state == FLOW_ADOPTED && p->tcp_flags & TCP_RST)
			f->state = FLOW_JUDGED;
		else if (f->state == FLOW_ADOPTED)
			adopted_visit(ctx, p, f, s);
		return REASON_control;
	}
	if (known) {
		if (f->flags & FLOW_SHAKEN)
			return tail(p, f);
		socket_find(ctx, p, &sk, s);
		return is_stale(f, &sk) ? REASON_control : tail(p, f);
	}
	if (p->tcp_flags & TCP_RST)
		return REASON_control;
	if (proves(ctx, p, p->seq))
		return p->tcp_flags & TCP_FIN ? REASON_silent_closed : REASON_ack_absorbed;
	/* RFC 9293 3.8.4: a probe has the number before the next one. */
	if (proves(ctx, p, p->seq + 1))
		return REASON_keepalive_answered;
	return REASON_control;
}

/* The very first data of a visit of ours, again: a retransmission, or somebody
 * who recorded it. It is never adopted twice. */
static __always_inline __u32 first_again(struct xdp_md *ctx, struct packet *p, struct flow *f,
					 struct scratch *s)
{
	switch (f->state) {
	case FLOW_TURNED:
		return tail(p, f);
	case FLOW_HELD:
		/* Its client waits for an acknowledgement before it goes on. */
		p->again = 1;
		return CONTINUE;
	case FLOW_ADOPTED:
		return adopted_visit(ctx, p, f, s) ? REASON_adopt_failed : REASON_established;
	}
	return REASON_established;
}

/* Only a listening socket, and no proof: the first segment of a flight was lost
 * or comes later, or the connection is older than the cookies or the host. The
 * stack would answer with a RST, which the latter want and the former must not
 * get. So it waits: the first segment comes again within a second, and what
 * comes again later without it passes. Not while all visits shake hands with the
 * kernel: then it may be translated on its way up, to a socket elsewhere. */
static __always_inline __u32 too_early(struct packet *p)
{
	struct engagement *e = engagement_of(p);
	struct flow_key key = p->flow;
	__u64 now = packet_tick(p), *since;

	if (!e || !e->enabled || e->until > now || p->depth == DEPTH_OFF || p->observe)
		return REASON_no_conversation;
	since = bpf_map_lookup_elem(&early, &key);
	if (!since) {
		bpf_map_update_elem(&early, &key, &now, BPF_ANY);
		return REASON_early;
	}
	if (now - *since < EARLY_PATIENCE)
		return REASON_early;
	bpf_map_delete_elem(&early, &key);
	return REASON_no_conversation;
}

static __always_inline __u32 goes_on(const struct packet *p, struct flow *f)
{
	f->next = p->seq + p->payload_len;
	if (p->tcp_flags & TCP_FIN)
		f->flags |= FLOW_ENDING;
	return REASON_established;
}

/* No socket waits for this as first data: what do we remember of it? */
static __always_inline __u32 later_data(struct packet *p, struct flow *f, const struct socket *sk)
{
	if (f && f->state == FLOW_PARTIAL) {
		if (p->seq != f->next)
			return REASON_out_of_order;
		p->resumed = RESUMED_PARTIAL;
		return CONTINUE;
	}
	if (f)
		return goes_on(p, f);
	if (sk->state == SOCKET_BARE)
		return too_early(p);
	if (sk->state != SOCKET_FULL)
		return REASON_no_conversation;
	return sk->bytes_received ? REASON_forgotten : REASON_out_of_order;
}

/* Data of a visit that shook hands with the kernel. */
static __always_inline __u32 kernel_data(struct xdp_md *ctx, struct packet *p, struct flow *f,
					 struct scratch *s)
{
	struct socket sk;

	socket_find(ctx, p, &sk, s);
	p->proved = sk.proved;
	if (is_first(p, &sk, f))
		return CONTINUE;
	if (sk.state == SOCKET_FULL && sk.bytes_received > FINDER_LIMIT)
		return REASON_established;
	if (f && f->state == FLOW_TURNED) {
		if (!is_stale(f, &sk))
			return tail(p, f);
		f = NULL;
	}
	return later_data(p, f, &sk);
}

static __always_inline __u32 data(struct xdp_md *ctx, struct packet *p, struct flow *f, struct scratch *s)
{
	bool known = f && !doubtful(p, f);

	/* The usual case: later data of a visit that was judged. */
	if (known && p->seq != f->first && (f->state == FLOW_JUDGED || f->state == FLOW_ADOPTED))
		return goes_on(p, f);
	if (known && f->state == FLOW_HELD && p->seq == f->next) {
		p->shaken = 1;
		p->resumed = RESUMED_HELD;
		return CONTINUE;
	}
	if ((!known || f->flags & FLOW_SHAKEN) && proves(ctx, p, p->seq)) {
		p->shaken = 1;
		s->agreed = s->options;
		if (f && f->flags & FLOW_SHAKEN && f->first == p->seq)
			return first_again(ctx, p, f, s);
		return CONTINUE;
	}
	if (f && f->state == FLOW_TURNED && f->flags & FLOW_SHAKEN)
		return tail(p, f);
	/* Its bytes are kept already, or lie beyond a gap. None was acknowledged, so
	 * they come again; the host, without a socket, would answer with a RST. */
	if (known && f->state == FLOW_HELD)
		return REASON_held;
	/* Some keep-alive probes carry a byte of nothing (RFC 9293 3.8.4). */
	if (!f && p->payload_len == 1 && proves(ctx, p, p->seq + 1))
		return REASON_keepalive_answered;
	return kernel_data(ctx, p, f, s);
}

/* Every datagram is a visit of its own. */
stage int conversation(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct shake *k = shake_secrets();
	struct flow *f;

	if (!p || !s || !k)
		return REASON_table_missing;
	if (p->protocol == IPPROTO_UDP || p->explain)
		return CONTINUE;
	/* Data in a SYN (TCP Fast Open) comes again after the handshake unless the
	 * server has it switched on, which is not so by default. */
	if (p->tcp_flags & TCP_SYN)
		return syn(ctx, p) ?: REASON_handshake;
	p->flow_print = flow_print(k->flow_keys, &p->flow);
	f = flow_of(p->flow_print);
	return p->payload_len ? data(ctx, p, f, s) : no_data(ctx, p, f, s);
}

#endif
