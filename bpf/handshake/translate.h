/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bound visit's client and server count from different numbers, since the gate
 * chose the server's first one (and its timestamps) before the server did. What
 * comes in is translated at tc ingress, one path for native and generic XDP and
 * behind GRO; what goes out at tc egress. Headers only, whatever was merged.
 *
 *	from the client	ack, SACK blocks: less delta	TSecr: less ts_delta
 *	from the server	seq: plus delta			TSval: plus ts_delta
 *
 * with delta = cookie - server_isn. Quoted by an ICMP error: as from the server.
 */
#ifndef STRAYGATE_TRANSLATE_H
#define STRAYGATE_TRANSLATE_H

#include "bpf/answer_both.h"
#include "bpf/bpf.h"
#include "bpf/handshake/room.h"
#include "bpf/handshake/skb_write.h"

/* Living or ended; *living says which. */
static __always_inline struct bound *bound_find(const struct flow_key *key, bool *living)
{
	struct bound *b = bpf_map_lookup_elem(&bound, key);

	*living = b;
	return b ? b : bpf_map_lookup_elem(&ended, key);
}

/* Did the server agree to no scaling, or to another one than our SYN-ACK promised? */
static __always_inline bool scales_differ(const struct bound *b)
{
	return b->scale != COOKIE_NO_SCALE && b->server_scale != b->our_scale;
}

/* The server's window in the units that its client was told. */
static __always_inline __u32 window_out(const struct bound *b, __u32 field)
{
	__u32 bytes = field << (b->server_scale < COOKIE_NO_SCALE ? b->server_scale : 0);
	__u32 units = bytes >> (b->our_scale & 15);

	/* Rounded down to nothing it would be closed. */
	if (bytes && !units)
		return 1;
	return units < 65535 ? units : 65535;
}

/* The client's in bytes, for a server that scales nothing. */
static __always_inline __u32 window_in(const struct bound *b, __u32 field)
{
	__u32 bytes = field << (b->scale & 15);

	return bytes < 65535 ? bytes : 65535;
}

static __always_inline long store_window(struct __sk_buff *skb, const struct packet *p, __u32 window,
					 __u64 *diff)
{
	__be16 new = bpf_htons(window);

	sum_replace32(diff, bpf_htons(p->window), new);
	return bpf_skb_store_bytes(skb, p->l4 + TCP_AT(window), &new, sizeof(new), 0);
}

/* ---- `down --now` ----------------------------------------------------- */

static __always_inline bool is_cut(void)
{
	struct room *r = room_of();

	return r && r->cut;
}

/* The packet in hand becomes a RST for the side that it goes to, at the number that this
 * side expects. */
stage int cut_short(struct __sk_buff *skb, struct packet *p, __u32 to_client, __u32 seq)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct draft d = {.to_client = to_client, .seq = seq, .flags = TCP_RST};

	if (!p || !s)
		return -1;
	if (to_client) {
		d.flags |= TCP_ACK;
		d.ack = p->ack;
	}
	write_stamps(s, false, 0, 0);
	return lay_over_skb(skb, p, s, &d, 0, 0, is_partial(skb, p)) ? -1 : 1;
}

/* The client's packet becomes a RST for either side. What goes back to the client passes
 * egress, so it has the server's numbers. */
static __always_inline int cut_both(struct __sk_buff *skb, struct packet *p, __u32 delta)
{
	struct packet back = *p;

	back.ack = p->seq;
	if (p->l3 && !swap_macs(skb) && cut_short(skb, &back, 1, p->ack - delta) == 1)
		bpf_clone_redirect(skb, skb->ifindex, 0);
	if (p->l3 && swap_macs(skb))
		return -1;
	return cut_short(skb, p, 0, p->seq);
}

/* ---- from the client -------------------------------------------------- */

/* What this packet says of the visit's end. `ended` visits only become older. */
static __always_inline void note_in(const struct packet *p, struct bound *b, const struct flow_key *key,
				    bool living, __u32 ack)
{
	__u32 behind = p->seq + p->payload_len + 1;

	b->heard = FLOW_CLOCK(bpf_ktime_get_coarse_ns());
	if (!living)
		return;
	if (p->tcp_flags & TCP_FIN && (__s32)(behind - b->acked) > 0) {
		b->client_fin = behind;
		b->client_ended = 1;
	}
	if (b->server_ended && !b->server_acked && p->tcp_flags & TCP_ACK &&
	    (__s32)(ack - b->server_fin) >= 0)
		b->server_acked = 1;
	/* The host takes a RST at exactly the number that it expects (RFC 5961 3.2).
	 * The rest of what ends a visit is the host's own to say: note_out(). */
	if (p->tcp_flags & TCP_RST && p->seq == b->acked)
		bound_end(key, b);
	else if (b->server_acked && b->client_ended && (__s32)(b->acked - b->client_fin) >= 0)
		bound_end(key, b);
}

/* Options other than timestamps alone: SACK blocks above all. */
static __always_inline long options_in(struct __sk_buff *skb, struct packet *p, struct scratch_tc *s,
				       __u32 len, __u32 delta, __u32 ts_delta, __u64 *diff)
{
	walk_options(s, len, p->ipv6, delta, ts_delta);
	*diff += (__u32)bpf_csum_diff((__be32 *)s->old, OPTIONS_MAX, (__be32 *)s->new, OPTIONS_MAX, 0);
	opaque(len);
	if (len > 40)
		return -1;
	opaque(len);
	if (len < 4)
		return -1;
	return bpf_skb_store_bytes(skb, p->l4 + sizeof(struct tcphdr), s->new, len, 0);
}

/* Nothing is taken off a bare RST, whose acknowledgement means nothing. */
stage int translate_segment_in(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	struct flow_key key;
	struct bound *b;
	__u32 delta, ack, window;
	__u64 diff = 0;
	bool living;
	int len;

	if (!p || !s)
		return -1;
	key = p->flow;
	b = bound_find(&key, &living);
	if (!b)
		return 0;
	delta = b->cookie - b->server_isn;
	if (is_cut())
		return cut_both(skb, p, delta);
	ack = p->ack - delta;
	window = window_in(b, p->window);
	len = load_options(skb, p, s);
	if (len < 0)
		return -1;
	if (p->tcp_flags & TCP_ACK) {
		sum_replace32(&diff, bpf_htonl(p->ack), bpf_htonl(ack));
		if (len == 12 && *(__be32 *)s->old == bpf_htonl(STAMPS_ONLY)) {
			__be32 old = *(__be32 *)(s->old + 8), ecr = bpf_htonl(bpf_ntohl(old) - b->ts_delta);

			sum_replace32(&diff, old, ecr);
			if (store32(skb, p->l4 + sizeof(struct tcphdr) + 8, ecr))
				return -1;
		} else if (len && options_in(skb, p, s, len, delta, b->ts_delta, &diff)) {
			return -1;
		}
		if (scales_differ(b) && b->server_scale == COOKIE_NO_SCALE &&
		    store_window(skb, p, window, &diff))
			return -1;
		if (sum_write(skb, p, diff) || store32(skb, p->l4 + TCP_AT(ack_seq), bpf_htonl(ack)))
			return -1;
	}
	note_in(p, b, &key, living, ack);
	return 1;
}

/* ---- ICMP errors ------------------------------------------------------ */

/* The quoted segment is the server's, as its client would have seen it; routers quote
 * eight bytes of TCP at least: ports and sequence number (RFC 792, RFC 4443 2.4). */
struct quote {
	struct flow_key key;
	__u32 at;    /* of the quoted TCP header */
	__u32 check; /* of the ICMP checksum */
	__be32 seq;
};

#define ICMP_HEADER 8

/* ICMP: unreachable (and too long), time exceeded, parameter problem. ICMPv6: types
 * below 128 are errors. */
static __always_inline bool is_error(__u32 ipv6, __u8 type)
{
	return ipv6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

static __always_inline bool quote_read(struct __sk_buff *skb, const struct packet *p, struct quote *q)
{
	__u8 type, head[40];
	__be32 tcp[2];
	__u32 inner = p->l4 + ICMP_HEADER;

	if (bpf_skb_load_bytes(skb, p->l4, &type, 1) || !is_error(p->ipv6, type))
		return false;
	q->check = p->l4 + 2;
	if (p->ipv6) {
		if (bpf_skb_load_bytes(skb, inner, head, 40) || head[6] != IPPROTO_TCP)
			return false;
		__builtin_memcpy(q->key.server, head + 8, 16);
		__builtin_memcpy(q->key.client, head + 24, 16);
		q->at = inner + 40;
	} else {
		if (bpf_skb_load_bytes(skb, inner, head, 20) || head[9] != IPPROTO_TCP)
			return false;
		map_address(q->key.server, *(__be32 *)(head + 12));
		map_address(q->key.client, *(__be32 *)(head + 16));
		q->at = inner + (head[0] & 15) * 4;
	}
	if (bpf_skb_load_bytes(skb, q->at, tcp, sizeof(tcp)))
		return false;
	q->key.server_port = *(__be16 *)tcp;
	q->key.client_port = *((__be16 *)tcp + 1);
	q->seq = tcp[1];
	return true;
}

/* A router's complaint, path MTU above all: without this a black hole. */
stage int translate_error_in(struct __sk_buff *skb, struct packet *p)
{
	struct quote q = {};
	struct bound *b;
	__be32 seq;
	bool living;

	if (!p || !quote_read(skb, p, &q) || !port_shakes(q.key.server_port))
		return 0;
	b = bound_find(&q.key, &living);
	if (!b)
		return 0;
	seq = bpf_htonl(bpf_ntohl(q.seq) - (b->cookie - b->server_isn));
	if (bpf_l4_csum_replace(skb, q.check, q.seq, seq, sizeof(seq)) || store32(skb, q.at + 4, seq))
		return -1;
	return 1;
}

/* ---- from the server -------------------------------------------------- */

static __always_inline void note_out(const struct packet *p, struct bound *b, const struct flow_key *key,
				     bool living)
{
	b->said = FLOW_CLOCK(bpf_ktime_get_coarse_ns());
	if (p->tcp_flags & TCP_ACK)
		b->acked = p->ack;
	if (!living)
		return;
	if (p->tcp_flags & TCP_FIN) {
		b->server_fin = p->seq + p->payload_len + 1;
		b->server_ended = 1;
	}
	if (p->tcp_flags & TCP_RST)
		bound_end(key, b);
	else if (b->server_acked && b->client_ended && (__s32)(b->acked - b->client_fin) >= 0)
		bound_end(key, b);
}

/* Where the TSval stands, and what it is; 0: nowhere. All of today's stacks write two
 * NOPs before it. */
static __always_inline __u32 find_tsval(struct __sk_buff *skb, const struct packet *p, struct scratch_tc *s,
					__be32 *value)
{
	__u32 base = p->l4 + sizeof(struct tcphdr), i;
	__be32 first[2];
	int len;

	if (p->payload - p->l4 < (int)sizeof(struct tcphdr) + 12)
		return 0;
	if (bpf_skb_load_bytes(skb, base, first, sizeof(first)))
		return 0;
	if (first[0] == bpf_htonl(STAMPS_ONLY)) {
		*value = first[1];
		return base + 4;
	}
	len = load_options(skb, p, s);
	for (i = 0; i < 30; i++) {
		if ((int)i + 10 > len)
			return 0;
		if (s->old[i] == OPTION_TIMESTAMPS && s->old[i + 1] == 10 &&
		    (!i || s->old[i - 1] <= OPTION_NOP)) {
			*value = bpf_htonl(option_get(s, i + 2));
			return base + i + 2;
		}
	}
	return 0;
}

stage int translate_segment_out(struct __sk_buff *skb, struct packet *p)
{
	struct scratch_tc *s = scratch_tc_memory();
	__be32 seq, old = 0, val;
	struct flow_key key;
	struct bound *b;
	__u64 diff = 0, change = 0;
	__u32 at;
	bool living;

	if (!p || !s)
		return -1;
	key = p->flow;
	b = bound_find(&key, &living);
	if (!b)
		return 0;
	seq = bpf_htonl(p->seq + b->cookie - b->server_isn);
	if (is_cut()) {
		bound_end(&key, b);
		return cut_short(skb, p, 1, bpf_ntohl(seq));
	}
	sum_replace32(&diff, bpf_htonl(p->seq), seq);
	if (b->agreed & AGREED_TIMESTAMPS) {
		at = find_tsval(skb, p, s, &old);
		val = bpf_htonl(bpf_ntohl(old) + b->ts_delta);
		if (at) {
			sum_replace32(&change, old, val);
			change = fold16(change);
			/* At an odd place the bytes of a word count the other way round. */
			if ((at - p->l4) & 1)
				change = (change >> 8 | change << 8) & 0xffff;
			diff += change;
			if (store32(skb, at, val))
				return -1;
		}
	}
	if (scales_differ(b) && store_window(skb, p, window_out(b, p->window), &diff))
		return -1;
	if (sum_write(skb, p, diff) || store32(skb, p->l4 + TCP_AT(seq), seq))
		return -1;
	note_out(p, b, &key, living);
	return 1;
}

/* ---- the program at tc ingress ---------------------------------------- */

static __always_inline int leave_in(struct __sk_buff *skb, int result)
{
	if (result < 0) {
		crossed(skb, DIRECTION_IN, CROSSED_FAILED);
		return TC_ACT_SHOT;
	}
	crossed(skb, DIRECTION_IN, result ? CROSSED_TRANSLATED : CROSSED_PASSED);
	return TC_ACT_UNSPEC; /* the next filter's */
}

static __always_inline int translate_in(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 reason;

	if (skb->tc_index == SKB_INJECTED) {
		skb->tc_index = 0;
		crossed(skb, DIRECTION_IN, CROSSED_INJECTED);
		return TC_ACT_UNSPEC;
	}
	reason = parse_skb(skb, &p, READER_INGRESS);
	if (reason == REASON_other_protocol && (p.protocol == IPPROTO_ICMP || p.protocol == IPPROTO_ICMPV6))
		return leave_in(skb, translate_error_in(skb, &p));
	if (reason || p.protocol != IPPROTO_TCP || p.tcp_flags & TCP_SYN)
		return leave_in(skb, 0);
	if (both_possible(&p)) {
		crossed(skb, DIRECTION_IN, CROSSED_PASSED);
		return answer_beside(skb, &p);
	}
	if (!port_shakes(p.flow.server_port))
		return leave_in(skb, 0);
	return leave_in(skb, translate_segment_in(skb, &p));
}

#endif
