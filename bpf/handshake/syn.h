/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake: SYNs are answered with a cookie, and later packets prove by
 * it that they belong to a visit of ours. Nothing is stored.
 */
#ifndef STRAYGATE_SHAKE_H
#define STRAYGATE_SHAKE_H

#include "bpf/bpf.h"
#include "bpf/handshake/cookie.h"
#include "bpf/handshake/engage.h"
#include "bpf/handshake/ports.h"
#include "bpf/handshake/room.h"
#include "bpf/handshake/ways.h"
#include "bpf/tcp_options.h"
#include "bpf/rewrite.h"
#include "bpf/listener.h"
#include "bpf/socket.h"

/* The least MSS that a cookie without timestamps can tell. */
#define SHAKE_MSS4 536
#define SHAKE_MSS6 1220

static __always_inline struct shake *shake_secrets(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shake, &zero);
}

/* Are new visits of this listener ours now? */
static __always_inline struct engagement *engaged(const struct packet *p)
{
	struct engagement *e;

	if (p->depth == DEPTH_OFF || p->observe)
		return NULL;
	e = engagement_of(p);
	return e && engage_is_open(e, p->ipv6) ? e : NULL;
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

/* A socket listens there, or a container's SYN-ACKs were seen. A closed port behaves
 * as before, and so does a connection that is still there, or in TIME-WAIT. */
static __always_inline bool listens(struct xdp_md *ctx, struct packet *p)
{
	struct bpf_sock *sk = socket_lookup(ctx, p);
	bool yes;

	if (!sk)
		return way_is_open(p);
	yes = sk->state == SOCKET_LISTEN;
	bpf_sk_release(sk);
	return yes;
}

/* RFC 1122 3.2.1.3, RFC 4291 2: only a host's own address asks. */
static __always_inline bool is_unicast(const struct packet *p)
{
	const __u8 *a = p->flow.client;
	const __u64 *half = (const __u64 *)a;

	if (p->ipv6)
		return a[0] != 0xff && (half[0] || (half[1] != 0 && half[1] != bpf_cpu_to_be64(1)));
	return a[12] && a[12] != 127 && a[12] < 224;
}

/* What the client offered and this host's TCP takes. */
static __always_inline void agree(const struct packet *p, struct options *o, __u32 flags)
{
	if (!(flags & SHAKE_TIMESTAMPS))
		o->timestamps = 0;
	if (!(flags & SHAKE_SCALING))
		o->scale = COOKIE_NO_SCALE;
	if (!(flags & SHAKE_SACK))
		o->sack = 0;
	/* RFC 3168 6.1.1: both flags. Accurate ECN (a third) is not ours. */
	o->ecn = (p->tcp_flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) && (flags & SHAKE_ECN);
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

/* Never more than the host would say: what its device can take, and what it has
 * been seen to say (a route's advmss, a socket's TCP_MAXSEG, a firewall's clamp). */
static __always_inline __u32 syn_ack_mss(const struct device *d, const struct engagement *e, __u32 ipv6)
{
	__u32 mss = d->mtu - (ipv6 ? 60 : 40), said = e->mss[ipv6 & 1];

	return said && said < mss ? said : mss;
}

/* tc looks at this port from now on, and cookies are about for two ticks. */
static __always_inline void note_cookie(const struct packet *p, __u64 now)
{
	__u32 zero = 0, port = bpf_ntohs(p->flow.server_port);
	struct shaken_ports *s = bpf_map_lookup_elem(&shaken_ports, &zero);
	__u64 bit = 1ULL << (port & 63), tick = now >> COOKIE_TICK_SHIFT;

	if (!s)
		return;
	if (!(*port_word(s, port) & bit))
		__sync_fetch_and_or(port_word(s, port), bit);
	if (s->cookie_tick != tick)
		s->cookie_tick = tick;
}

/* May a visit to this port have a cookie of ours that still proves? */
static __always_inline bool cookies_about(struct packet *p)
{
	__u32 zero = 0, port = bpf_ntohs(p->flow.server_port);
	struct shaken_ports *s = bpf_map_lookup_elem(&shaken_ports, &zero);

	if (!s || !(*port_word(s, port) >> (port & 63) & 1))
		return false;
	return (packet_tick(p) >> COOKIE_TICK_SHIFT) - s->cookie_tick <= 2;
}

/* In generic mode: a SYN that egress sent once more on behalf of a visit. */
static __always_inline bool is_injected(const struct device *d, const struct packet *p)
{
	struct flow_key key = p->flow;
	struct introduced *v;

	if (!(d->flags & DEVICE_GENERIC))
		return false;
	v = bpf_map_lookup_elem(&introduced, &key);
	return v && v->tries && v->isn == p->seq;
}

/* A SYN for a listener: ours to answer, or CONTINUE for the kernel. What the
 * SYN-ACK holds waits in scratch->syn_ack. */
stage int syn(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct shake *k = shake_secrets();
	struct room *r = room_of();
	struct engagement *e;
	struct device *d;
	bool is_short;
	__u32 tsval;

	if (!p || !s || !k || !r)
		return CONTINUE;
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
		return CONTINUE;
	e = engaged(p);
	d = e ? shaking_device(ctx) : NULL;
	if (!d || !is_unicast(p) || same_address(p->flow.client, p->flow.server) || is_injected(d, p) ||
	    read_options(ctx, p))
		return CONTINUE;
	if (s->options.mss < (p->ipv6 ? SHAKE_MSS6 : SHAKE_MSS4) || s->options.foreign || !listens(ctx, p))
		return CONTINUE;
	is_short = room_is_short(r);
	room_tell(r, is_short);
	if (is_short)
		return REASON_room_full;
	agree(p, &s->options, k->flags & ~(__u32)e->lacks);
	s->syn_ack.seq = cookie_make(k, &p->flow, p->seq, packet_tick(p), &s->options, p->ipv6, &tsval);
	s->syn_ack.tsval = tsval;
	s->syn_ack.mss = syn_ack_mss(d, e, p->ipv6);
	note_cookie(p, packet_tick(p));
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
	if (!(p->tcp_flags & TCP_ACK) || !cookies_about(p) || read_options(ctx, p))
		return 0;
	if (!cookie_check(k, &p->flow, first - 1, p->ack - 1, packet_tick(p), &s->options, p->ipv6))
		return 0;
	p->ours = 1;
	p->proved = 1;
	return 1;
}

#endif
