/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 4, conversation: which packet of its visit is this?
 *
 * The first data of a TCP visit is the segment that the socket waits for while
 * it has received nothing: bytes_received == 0 && seq == rcv_nxt. That needs no
 * state of ours, so what we do remember (flows) may be forgotten without harm.
 */
#ifndef STRAYGATE_FLOW_H
#define STRAYGATE_FLOW_H

#include "socket.h"

static __always_inline void flow_remember(struct packet *p, __u8 state, __u32 first, __u32 ack)
{
	struct flow f = {
		.since = packet_now(p),
		.first = first,
		.next = p->seq + p->payload_len,
		.ack = ack,
		.state = state,
		.protocol = p->as,
		.action = p->action,
		.listener = p->listener,
	};
	struct flow_key key = p->flow;

	bpf_map_update_elem(&flows, &key, &f, BPF_ANY);
}

/* The first data in the socket's eyes. A retransmission that comes while the
 * socket still waits for it is the first data again. */
static __always_inline bool is_first(const struct packet *p, const struct socket *sk, const struct flow *f)
{
	/* A cookie stays good: no RST takes it back. */
	if (sk->state == SOCKET_COOKIE && f && f->state == FLOW_TURNED && f->first == p->seq)
		return false;
	return sk->state != SOCKET_NONE && !sk->bytes_received && p->seq == sk->rcv_nxt;
}

/* What is left of a visit that was turned away is the gate's business: the
 * host has no socket for it any more and would answer with RSTs. */
static __always_inline __u32 tail(struct packet *p, const struct flow *f)
{
	p->action = f->action;
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

/* No socket waits for this as first data: what do we remember of it? */
static __always_inline __u32 later_data(struct packet *p, const struct flow *f, const struct socket *sk)
{
	if (f && f->state == FLOW_PARTIAL) {
		if (p->seq != f->next)
			return REASON_out_of_order;
		p->resumed = 1;
		return CONTINUE;
	}
	if (f)
		return REASON_established;
	if (sk->state != SOCKET_FULL)
		return REASON_no_conversation;
	return sk->bytes_received ? REASON_forgotten : REASON_out_of_order;
}

/* Every datagram is a visit of its own. */
stage int conversation(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct socket sk = {};
	struct flow_key key;
	struct flow *f;

	if (!p || !s)
		return REASON_table_missing;
	if (p->protocol == IPPROTO_UDP || p->explain)
		return CONTINUE;
	key = p->flow; /* Linux 6.1 takes no key from behind a global function's argument */
	f = bpf_map_lookup_elem(&flows, &key);
	if (p->tcp_flags & TCP_SYN) {
		/* The same ports again: a new visit. Data in a SYN (TCP Fast
		 * Open) comes again after the handshake unless the server has
		 * it switched on, which is not so by default. */
		if (f)
			bpf_map_delete_elem(&flows, &key);
		return REASON_handshake;
	}
	if (!p->payload_len && (!f || f->state != FLOW_TURNED))
		return REASON_control;

	socket_find(ctx, p, &sk, s);
	if (p->payload_len) {
		if (is_first(p, &sk, f))
			return CONTINUE;
		if (sk.state == SOCKET_FULL && sk.bytes_received > FINDER_LIMIT)
			return REASON_established;
	}
	if (f && f->state == FLOW_TURNED) {
		/* A live socket that waits for something else: the ports were
		 * used again, and the SYN did not come our way. */
		if (sk.state != SOCKET_FULL || sk.rcv_nxt == f->first)
			return tail(p, f);
		f = NULL;
	}
	if (!p->payload_len)
		return REASON_control;
	return later_data(p, f, &sk);
}

#endif
