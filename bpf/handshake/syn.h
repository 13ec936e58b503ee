/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The handshake: SYNs are answered with a cookie, and later packets prove by
 * it that they belong to a visit of ours. Nothing is stored.
 */
#ifndef STRAYGATE_SHAKE_H
#define STRAYGATE_SHAKE_H

#include "bpf/handshake/engage.h"
#include "bpf/tcp_options.h"
#include "bpf/rewrite.h"
#include "bpf/socket.h"

/* What the kernel would not adopt: net/core/filter.c, bpf_sk_assign_tcp_reqsk(). */
#define SHAKE_MSS4 536
#define SHAKE_MSS6 1220

static __always_inline struct shake *shake_secrets(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shake, &zero);
}

static __always_inline struct engagement *engagement_of(const struct packet *p)
{
	__u32 id = p->listener;

	return bpf_map_lookup_elem(&engagements, &id);
}

/* A share of the visits, drawn anew each second: a client whose SYN got lost
 * with us has a chance to come through with the kernel. */
static __always_inline bool drawn(struct packet *p, const struct engagement *e)
{
	const __u64 *client = (const __u64 *)p->flow.client;
	__u64 h = client[0] ^ client[1] ^ (__u64)p->flow.client_port << 17 ^ packet_tick(p) >> 30;

	h *= 0x9e3779b97f4a7c15ULL;
	return (h >> 48) < e->width;
}

/* Are new visits of this listener ours now? */
static __always_inline bool engaged(struct packet *p)
{
	struct engagement *e;

	if (p->depth == DEPTH_OFF || p->observe)
		return false;
	e = engagement_of(p);
	if (!e || !e->enabled)
		return false;
	if (e->until && packet_tick(p) < e->until)
		return false;
	if (engage_rests(e, p, FLOW_CLOCK(packet_tick(p))))
		return false;
	return e->width >= ENGAGED_FULLY || drawn(p, e);
}

/* In frames to our own MAC alone (promiscuous devices see others'), on a device
 * whose way back is the way in. */
static __always_inline struct device *shaking_device(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct device *d;
	__u32 zero = 0;

	d = bpf_map_lookup_elem(&device, &zero);
	if (!d || !(d->flags & DEVICE_SHAKES))
		return NULL;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return NULL;
	if (*(__u32 *)eth->h_dest != *(__u32 *)d->mac ||
	    *(__u16 *)(eth->h_dest + 4) != *(__u16 *)(d->mac + 4))
		return NULL;
	return d;
}

/* A socket listens there that the kernel adopts for. A closed port behaves as
 * before, and so does a connection that is still there, or in TIME-WAIT. */
static __always_inline bool listens(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_sock *sk = socket_lookup(ctx, p);
	struct engagement *e;
	struct tcp_sock *t;
	bool yes = false;

	if (!sk)
		return false;
	t = bpf_skc_to_tcp_sock(sk);
	if (sk->state == SOCKET_LISTEN && t) {
		yes = !bpf_core_field_exists(t->is_mptcp) || !t->is_mptcp;
		e = engagement_of(p);
		if (e && !yes)
			e->shallow = SHALLOW_MPTCP;
		else if (e && e->shallow == SHALLOW_MPTCP)
			e->shallow = SHALLOW_NONE;
	}
	bpf_sk_release(sk);
	return yes;
}

/* What the client offered and this host's TCP takes. */
static __always_inline void agree(const struct packet *p, struct options *o, const struct shake *k)
{
	if (!(k->flags & SHAKE_TIMESTAMPS))
		o->timestamps = 0;
	if (!(k->flags & SHAKE_SCALING))
		o->scale = COOKIE_NO_SCALE;
	if (!(k->flags & SHAKE_SACK))
		o->sack = 0;
	/* RFC 3168 6.1.1: both flags. Accurate ECN (a third) is not ours. */
	o->ecn = (p->tcp_flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) && (k->flags & SHAKE_ECN);
}

/* Options of our SYN-ACK, none that did not come, so never more bytes than came. */
static __always_inline __u32 put_options(struct scratch *s, __u32 mss, __u32 scale, __u32 tsval)
{
	__be32 *to = (__be32 *)(s->bytes + REWRITE_L4 + sizeof(struct tcphdr));
	const struct options *o = &s->options;
	__u32 n = 0;

	if (o->said_mss)
		to[n++] = bpf_htonl(OPTION_MSS << 24 | 4 << 16 | mss);
	if (o->timestamps) {
		to[n & 15] = o->sack ? bpf_htonl(0x0402080a) : bpf_htonl(STAMPS_ONLY);
		to[(n + 1) & 15] = bpf_htonl(tsval);
		to[(n + 2) & 15] = bpf_htonl(o->tsval);
		n += 3;
	} else if (o->sack) {
		to[n++ & 15] = bpf_htonl(0x01010402);
	}
	if (o->scale != COOKIE_NO_SCALE)
		to[n++ & 15] = bpf_htonl(0x01030300 | scale);
	return n * 4;
}

/* A SYN for a listener: ours to answer, or CONTINUE for the kernel. What the
 * SYN-ACK holds waits in scratch->syn_ack. */
stage int syn(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct shake *k = shake_secrets();
	struct device *d;
	__u32 tsval;

	if (!p || !s || !k)
		return CONTINUE;
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN || !engaged(p))
		return CONTINUE;
	d = shaking_device(ctx);
	if (!d || read_options(ctx, p))
		return CONTINUE;
	if (s->options.mss < (p->ipv6 ? SHAKE_MSS6 : SHAKE_MSS4) || !listens(ctx, p))
		return CONTINUE;
	agree(p, &s->options, k);
	s->syn_ack.seq = cookie_make(k, &p->flow, p->seq, packet_tick(p), &s->options, p->ipv6, &tsval);
	s->syn_ack.tsval = tsval;
	s->syn_ack.mss = d->mtu - (p->ipv6 ? 60 : 40);
	return REASON_syn_answered;
}

/* Writes what syn() decided. */
static __always_inline bool answer_syn(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct shake *k = shake_secrets();
	struct draft d = {
		.to_client = 1,
		.seq = s->syn_ack.seq,
		.ack = p->seq + 1,
		.flags = TCP_SYN | TCP_ACK | (s->options.ecn ? TCP_ECE : 0),
	};

	if (!k)
		return false;
	d.window = k->window;
	d.options = put_options(s, s->syn_ack.mss, k->scale, s->syn_ack.tsval);
	return write_tcp(ctx, p, s, &d);
}

/* Does the segment in hand prove a handshake with us, if the client's first
 * byte had this sequence number? scratch->options then says what was agreed. */
stage int proves(struct xdp_md *ctx, struct packet *p, __u32 first)
{
	struct scratch *s = scratch_memory();
	struct shake *k = shake_secrets();

	if (!p || !s || !k)
		return 0;
	if (p->depth == DEPTH_OFF || !(p->tcp_flags & TCP_ACK) || read_options(ctx, p))
		return 0;
	return cookie_check(k, &p->flow, first - 1, p->ack - 1, packet_tick(p), &s->options, p->ipv6);
}

#endif
