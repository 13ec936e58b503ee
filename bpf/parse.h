/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 1, parse: Ethernet, up to two VLAN tags, IPv4 with options, IPv6 with
 * extension headers, TCP, UDP. What it cannot read passes under its own reason.
 *
 * The programs at tc read with the same functions. What they see may have been
 * merged from many packets (GRO, TSO, BIG TCP), and first fragments matter there.
 */
#ifndef STRAYGATE_PARSE_H
#define STRAYGATE_PARSE_H

#include "bpf/bpf.h"
#include "bpf/packet.h"

#define ETHERTYPE_IPV4	0x0800
#define ETHERTYPE_IPV6	0x86dd
#define ETHERTYPE_VLAN	0x8100
#define ETHERTYPE_QINQ	0x88a8 /* IEEE 802.1ad */
#define ETHERTYPE_QINQ1 0x9100 /* what came before it, still in use */
#define VLANS_MAX	2
/* More than any host sends: RFC 8200 4.1 knows six, each once. */
#define EXTENSIONS_MAX 6

struct vlan {
	__be16 tci;
	__be16 type;
};

struct extension {
	__u8 next;
	__u8 length;   /* in 8 bytes, without the first 8; AH: in 4 bytes, less 2 */
	__be16 offset; /* of a fragment header */
};

/* Who reads, known when this is compiled: at egress the server is the sender. */
enum reader { READER_XDP, READER_INGRESS, READER_EGRESS };

/* Where the next header stands. Packet pointers die with each change of the
 * packet, so only the parse stage keeps them. */
struct cursor {
	void *at;
	void *start;
	void *end;
};

static __always_inline __u32 parse_tcp(struct cursor *c, struct packet *p, __u32 l4_len, enum reader who)
{
	struct tcphdr *t = c->at;
	__u32 header;

	if ((void *)(t + 1) > c->end)
		return REASON_malformed;
	header = t->doff * 4;
	if (header < sizeof(*t) || header > l4_len)
		return REASON_malformed;
	p->flow.client_port = who == READER_EGRESS ? t->dest : t->source;
	p->flow.server_port = who == READER_EGRESS ? t->source : t->dest;
	p->window = bpf_ntohs(t->window);
	p->seq = bpf_ntohl(t->seq);
	p->ack = bpf_ntohl(t->ack_seq);
	p->tcp_flags = ((__u8 *)t)[13];
	p->payload = p->l4 + header;
	p->payload_len = l4_len - header;
	return CONTINUE;
}

static __always_inline __u32 parse_udp(struct cursor *c, struct packet *p, __u32 l4_len)
{
	struct udphdr *u = c->at;
	__u32 len;

	if ((void *)(u + 1) > c->end)
		return REASON_malformed;
	len = bpf_ntohs(u->len);
	if (len < sizeof(*u) || len > l4_len)
		return REASON_malformed;
	p->flow.client_port = u->source;
	p->flow.server_port = u->dest;
	p->payload = p->l4 + sizeof(*u);
	p->payload_len = len - sizeof(*u);
	return CONTINUE;
}

static __always_inline __u32 parse_l4(struct cursor *c, struct packet *p, __u32 l4_len, enum reader who)
{
	/* The IP header may not claim more than the frame has. */
	if (p->l4 + l4_len > p->frame_len)
		return REASON_malformed;
	if (p->protocol == IPPROTO_TCP)
		return parse_tcp(c, p, l4_len, who);
	if (p->protocol == IPPROTO_UDP && who == READER_XDP)
		return parse_udp(c, p, l4_len);
	return REASON_other_protocol;
}

static __always_inline void map_address(__u8 *to, __be32 addr)
{
	*(__u64 *)to = 0;
	*(__be32 *)(to + 8) = bpf_htonl(0xffff);
	*(__be32 *)(to + 12) = addr;
}

static __always_inline __u32 parse_ipv4(struct cursor *c, struct packet *p, enum reader who)
{
	struct iphdr *ip = c->at;
	__u32 header, total;

	if ((void *)(ip + 1) > c->end)
		return REASON_malformed;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	/* BIG TCP: the length does not fit its field (net/ipv4/ip_output.c). */
	if (who != READER_XDP && !total)
		total = p->frame_len - p->l3;
	if (ip->version != 4 || header < sizeof(*ip) || total < header)
		return REASON_malformed;
	map_address(who == READER_EGRESS ? p->flow.server : p->flow.client, ip->saddr);
	map_address(who == READER_EGRESS ? p->flow.client : p->flow.server, ip->daddr);
	p->protocol = ip->protocol;
	/* Later fragments have no ports. A first one that is followed by more
	 * does, but its payload ends in the middle: the stack joins them, and
	 * browsers and resolvers send none. At tc its header is translated. */
	p->fragment = !!(ip->frag_off & bpf_htons(0x2000));
	if (ip->frag_off & bpf_htons(who == READER_XDP ? 0x3fff : 0x1fff))
		return REASON_fragment;
	p->l4 = p->l3 + header;
	c->at += header;
	return parse_l4(c, p, total - header, who);
}

static __always_inline __u32 parse_ipv6(struct cursor *c, struct packet *p, enum reader who)
{
	struct ipv6hdr *ip = c->at;
	struct extension *e;
	__u32 total, used = 0, len, i;
	__u8 next;

	if ((void *)(ip + 1) > c->end)
		return REASON_malformed;
	if (ip->version != 6)
		return REASON_malformed;
	__builtin_memcpy(who == READER_EGRESS ? p->flow.server : p->flow.client, &ip->saddr, 16);
	__builtin_memcpy(who == READER_EGRESS ? p->flow.client : p->flow.server, &ip->daddr, 16);
	total = bpf_ntohs(ip->payload_len);
	/* RFC 2675, and what Linux makes of it within a host (BIG TCP). */
	if (who != READER_XDP && !total)
		total = p->frame_len - p->l3 - sizeof(*ip);
	next = ip->nexthdr;
	c->at = ip + 1;

	for (i = 0; i < EXTENSIONS_MAX; i++) {
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH)
			break;
		/* RFC 8200 4.1: right behind the IPv6 header, or the host refuses it. */
		if (next == IPPROTO_HOPOPTS && i)
			return REASON_malformed;
		e = c->at;
		if ((void *)(e + 2) > c->end)
			return REASON_malformed;
		len = (e->length + 1) * 8;
		if (next == IPPROTO_AH)
			len = (e->length + 2) * 4;
		if (next == IPPROTO_FRAGMENT) {
			/* RFC 6946: an "atomic" fragment is a whole packet. */
			p->fragment = !!(e->offset & bpf_htons(1));
			if (e->offset & bpf_htons(who == READER_XDP ? 0xfff9 : 0xfff8))
				return REASON_fragment;
			len = 8;
		}
		next = e->next;
		used += len;
		c->at += len;
	}
	if (used > total)
		return REASON_malformed;
	p->protocol = next;
	p->l4 = p->l3 + sizeof(*ip) + used;
	return parse_l4(c, p, total - used, who);
}

static __always_inline __u32 parse_ip(struct cursor *c, struct packet *p, __u16 type, enum reader who)
{
	p->l3 = c->at - c->start;
	if (type == ETHERTYPE_IPV4)
		return parse_ipv4(c, p, who);
	if (type != ETHERTYPE_IPV6)
		return REASON_not_ip;
	p->ipv6 = 1;
	return parse_ipv6(c, p, who);
}

/* p->frame_len is known. */
static __always_inline __u32 parse_frame(void *data, void *data_end, struct packet *p, enum reader who)
{
	struct cursor c = {.at = data, .start = data, .end = data_end};
	struct ethhdr *eth = c.at;
	struct vlan *tag;
	__u32 i;
	__u16 type;

	if ((void *)(eth + 1) > c.end)
		return REASON_malformed;
	type = bpf_ntohs(eth->h_proto);
	c.at = eth + 1;
	for (i = 0; i < VLANS_MAX; i++) {
		if (type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ && type != ETHERTYPE_QINQ1)
			break;
		tag = c.at;
		if ((void *)(tag + 1) > c.end)
			return REASON_malformed;
		type = bpf_ntohs(tag->type);
		c.at = tag + 1;
	}
	return parse_ip(&c, p, type, who);
}

static __always_inline __u32 parse(struct xdp_md *ctx, struct packet *p)
{
	p->frame_len = bpf_xdp_get_buff_len(ctx);
	return parse_frame((void *)(long)ctx->data, (void *)(long)ctx->data_end, p, READER_XDP);
}

#endif
