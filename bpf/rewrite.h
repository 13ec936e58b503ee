/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a packet into another: a RST for the server, or an answer to the
 * client. The new packet from its IP header on is written in scratch memory,
 * without IP options or extension headers, and then laid over the old one; the
 * link layer with its VLAN tags stays.
 */
#ifndef STRAYGATE_REWRITE_H
#define STRAYGATE_REWRITE_H

#include "bpf/bpf.h"
#include "bpf/checksum.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

/* In scratch->bytes the transport header always stands here, the IP header
 * right before it. */
#define REWRITE_L4	40
#define REWRITE_PAYLOAD 1300
#define REWRITE_MAX	(REWRITE_L4 + 60 + REWRITE_PAYLOAD)
/* bpf_csum_diff() takes no more at once (up to Linux 6.13). */
#define REWRITE_SUM 512

/* A packet of ours. Addresses and ports are taken from the packet in hand:
 * as they are towards the server, turned round towards the client. */
struct draft {
	__u32 to_client;
	__u32 seq;
	__u32 ack;
	__u32 flags; /* TCP */
	__u32 window;
	__u32 options; /* bytes, a multiple of 4, already in place behind the header */
	__u32 length;  /* payload, already in place behind the options */
};

/* Of the transport header and what is behind it, which must lie in
 * bytes[REWRITE_L4..] and be followed by three bytes of zero. */
static __always_inline __u16 transport_sum(const struct packet *p, struct scratch *s, __u32 len)
{
	__u64 sum = pseudo_sum(&p->flow, p->ipv6, p->protocol, len);
	const __u8 *at = s->bytes + REWRITE_L4;

	len = (len + 3) & ~3u;
	opaque(len);
	if (len > 2 * REWRITE_SUM) {
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)at, REWRITE_SUM, 0);
		at += REWRITE_SUM;
		len -= REWRITE_SUM;
	}
	opaque(len);
	if (len > REWRITE_SUM) {
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)at, REWRITE_SUM, 0);
		at += REWRITE_SUM;
		len -= REWRITE_SUM;
	}
	opaque(len);
	if (len > REWRITE_SUM)
		return 0;
	sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)at, len, 0);
	return ~fold16(sum);
}

static __always_inline void write_ip(const struct packet *p, __u8 *bytes, __u32 to_client, __u32 protocol,
				     __u32 len)
{
	const __u8 *from = to_client ? p->flow.server : p->flow.client;
	const __u8 *to = to_client ? p->flow.client : p->flow.server;
	struct ipv6hdr *ip6 = (void *)bytes;
	struct iphdr *ip = (void *)(bytes + REWRITE_L4 - sizeof(*ip));

	if (p->ipv6) {
		*(__be32 *)ip6 = bpf_htonl(0x60000000);
		ip6->payload_len = bpf_htons(len);
		ip6->nexthdr = protocol;
		ip6->hop_limit = 64;
		__builtin_memcpy(&ip6->saddr, from, 16);
		__builtin_memcpy(&ip6->daddr, to, 16);
		return;
	}
	*(__be16 *)ip = bpf_htons(0x4500);
	ip->tot_len = bpf_htons(sizeof(*ip) + len);
	ip->id = 0;
	ip->frag_off = bpf_htons(0x4000); /* DF: RFC 6864 4.1 lets the id be anything */
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->check = 0;
	ip->saddr = *(const __be32 *)(from + 12);
	ip->daddr = *(const __be32 *)(to + 12);
	ip->check = ~fold16((__u32)bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof(*ip), 0));
}

/* Longer than it came: drivers say how much room is behind a frame only if they
 * know it, but before it there are 256 bytes (XDP_PACKET_HEADROOM). There the link
 * layer goes then; what is left behind it is written anew all the same. */
static __always_inline bool make_room(struct xdp_md *ctx, int grow)
{
	__u8 link[ETH_HLEN + 8];

	if (!bpf_xdp_adjust_tail(ctx, grow))
		return true;
	if (grow < 0 || bpf_xdp_adjust_head(ctx, -grow))
		return false;
	return !bpf_xdp_load_bytes(ctx, grow, link, sizeof(link)) &&
	       !bpf_xdp_store_bytes(ctx, 0, link, sizeof(link));
}

/* Makes the frame as long as a packet of ours with len bytes from the transport
 * header on, for who has something shorter to say if that cannot be. */
static __always_inline bool reserve(struct xdp_md *ctx, struct packet *p, __u32 len)
{
	__u32 total = p->l3 + (p->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + len;

	if (total <= p->frame_len)
		return true;
	if (!make_room(ctx, total - p->frame_len))
		return false;
	p->grown = total - p->frame_len;
	return true;
}

/* Lays the draft over the packet: len bytes from the transport header on. */
static __always_inline bool lay_over(struct xdp_md *ctx, const struct packet *p, struct scratch *s, __u32 len)
{
	__u32 header = p->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	__u32 total = header + len;
	int grow = (int)(p->l3 + total) - (int)(p->frame_len + p->grown);

	if (total < 28 || total > REWRITE_MAX)
		return false;
	if (grow && !make_room(ctx, grow))
		return false;
	if (p->ipv6)
		return !bpf_xdp_store_bytes(ctx, p->l3, s->bytes, total);
	return !bpf_xdp_store_bytes(ctx, p->l3, s->bytes + REWRITE_L4 - sizeof(struct iphdr), total);
}

/* The answer goes back where the question came from. */
static __always_inline bool turn_round(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	__u8 mac[ETH_ALEN];

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return false;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	return true;
}

/* Without its checksum. */
static __always_inline void write_tcp_header(const struct packet *p, __u8 *bytes, const struct draft *d)
{
	struct tcphdr *t = (void *)(bytes + REWRITE_L4);

	t->source = d->to_client ? p->flow.server_port : p->flow.client_port;
	t->dest = d->to_client ? p->flow.client_port : p->flow.server_port;
	t->seq = bpf_htonl(d->seq);
	t->ack_seq = bpf_htonl(d->ack);
	*((__be16 *)t + 6) = bpf_htons((sizeof(*t) + d->options) << 10 | d->flags);
	t->window = bpf_htons(d->window);
	t->check = 0;
	t->urg_ptr = 0;
}

/* The whole packet in scratch memory. Returns its length from the transport header
 * on; 0: it is too long. */
static __always_inline __u32 make_tcp(const struct packet *p, struct scratch *s, const struct draft *d)
{
	struct tcphdr *t = (void *)(s->bytes + REWRITE_L4);
	__u32 len = sizeof(*t) + d->options + d->length;

	if (d->options > 40 || d->length > REWRITE_PAYLOAD)
		return 0;
	/* Linux up to 6.12 does not carry the bounds over the sum. */
	opaque(len);
	len &= 2047;
	write_tcp_header(p, s->bytes, d);
	*(__u32 *)(s->bytes + REWRITE_L4 + len) = 0;
	t->check = transport_sum(p, s, len);
	write_ip(p, s->bytes, d->to_client, p->protocol, len);
	return len;
}

static __always_inline bool write_tcp(struct xdp_md *ctx, const struct packet *p, struct scratch *s,
				      const struct draft *d)
{
	__u32 len = make_tcp(p, s, d);

	if (!len || !lay_over(ctx, p, s, len))
		return false;
	return !d->to_client || turn_round(ctx);
}

/* To the client; the payload of len bytes is in place behind the header. */
static __always_inline bool write_udp(struct xdp_md *ctx, const struct packet *p, struct scratch *s,
				      __u32 len)
{
	struct udphdr *u = (void *)(s->bytes + REWRITE_L4);

	if (len > 400)
		return false;
	len += sizeof(*u);
	/* clang-19 tests a copy, of which Linux 6.1 learns nothing about this one. */
	opaque(len);
	len &= 511;
	*(__u32 *)(s->bytes + REWRITE_L4 + len) = 0;
	u->source = p->flow.server_port;
	u->dest = p->flow.client_port;
	u->len = bpf_htons(len);
	u->check = 0;
	u->check = transport_sum(p, s, len);
	if (!u->check)
		u->check = 0xffff; /* RFC 768: 0 means none */
	write_ip(p, s->bytes, 1, p->protocol, len);
	return lay_over(ctx, p, s, len) && turn_round(ctx);
}

#endif
