/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delayed binding, its first half: a visit that shook hands with the gate, and is
 * served, is introduced to the host by its client's own SYN. Netfilter, conntrack,
 * NAT, containers and a full accept queue see an ordinary SYN and do what they do
 * with one. Its first data waits for the server's SYN-ACK, which bind.h takes.
 */
#ifndef STRAYGATE_INTRODUCE_H
#define STRAYGATE_INTRODUCE_H

#include "bpf/bpf.h"
#include "bpf/handshake/hold.h"
#include "bpf/handshake/syn.h"
#include "bpf/rewrite.h"

/* Functions of their own, or each caller has a key on its stack. */
static __noinline struct introduced *introduced_of(const struct packet *p)
{
	struct flow_key key = p->flow;

	return bpf_map_lookup_elem(&introduced, &key);
}

static __noinline struct bound *bound_of(const struct packet *p)
{
	struct flow_key key = p->flow;

	return bpf_map_lookup_elem(&bound, &key);
}

static __noinline struct bound *ended_of(const struct packet *p)
{
	struct flow_key key = p->flow;

	return bpf_map_lookup_elem(&ended, &key);
}

/* What is known of a visit whose first data is in hand, or was held. */
static __always_inline void write_introduced(struct packet *p, struct scratch *s, const struct shake *k,
					     __u32 first)
{
	const struct options *o = &s->agreed;
	__u16 least = p->ipv6 ? SHAKE_MSS6 : SHAKE_MSS4;
	struct introduced *v = &s->introduced;

	v->isn = first - 1;
	v->cookie = p->ack - 1;
	v->tsval = o->tsval;
	v->tsecr = o->tsecr;
	/* The echo may have been changed by a client that knows no better. */
	v->mss = o->mss > least ? o->mss : least;
	v->window = p->window;
	v->scale = o->scale;
	v->our_scale = k->scale;
	v->agreed = (o->sack ? AGREED_SACK : 0) | (o->timestamps ? AGREED_TIMESTAMPS : 0) |
		    (o->ecn ? AGREED_ECN : 0);
	v->listener = p->listener;
	v->since = FLOW_CLOCK(packet_tick(p));
}

static __always_inline bool write_macs(struct xdp_md *ctx, struct introduced *v)
{
	void *data = (void *)(long)ctx->data;
	struct device *d;
	__u32 zero = 0;

	if (data + sizeof(v->macs) > (void *)(long)ctx->data_end)
		return false;
	__builtin_memcpy(v->macs, data, sizeof(v->macs));
	/* The bond's, not the slave's that this packet came by: the server's answer may
	 * leave by another one, and the filters at tc are on the bond. */
	d = bpf_map_lookup_elem(&device, &zero);
	v->ifindex = d && d->ifindex ? d->ifindex : ctx->ingress_ifindex;
	return true;
}

/* The SYN that the client sent to us, as far as it matters: its number, and what was
 * agreed. The window of a SYN is never scaled (RFC 7323 2.2). */
stage int write_syn(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct introduced *v;
	struct options o = {};
	struct draft d = {.flags = TCP_SYN};
	__u32 window;

	if (!p || !s)
		return -1;
	v = &s->introduced;
	o.said_mss = 1;
	o.scale = v->scale;
	o.sack = v->agreed & AGREED_SACK;
	o.timestamps = v->agreed & AGREED_TIMESTAMPS;
	s->options = o;
	window = (__u32)v->window << (v->scale < COOKIE_NO_SCALE ? v->scale : 0);
	d.seq = v->isn;
	d.window = window < 65535 ? window : 65535;
	if (v->agreed & AGREED_ECN)
		d.flags |= TCP_ECE | TCP_CWR; /* RFC 3168 6.1.1 */
	d.options = put_options(s, v->mss, v->scale, v->tsval);
	return write_tcp(ctx, p, s, &d) ? 0 : -1;
}

/* The visit in hand to its server: the packet becomes the SYN. 0: it may pass. */
stage int introduce(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct shake *k = shake_secrets();
	struct engagement *e;
	struct flow_key key;
	struct bound *b;
	bool kept;

	if (!p || !s || !k || !write_macs(ctx, &s->introduced))
		return -1;
	key = p->flow;
	kept = !(p->tcp_flags & TCP_URG) && keep_first(ctx, p, s);
	/* What was held may go up although the segment in hand does not fit. */
	if (!kept && p->resumed != RESUMED_HELD)
		s->held.kept.first = p->seq;
	write_introduced(p, s, k, s->held.kept.first);
	/* Its client proves that it has left the visit which had these ports. */
	b = bpf_map_lookup_elem(&bound, &key);
	if (b)
		bound_forget(&key);
	else if (room_is_full())
		return -1;
	if (bpf_map_update_elem(&introduced, &key, &s->introduced, BPF_ANY))
		return -1;
	if ((kept || p->resumed == RESUMED_HELD) && !(p->tcp_flags & TCP_URG))
		bpf_map_update_elem(&first_data, &key, &s->held.kept, BPF_ANY);
	else
		bpf_map_delete_elem(&first_data, &key);
	if (p->resumed == RESUMED_HELD || p->again)
		bpf_map_delete_elem(&held, &key);
	e = engagement_of(p);
	if (e)
		__sync_fetch_and_add(&e->introduced, 1);
	return write_syn(ctx, p);
}

/* Its first data once more: the server has not answered. */
static __always_inline int introduce_again(struct xdp_md *ctx, struct packet *p, struct scratch *s)
{
	struct introduced *v = introduced_of(p);
	struct engagement *e;

	if (!v)
		return -1;
	s->introduced = *v;
	e = engagement_by_id(v->listener);
	if (e)
		engage_unanswered(e, v->listener);
	return write_syn(ctx, p);
}

#endif
