/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delayed binding, its second half, at tc egress: the server's answer to a SYN that
 * the gate made up for a client (introduce.h).
 *
 *	SYN-ACK		is bound: it becomes the client's ACK with the data that was
 *			kept, and goes into the device that the visit came by
 *	RST		goes to the client, in numbers that it accepts
 *	ICMP refusal	becomes a RST for the client, which has a connection
 *	bare ACK	the server still holds these ports (RFC 5961 4): what is there is
 *			reset, and the SYN goes once more
 *
 * Nothing that the host says of such a visit leaves untranslated. A SYN-ACK of the
 * kernel's own handshake passes, and is remembered: the way back is known.
 */
#ifndef STRAYGATE_BIND_H
#define STRAYGATE_BIND_H

#include "bpf/alarm_window.h"
#include "bpf/bpf.h"
#include "bpf/view.h"
#include "bpf/conversation.h"
#include "bpf/handshake/skb_write.h"
#include "bpf/handshake/translate.h"
#include "bpf/listener.h"

/* From now on it is the client's, in the device that its visit came by. */
static __always_inline long turn_inwards(struct __sk_buff *skb, const __u8 *macs)
{
	skb->mark = 0;
	skb->tc_index = SKB_INJECTED;
	return bpf_skb_store_bytes(skb, 0, macs, 12, 0);
}

/* What a step may return instead of a tc action: the next one, which the program
 * itself calls. Called by each other they would need more stack than there is. */
enum { STEP_BIND = 100, STEP_INJECT };

/* ---- binding -------------------------------------------------------------- */

/* One piece, for all but the last a clone goes in; 1: the packet in hand is the last. */
stage int inject_piece(struct __sk_buff *skb, struct packet *p, __u32 at, __u32 len, __u32 flags)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct draft d = {};
	struct bound *b;

	if (!p || !s || len > BIND_PIECE)
		return -1;
	b = &s->bound;
	d.seq = b->isn + 1 + at;
	d.ack = b->server_isn + 1;
	d.flags = flags;
	d.window = b->scale != COOKIE_NO_SCALE && b->server_scale == COOKIE_NO_SCALE ? window_in(b, b->window)
										     : b->window;
	d.options =
		write_stamps(s, b->agreed & AGREED_TIMESTAMPS, b->tsval, s->introduced.tsecr - b->ts_delta);
	return lay_over_skb(skb, p, s, &d, at, len, p->fragment) ? -1 : 0;
}

/* The SYN-ACK in hand becomes the last ACK of the handshake, with the bytes that were
 * kept in scratch->kept, or without. */
stage int inject(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	__u32 i, at = 0, len, size, ifindex, total;

	if (!p || !s)
		return TC_ACT_SHOT;
	size = s->options.mss < BIND_PIECE + 12 ? (s->options.mss - 12) & ~3u : BIND_PIECE;
	if (size < 512 || size > BIND_PIECE)
		size = 512;
	ifindex = s->bound.ifindex;
	total = s->kept.length;
	p->fragment = is_partial(skb, p);
	if (turn_inwards(skb, s->bound.macs))
		return TC_ACT_SHOT;
	for (i = 0; i < BIND_PIECES; i++) {
		len = total - at < size ? total - at : size;
		if (i + 1 == BIND_PIECES || at + len >= total) {
			__u32 flags = TCP_ACK | (len ? TCP_PSH : 0);

			if (s->kept.fin && at + len == total && len)
				flags |= TCP_FIN;
			if (inject_piece(skb, p, at, len, flags))
				return TC_ACT_SHOT;
			return bpf_redirect(ifindex, BPF_F_INGRESS);
		}
		if (inject_piece(skb, p, at, len, TCP_ACK) || bpf_clone_redirect(skb, ifindex, BPF_F_INGRESS))
			return TC_ACT_SHOT;
		at += len;
	}
	return TC_ACT_SHOT;
}

/* What was kept of this visit, whole and its own; or nothing. */
static __always_inline void take_first_data(struct scratch_tc *s, const struct flow_key *key, __u32 first)
{
	struct kept *k = bpf_map_lookup_elem(&first_data, key);

	s->kept.length = 0;
	if (!k)
		return;
	bpf_probe_read_kernel(&s->kept, sizeof(s->kept), k);
	if (s->kept.serial != s->kept.serial_end || s->kept.first != first || s->kept.length > HELD_BYTES)
		s->kept.length = 0;
	*(__u32 *)(s->kept.bytes + (s->kept.length & HELD_BYTES)) = 0;
	bpf_map_delete_elem(&first_data, key);
}

/* What the server agreed to, beside what its client was promised. */
static __always_inline void write_bound(struct __sk_buff *skb, const struct packet *p, struct scratch_tc *s)
{
	const struct introduced *v = &s->introduced;
	const struct options *o = &s->options;
	struct bound *b = &s->bound;

	__builtin_memset(b, 0, sizeof(*b));
	b->isn = v->isn;
	b->cookie = v->cookie;
	b->server_isn = p->seq;
	b->tsval = v->tsval;
	b->scale = v->scale;
	b->our_scale = v->our_scale;
	b->server_scale = o->scale;
	b->agreed = v->agreed & AGREED_SACK;
	if (v->agreed & AGREED_TIMESTAMPS && o->timestamps) {
		b->agreed |= AGREED_TIMESTAMPS;
		b->ts_delta = v->tsecr - o->tsval;
	}
	if (is_local(skb))
		b->agreed |= AGREED_LOCAL;
	b->listener = v->listener;
	b->window = v->window;
	b->ifindex = v->ifindex;
	__builtin_memcpy(b->macs, v->macs, sizeof(b->macs));
	b->acked = p->ack;
	b->since = b->said = b->heard = FLOW_CLOCK(bpf_ktime_get_coarse_ns());
}

/* Its clients are not promised what it does not do: some drop segments without the
 * timestamps that were agreed. */
static __always_inline void note_lacks(struct engagement *e, const struct introduced *v,
				       const struct options *o)
{
	__u8 lacks = 0;

	if (v->agreed & AGREED_TIMESTAMPS && !o->timestamps)
		lacks |= SHAKE_TIMESTAMPS;
	if (v->agreed & AGREED_SACK && !o->sack)
		lacks |= SHAKE_SACK;
	if (v->scale != COOKIE_NO_SCALE && o->scale == COOKIE_NO_SCALE)
		lacks |= SHAKE_SCALING;
	if (lacks & ~e->lacks)
		e->lacks |= lacks;
}

static __always_inline int leave_out(struct __sk_buff *skb, enum crossing what, int action)
{
	crossed(skb, DIRECTION_OUT, what);
	return action;
}

/* The RST of a server that its client can take: it waits at cookie + 1. */
static __always_inline int refuse(struct __sk_buff *skb, struct packet *p, struct scratch_tc *s)
{
	struct draft d = {
		.to_client = 1,
		.seq = s->introduced.cookie + 1,
		.ack = s->introduced.isn + 1,
		.flags = TCP_RST | TCP_ACK,
	};
	bool partial = p->protocol == IPPROTO_TCP && is_partial(skb, p);

	write_stamps(s, false, 0, 0);
	if (lay_over_skb(skb, p, s, &d, 0, 0, partial))
		return leave_out(skb, CROSSED_FAILED, TC_ACT_SHOT);
	return leave_out(skb, CROSSED_REFUSED, TC_ACT_UNSPEC);
}

static __always_inline struct flow *flow_of_skb(const struct packet *p)
{
	struct shake *k = shake_secrets();

	return k ? flow_of(flow_print(k->flow_keys, &p->flow)) : NULL;
}

/* The server does not want this visit. What its client sends again gets a RST, too. */
static __always_inline void forget_introduced(const struct packet *p, const struct introduced *v)
{
	struct engagement *e = engagement_by_id(v->listener);
	struct flow *f = flow_of_skb(p);
	struct flow_key key = p->flow;

	if (e)
		engage_refused(e);
	if (f && f->state == FLOW_INTRODUCED) {
		f->action = ACT_RESET;
		f->state = FLOW_TURNED;
	}
	way_close(p);
	bpf_map_delete_elem(&introduced, &key);
	bpf_map_delete_elem(&first_data, &key);
}

/* The entry first, then what was kept: the XDP program keeps a segment, and then looks
 * for the entry. So one of the two sees the other's work. */
stage int bind(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct engagement *e;
	struct flow_key key;
	long err;

	if (!p || !s)
		return TC_ACT_SHOT;
	key = p->flow;
	write_bound(skb, p, s);
	err = bpf_map_update_elem(&bound, &key, &s->bound, BPF_NOEXIST);
	if (!err)
		room_add(1);
	else
		err = bpf_map_update_elem(&bound, &key, &s->bound, BPF_EXIST);
	if (err) {
		forget_introduced(p, &s->introduced);
		return refuse(skb, p, s);
	}
	__sync_fetch_and_add(&s->bound.since, 0); /* a full barrier */
	take_first_data(s, &key, s->bound.isn + 1);
	bpf_map_delete_elem(&introduced, &key);
	bpf_map_delete_elem(&ended, &key);
	e = engagement_by_id(s->bound.listener);
	if (e) {
		engage_seen(e, s->bound.listener, p->ipv6, s->options.mss, s->bound.since);
		note_lacks(e, &s->introduced, &s->options);
		__sync_fetch_and_add(&e->bound, 1);
	}
	if (!is_local(skb))
		way_open(p);
	return STEP_INJECT;
}

/* ---- SYN-ACKs of the kernel's own handshake -------------------------------- */

/* Whose listener has answered, if it is one of this host: guests' SYN-ACKs leave here, too. */
static __always_inline struct image_listener *listener_of(const struct packet *p)
{
	struct view v;
	__u32 entry;

	if (!view_of(&v, current_slot()))
		return NULL;
	entry = port_entry(v.image, p);
	if (!entry || !address_find(v.image, IMAGE_LOCAL4, p->flow.server, p->ipv6))
		return NULL;
	return find_listener(v.image, v.head, p, entry);
}

/* Was this SYN's first answer sent long ago? The kernel repeats it after a second, and then
 * up to four times more, so that a spoofed SYN would count for six. */
#define SYN_ACK_AGAIN 500000 /* us */

static __always_inline bool is_sent_again(struct __sk_buff *skb)
{
	struct tcp_request_sock *half;
	struct bpf_sock *sk = skb->sk;

	half = sk ? bpf_skc_to_tcp_request_sock(sk) : NULL;
	return half && half->snt_synack && bpf_ktime_get_ns() / 1000 - half->snt_synack > SYN_ACK_AGAIN;
}

/* The way back of its listener leads through here. */
static __always_inline void learn(struct __sk_buff *skb, struct packet *p, const struct scratch_tc *s)
{
	struct image_listener *l = listener_of(p);
	struct engagement *e = l ? engagement_by_id(l->id) : NULL;
	bool again;

	if (!e)
		return;
	engage_seen(e, l->id, p->ipv6, s->options.mss, FLOW_CLOCK(packet_tick(p)));
	if (is_local(skb)) {
		again = is_sent_again(skb);
	} else {
		way_open(p);
		again = !half_open_note(p);
	}
	if (!again)
		alarm_answered(l);
}

/* A SYN-ACK that answers no introduction of ours. */
static __always_inline int syn_ack_of_kernel(struct __sk_buff *skb, struct packet *p, struct scratch_tc *s,
					     const struct flow_key *key)
{
	struct flow *f;
	struct bound *b;
	bool living;

	if (port_shakes(p->flow.server_port)) {
		b = bound_find(key, &living);
		if (b && b->server_isn == p->seq) {
			/* Sent again: the server has not seen the client's ACK, or the host had
			 * no room for it. */
			if (!living)
				return leave_out(skb, CROSSED_DROPPED, TC_ACT_SHOT);
			s->bound = *b;
			s->introduced.tsecr = s->options.tsval + b->ts_delta;
			s->kept.length = 0;
			return STEP_INJECT;
		}
		if (b)
			bound_forget(key); /* the ports are another visit's now */
		f = flow_of_skb(p);
		/* Its introduction was forgotten by a full table, and comes again. */
		if (f && f->state == FLOW_INTRODUCED && f->first == p->ack)
			return leave_out(skb, CROSSED_DROPPED, TC_ACT_SHOT);
	}
	learn(skb, p, s);
	return leave_out(skb, CROSSED_PASSED, TC_ACT_UNSPEC);
}

stage int syn_ack(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct introduced *v;
	struct flow_key key;
	int len;

	if (!p || !s)
		return TC_ACT_UNSPEC;
	len = load_options(skb, p, s);
	if (len < 0)
		return leave_out(skb, CROSSED_PASSED, TC_ACT_UNSPEC);
	walk_options(s, len, p->ipv6, 0, 0);
	key = p->flow;
	v = bpf_map_lookup_elem(&introduced, &key);
	if (!v)
		return syn_ack_of_kernel(skb, p, s, &key);
	s->introduced = *v;
	/* To another SYN than that of this visit: an older one, from the same ports. */
	if (p->ack != s->introduced.isn + 1)
		return leave_out(skb, CROSSED_DROPPED, TC_ACT_SHOT);
	return STEP_BIND;
}

/* ---- other answers to an introduction ------------------------------------- */

/* These ports are still in use at the server (ESTABLISHED, TIME-WAIT), which says so
 * by a bare ACK: without the gate the client would answer that with a RST, and send its
 * SYN again. The RST has the number that the host has just asked for. */
#define RETRIES 3

stage int ask_again(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct introduced *v;
	struct draft reset = {.flags = TCP_RST}, syn = {.flags = TCP_SYN};
	bool partial;
	__be32 *to;
	__u32 n = 1;

	if (!p || !s)
		return TC_ACT_SHOT;
	v = &s->introduced;
	reset.seq = p->ack;
	partial = is_partial(skb, p);
	write_stamps(s, false, 0, 0);
	if (turn_inwards(skb, v->macs) || lay_over_skb(skb, p, s, &reset, 0, 0, partial) ||
	    bpf_clone_redirect(skb, v->ifindex, BPF_F_INGRESS))
		return leave_out(skb, CROSSED_FAILED, TC_ACT_SHOT);
	syn.seq = v->isn;
	syn.window = v->window;
	if (v->agreed & AGREED_ECN)
		syn.flags |= TCP_ECE | TCP_CWR;
	to = (__be32 *)(s->headers + REWRITE_L4 + sizeof(struct tcphdr));
	to[0] = bpf_htonl(OPTION_MSS << 24 | 4 << 16 | v->mss);
	if (v->agreed & AGREED_TIMESTAMPS) {
		to[1] = v->agreed & AGREED_SACK ? bpf_htonl(0x0402080a) : bpf_htonl(STAMPS_ONLY);
		to[2] = bpf_htonl(v->tsval);
		to[3] = 0;
		n = 4;
	} else if (v->agreed & AGREED_SACK) {
		to[n++] = bpf_htonl(0x01010402);
	}
	if (v->scale != COOKIE_NO_SCALE)
		to[n++ & 7] = bpf_htonl(0x01030300 | v->scale);
	syn.options = n * 4;
	if (lay_over_skb(skb, p, s, &syn, 0, 0, partial))
		return leave_out(skb, CROSSED_FAILED, TC_ACT_SHOT);
	crossed(skb, DIRECTION_OUT, CROSSED_RETRIED);
	return bpf_redirect(v->ifindex, BPF_F_INGRESS);
}

/* Not a SYN-ACK, and of no bound visit. */
stage int answered_otherwise(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct introduced *v;
	struct flow_key key;

	if (!p || !s)
		return TC_ACT_UNSPEC;
	key = p->flow;
	v = bpf_map_lookup_elem(&introduced, &key);
	if (!v)
		return leave_out(skb, CROSSED_PASSED, TC_ACT_UNSPEC);
	s->introduced = *v;
	if (p->tcp_flags & TCP_RST) {
		/* Of what was on these ports before: the RST that answered ask_again()'s. */
		if (v->tries && p->tcp_flags & TCP_ACK && p->ack != v->isn + 1)
			return leave_out(skb, CROSSED_DROPPED, TC_ACT_SHOT);
		forget_introduced(p, &s->introduced);
		return refuse(skb, p, s);
	}
	if (v->tries >= RETRIES)
		return leave_out(skb, CROSSED_DROPPED, TC_ACT_SHOT);
	v->reset = p->ack;
	v->tries++;
	return ask_again(skb, p);
}

/* A firewall's "unreachable" that quotes the SYN which we made up. Its client has a
 * connection, and would take no notice of it. */
stage int refused_by_icmp(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct introduced *v;
	struct quote q = {};
	struct flow_key key = {};

	if (!p || !s || !quote_read(skb, p, &q))
		return leave_out(skb, CROSSED_PASSED, TC_ACT_UNSPEC);
	/* quote_read() takes the quoted sender for the server. */
	__builtin_memcpy(key.client, q.key.server, 16);
	__builtin_memcpy(key.server, q.key.client, 16);
	key.client_port = q.key.server_port;
	key.server_port = q.key.client_port;
	v = port_shakes(key.server_port) ? bpf_map_lookup_elem(&introduced, &key) : NULL;
	if (!v || v->isn != bpf_ntohl(q.seq))
		return leave_out(skb, CROSSED_PASSED, TC_ACT_UNSPEC);
	s->introduced = *v;
	p->flow = key;
	forget_introduced(p, &s->introduced);
	return refuse(skb, p, s);
}

/* ---- the program at tc egress ----------------------------------------------- */

static __always_inline int answer_of_server(struct __sk_buff *skb, struct packet *p)
{
	int step = syn_ack(skb, p);

	if (step == STEP_BIND)
		step = bind(skb, p);
	if (step != STEP_INJECT)
		return step;
	crossed(skb, DIRECTION_OUT, CROSSED_BOUND);
	return inject(skb, p);
}

static __always_inline int bind_or_translate(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 reason;
	int result;

	if (skb->tc_index == SKB_INJECTED) {
		skb->tc_index = 0;
		return leave_out(skb, CROSSED_INJECTED, TC_ACT_UNSPEC);
	}
	reason = parse_skb(skb, &p, READER_EGRESS);
	if (reason == REASON_other_protocol && (p.protocol == IPPROTO_ICMP || p.protocol == IPPROTO_ICMPV6))
		return refused_by_icmp(skb, &p);
	if (reason || p.protocol != IPPROTO_TCP)
		return leave_out(skb, CROSSED_PASSED, TC_ACT_UNSPEC);
	if ((p.tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK))
		return answer_of_server(skb, &p);
	if (p.tcp_flags & TCP_SYN || !port_shakes(p.flow.server_port))
		return leave_out(skb, CROSSED_PASSED, TC_ACT_UNSPEC);
	result = translate_segment_out(skb, &p);
	if (!result)
		return answered_otherwise(skb, &p);
	if (result < 0)
		return leave_out(skb, CROSSED_FAILED, TC_ACT_SHOT);
	return leave_out(skb, CROSSED_TRANSLATED, TC_ACT_UNSPEC);
}

#endif
