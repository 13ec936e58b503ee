/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 4, conversation: which packet of its visit is this?
 *
 * The first data of a TCP visit is the segment that proves a cookie of ours (at
 * the handshake), or that the socket waits for while it has received nothing:
 * bytes_received == 0 && seq == rcv_nxt (at data). Where there is no socket, tc
 * egress has seen which one it is (ways.h). None of these needs `flows`, so what
 * stands there may be forgotten without harm.
 */
#ifndef STRAYGATE_CONVERSATION_H
#define STRAYGATE_CONVERSATION_H

#include "bpf/bpf.h"
#include "bpf/flow_table.h"
#include "bpf/handshake/introduce.h"
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
	opaque(way);
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

/* Would the host take this acknowledgement (net/ipv4/tcp_input.c, tcp_ack())? Who
 * spoofs his address does not know the number. */
static __always_inline bool acknowledges(const struct packet *p, const struct socket *sk)
{
	if (!(p->tcp_flags & TCP_ACK))
		return false;
	return sk->state == SOCKET_COOKIE ||
	       ((__s32)(p->ack - sk->ack_least) >= 0 && (__s32)(sk->ack_most - p->ack) >= 0);
}

/* PAWS, as tcp_validate_incoming() has it. */
static __always_inline bool is_older(struct xdp_md *ctx, struct packet *p, const struct socket *sk,
				     const struct scratch *s)
{
	if (!sk->ts_recent || read_options(ctx, p))
		return false;
	return s->options.timestamps && (__s32)(s->options.tsval - sk->ts_recent) < 0;
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
	/* An address that has not proved itself gets nothing that is longer. */
	if (!(f->flags & (FLOW_SHAKEN | FLOW_PROVED)))
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
 * it may be spoofed, and a look at a table for each of a flood's is expensive. So a
 * visit whose client took its leave, and one that jumps in its own or in its server's
 * numbers, is not taken for what it was without another proof. (Who downloads much
 * between two packets of his jumps, too, and has to be looked up once.) */
static __always_inline bool doubtful(const struct packet *p, const struct flow *f)
{
	return f->flags & FLOW_ENDING || p->seq - f->next + FLOW_NEAR > 2 * FLOW_NEAR ||
	       (f->state == FLOW_JUDGED && p->tcp_flags & TCP_ACK &&
		p->ack - f->ack + FLOW_ACK_NEAR > 2 * FLOW_ACK_NEAR);
}

/* Introduced to its server, decided or not. */
static __always_inline bool is_introduced(const struct flow *f)
{
	return f->state == FLOW_INTRODUCED || (f->state == FLOW_PARTIAL && f->flags & FLOW_SHAKEN);
}

/* Its server had not answered when we last looked: has it now? */
static __always_inline bool was_bound(const struct packet *p, struct flow *f)
{
	if (!bound_of(p) && !ended_of(p))
		return false;
	if (f->state == FLOW_INTRODUCED)
		f->state = FLOW_JUDGED;
	return true;
}

/* No data, while the gate has the visit's first bytes: the host knows nothing of it. */
static __always_inline __u32 no_data_yet(struct packet *p, struct flow *f)
{
	struct flow_key key = p->flow;
	struct introduced *v;

	p->ours = 1;
	/* A FIN comes again. */
	if (!(p->tcp_flags & TCP_RST))
		return REASON_ack_absorbed;
	/* In generic mode it may be ours: see ask_again(). */
	v = is_introduced(f) ? introduced_of(p) : NULL;
	if (v && v->tries && v->reset == p->seq)
		return REASON_control;
	/* Only at exactly the next number (RFC 5961 3.2): others may be blind. */
	if (p->seq != f->next)
		return REASON_ack_absorbed;
	f->flags |= FLOW_ENDING;
	if (is_introduced(f)) {
		/* The SYN is with the server. */
		bpf_map_delete_elem(&introduced, &key);
		return REASON_control;
	}
	bpf_map_delete_elem(&held, &key);
	f->state = FLOW_TURNED;
	f->action = ACT_DROP;
	return REASON_ack_absorbed;
}

/* No data: most are acknowledgements of visits that were judged. */
static __always_inline __u32 no_data(struct xdp_md *ctx, struct packet *p, struct flow *f, struct scratch *s)
{
	bool known = f && !doubtful(p, f);
	struct socket sk;

	if (known && (f->state == FLOW_HELD || (is_introduced(f) && !was_bound(p, f)))) {
		/* RFC 9293 3.8.4: a probe of a client that waits for us. */
		if (!(p->tcp_flags & (TCP_RST | TCP_FIN)) && proves(ctx, p, p->seq + 1))
			return REASON_keepalive_answered;
		return no_data_yet(p, f);
	}
	if (known && f->state != FLOW_TURNED) {
		if (p->tcp_flags & (TCP_FIN | TCP_RST))
			f->flags |= FLOW_ENDING;
		else if (f->state == FLOW_JUDGED)
			f->ack = p->ack;
		return REASON_control;
	}
	if (known) {
		if (f->flags & FLOW_SHAKEN) {
			p->ours = 1;
			return tail(p, f);
		}
		/* In generic mode it may be ours, for the server: see answer_beside(). */
		if (p->tcp_flags & TCP_RST && p->seq == f->first)
			return REASON_control;
		socket_find(ctx, p, &sk, s);
		return is_stale(f, &sk) ? REASON_control : tail(p, f);
	}
	if (p->tcp_flags & TCP_RST)
		return REASON_control;
	if (proves(ctx, p, p->seq))
		return p->tcp_flags & TCP_FIN ? REASON_silent_closed : REASON_ack_absorbed;
	/* A probe has the number before the next one. */
	if (proves(ctx, p, p->seq + 1))
		return REASON_keepalive_answered;
	if (f && f->state == FLOW_JUDGED)
		f->ack = p->ack;
	return REASON_control;
}

/* The very first data of a visit of ours, again: a retransmission, or somebody
 * who recorded it. It is never introduced twice once it was bound. */
static __always_inline __u32 first_again(struct packet *p, struct flow *f)
{
	switch (f->state) {
	case FLOW_TURNED:
		return tail(p, f);
	case FLOW_HELD:
		/* Its client waits for an acknowledgement before it goes on. */
		p->shaken = 1;
		p->again = AGAIN_HELD;
		return CONTINUE;
	case FLOW_PARTIAL:
		if (was_bound(p, f))
			break;
		/* fall through */
	case FLOW_INTRODUCED:
		/* A full table has forgotten it. */
		p->shaken = 1;
		p->again = AGAIN_JUDGED;
		return CONTINUE;
	}
	return REASON_replayed;
}

/* The same where `flows` has forgotten it: bound visits are never forgotten, and
 * ended ones are for as long as a cookie proves. */
static __always_inline bool is_replay(const struct packet *p)
{
	struct bound *b = bound_of(p);

	if (!b)
		b = ended_of(p);
	return b && b->isn == p->seq - 1 && b->cookie == p->ack - 1;
}

/* Only a listening socket, and no proof: the first segment of a flight was lost
 * or comes later, or the connection is older than the cookies or the host. The
 * stack would answer with a RST, which the latter want and the former must not
 * get. So it waits: the first segment comes again within a second, and what
 * comes again later without it passes. Not where no cookies are about, and not for
 * what is translated on its way up, to a socket elsewhere. */
static __always_inline __u32 too_early(struct packet *p)
{
	struct flow_key key = p->flow;
	__u64 now = packet_tick(p), *since;

	if (bound_of(p) || ended_of(p))
		return REASON_established;
	if (way_is_open(p))
		return REASON_no_conversation;
	p->stranger = 1;
	if (!cookies_about(p))
		return REASON_no_conversation;
	since = bpf_map_lookup_elem(&early, &key);
	/* What may be ours waits, though its listener observes by now, or is asleep. */
	if (!since || now - *since < EARLY_PATIENCE) {
		if (!since)
			bpf_map_update_elem(&early, &key, &now, BPF_ANY);
		p->ours = 1;
		return REASON_early;
	}
	bpf_map_delete_elem(&early, &key);
	return REASON_no_conversation;
}

static __always_inline __u32 goes_on(const struct packet *p, struct flow *f)
{
	f->next = p->seq + p->payload_len;
	f->ack = p->ack;
	if (p->tcp_flags & TCP_FIN)
		f->flags |= FLOW_ENDING;
	return REASON_established;
}

/* No socket waits for this as first data: what do we remember of it? */
static __always_inline __u32 later_data(struct packet *p, struct flow *f, const struct socket *sk)
{
	if (f && f->state == FLOW_PARTIAL) {
		/* At the handshake the server gets nothing that was not judged in its turn:
		 * the client sends it again. */
		if (f->flags & FLOW_SHAKEN && (__s32)(p->seq - f->next) > 0)
			return REASON_early;
		if (p->seq != f->next)
			return REASON_out_of_order;
		p->resumed = RESUMED_PARTIAL;
		p->proved = f->flags & FLOW_PROVED;
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
	if (is_first(p, &sk, f)) {
		if (!acknowledges(p, &sk) || is_older(ctx, p, &sk, s))
			return REASON_unacceptable;
		if (f && f->first == p->seq)
			p->again = AGAIN_JUDGED;
		/* Between them may be what the server has said and nobody acknowledged. */
		p->proved = sk.state == SOCKET_COOKIE || p->ack == sk.ack_most || p->ack == sk.ack_least;
		return CONTINUE;
	}
	if (sk.state <= SOCKET_BARE && (!f || f->first != p->seq) && half_open_is_first(p)) {
		p->proved = 1;
		return CONTINUE;
	}
	if (sk.state == SOCKET_FULL && sk.bytes_received > FINDER_LIMIT)
		return REASON_established;
	if (f && f->state == FLOW_TURNED) {
		if (!is_stale(f, &sk))
			return tail(p, f);
		f = NULL;
	}
	return later_data(p, f, &sk);
}

/* While the server has not answered: the first data is the timer of its SYN, and
 * what follows is kept behind it. (It may have been bound on another CPU since: then
 * the segment passes as well, and is translated.) */
static __always_inline __u32 data_waiting(struct xdp_md *ctx, struct packet *p, struct flow *f)
{
	p->ours = 1;
	if (p->seq == f->first)
		return REASON_introduced_again;
	/* Its name is looked for in what comes in its turn. */
	if (f->state == FLOW_PARTIAL)
		return REASON_waiting;
	keep_more(ctx, p);
	/* A full barrier: bind.h makes the entry and then reads what is kept. */
	__sync_fetch_and_add(&f->next, 0);
	return was_bound(p, f) ? goes_on(p, f) : REASON_waiting;
}

/* May this be first data that proves a cookie? Not of a visit whose handshake was the
 * kernel's, unless that was turned away: its client may use the ports again at once. */
static __always_inline bool may_prove(const struct packet *p, const struct flow *f, bool known)
{
	return !known || f->flags & FLOW_SHAKEN || (f->state == FLOW_TURNED && p->seq != f->first);
}

static __always_inline __u32 data(struct xdp_md *ctx, struct packet *p, struct flow *f, struct scratch *s)
{
	bool known = f && !doubtful(p, f);

	/* The usual case: later data of a visit that was judged. */
	if (known && p->seq != f->first && f->state == FLOW_JUDGED)
		return goes_on(p, f);
	if (known && f->state == FLOW_HELD && p->seq == f->next) {
		p->ours = 1;
		p->shaken = 1;
		p->resumed = RESUMED_HELD;
		return CONTINUE;
	}
	if (known && is_introduced(f)) {
		if (was_bound(p, f)) {
			if (f->state == FLOW_JUDGED)
				return goes_on(p, f);
		} else if (introduced_of(p)) {
			return data_waiting(ctx, p, f);
		}
	}
	if (may_prove(p, f, known) && proves(ctx, p, p->seq)) {
		s->agreed = s->options;
		if (f && f->flags & FLOW_SHAKEN && f->first == p->seq)
			return first_again(p, f);
		p->shaken = 1;
		return CONTINUE;
	}
	if (f && f->state == FLOW_TURNED && f->flags & FLOW_SHAKEN) {
		p->ours = 1;
		return tail(p, f);
	}
	/* Its bytes are kept already, or lie beyond a gap. None was acknowledged, so
	 * they come again; the host, without a socket, would answer with a RST. */
	if (known && f->state == FLOW_HELD) {
		p->ours = 1;
		return REASON_held;
	}
	/* Some keep-alive probes carry a byte of nothing (RFC 9293 3.8.4). */
	if (!f && p->payload_len == 1 && proves(ctx, p, p->seq + 1))
		return REASON_keepalive_answered;
	return kernel_data(ctx, p, f, s);
}

/* Every datagram is a visit of its own. SYNs are syn()'s. */
stage int conversation(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct shake *k = shake_secrets();
	struct flow *f;

	if (!p || !s || !k)
		return REASON_table_missing;
	if (p->protocol == IPPROTO_UDP || p->explain)
		return CONTINUE;
	p->flow_print = flow_print(k->flow_keys, &p->flow);
	f = flow_of(p->flow_print);
	if (f && f->state == FLOW_TURNED)
		p->proved = f->flags & FLOW_PROVED;
	return p->payload_len ? data(ctx, p, f, s) : no_data(ctx, p, f, s);
}

#endif
