/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs at tc share: reading a packet's headers, counting what became
 * of it, and sums over what is changed.
 */
#ifndef STRAYGATE_SKB_H
#define STRAYGATE_SKB_H

#include "bpf/bpf.h"
#include "bpf/tcp_options.h"
#include "bpf/checksum.h"
#include "bpf/maps.h"
#include "bpf/parse.h"
#include "bpf/handshake/ports.h"

/* On packets that egress made and sent into ingress, and ingress into egress; others use the field, too, so
 * ingress clears it. (A redirect leaves it alone, and clears the mark.) */
#define SKB_INJECTED 0x5367

/* Enough for Ethernet with two tags, IPv6 with a hop-by-hop header, TCP. */
#define SKB_HEADERS 160

static __always_inline struct scratch_tc *scratch_tc_memory(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch_tc, &zero);
}

static __always_inline void crossed(const struct __sk_buff *skb, __u32 direction, enum crossing what)
{
	__u32 index = direction * CROSSINGS + what;
	struct counter *c = bpf_map_lookup_elem(&crossings, &index);

	if (!c)
		return;
	c->packets++;
	c->bytes += skb->len;
}

/* Of a socket of this host: not forwarded. A SYN-ACK with the kernel's own cookie is
 * of no socket (tcp_make_synack(), TCP_SYNACK_COOKIE), but came from no device. */
static __always_inline bool is_local(const struct __sk_buff *skb)
{
	return !skb->ingress_ifindex;
}

/* Did the gate ever shake hands on this port (network order)? */
static __always_inline bool port_shakes(__be16 port)
{
	__u32 zero = 0, at = bpf_ntohs(port);
	struct shaken_ports *s = bpf_map_lookup_elem(&shaken_ports, &zero);

	return s && *port_word(s, at) >> (at & 63) & 1;
}

/* A generic XDP program with frags makes the kernel copy a packet, and forget how long
 * its Ethernet header is (mac_len, not copied by skb_copy_header()): then what we get at
 * ingress begins with the IP header. */
static __always_inline bool lacks_ethernet(struct __sk_buff *skb)
{
	__u64 network, here;

	if (bpf_skb_load_bytes_relative(skb, 0, &network, sizeof(network), BPF_HDR_START_NET) ||
	    bpf_skb_load_bytes(skb, 0, &here, sizeof(here)))
		return false;
	return network == here;
}

static __always_inline __u32 parse_at(struct __sk_buff *skb, struct packet *p, enum reader who)
{
	struct cursor c = {
		.at = (void *)(long)skb->data,
		.start = (void *)(long)skb->data,
		.end = (void *)(long)skb->data_end,
	};
	struct ethhdr *eth = c.at;

	p->frame_len = skb->len;
	if ((void *)(eth + 1) > c.end)
		return REASON_malformed;
	if (who == READER_INGRESS && eth->h_proto != (__be16)skb->protocol && lacks_ethernet(skb))
		return parse_ip(&c, p, bpf_ntohs(skb->protocol), who);
	return parse_frame(c.start, c.end, p, who);
}

/* The headers may lie in fragments of the buffer, behind what can be read at once. */
static __always_inline __u32 parse_skb(struct __sk_buff *skb, struct packet *p, enum reader who)
{
	__u32 reason = parse_at(skb, p, who);

	if (reason != REASON_malformed ||
	    (void *)(long)skb->data + SKB_HEADERS <= (void *)(long)skb->data_end)
		return reason;
	if (bpf_skb_pull_data(skb, skb->len < SKB_HEADERS ? skb->len : SKB_HEADERS))
		return reason;
	__builtin_memset(p, 0, sizeof(*p));
	return parse_at(skb, p, who);
}

/* What `old` for `new` does to a sum. */
static __always_inline void sum_replace32(__u64 *sum, __be32 old, __be32 new)
{
	*sum += (__u32)~old;
	*sum += new;
}

/* The TCP checksum, by a difference. Right for CHECKSUM_PARTIAL and behind TSO as
 * well (net/core/filter.c, bpf_l4_csum_replace()). */
static __always_inline long sum_write(struct __sk_buff *skb, const struct packet *p, __u64 diff)
{
	return bpf_l4_csum_replace(skb, p->l4 + offsetof(struct tcphdr, check), 0, fold16(diff), 0);
}

static __always_inline long store32(struct __sk_buff *skb, __u32 at, __be32 value)
{
	return bpf_skb_store_bytes(skb, at, &value, sizeof(value), 0);
}

#define TCP_AT(field) offsetof(struct tcphdr, field)

/* Options of the segment in hand to scratch->old and ->new, zero filled; how many
 * bytes, or less than 0. */
static __always_inline int load_options(struct __sk_buff *skb, const struct packet *p, struct scratch_tc *s)
{
	__u32 len = p->payload - p->l4 - sizeof(struct tcphdr);

	__builtin_memset(s->old, 0, sizeof(s->old));
	if (!len)
		return 0;
	opaque(len);
	if (len > 40)
		return -1;
	opaque(len);
	if (len < 4 || bpf_skb_load_bytes(skb, p->l4 + sizeof(struct tcphdr), s->old, len))
		return -1;
	return len;
}

static __always_inline __u32 option_get(const struct scratch_tc *s, __u32 at)
{
	return (__u32)s->old[at & 63] << 24 | (__u32)s->old[(at + 1) & 63] << 16 |
	       (__u32)s->old[(at + 2) & 63] << 8 | s->old[(at + 3) & 63];
}

static __always_inline void option_put(struct scratch_tc *s, __u32 at, __u32 value)
{
	s->new[at & 63] = value >> 24;
	s->new[(at + 1) & 63] = value >> 16;
	s->new[(at + 2) & 63] = value >> 8;
	s->new[(at + 3) & 63] = value;
}

#define OPTION_SACK_BLOCKS 5 /* RFC 2018 3 */

/* One option: read into scratch->options, and translated from old to new. */
static __always_inline void option_translate(struct scratch_tc *s, __u32 kind, __u32 length, __u32 at)
{
	struct options *o = &s->options;
	__u32 i;

	if (kind == OPTION_MSS && length == 4)
		o->mss = option_get(s, at + 2) >> 16;
	if (kind == OPTION_SCALE && length == 3)
		o->scale = s->old[(at + 2) & 63] > 14 ? 14 : s->old[(at + 2) & 63];
	if (kind == OPTION_SACK && length == 2)
		o->sack = 1;
	if (kind == OPTION_TIMESTAMPS && length == 10) {
		o->timestamps = 1;
		o->tsval = option_get(s, at + 2);
		o->tsecr = option_get(s, at + 6);
		option_put(s, at + 6, o->tsecr - s->ts_delta);
	}
	if (kind == OPTION_SACK_BLOCKS)
		for (i = 0; i < 8; i++)
			if (6 + 4 * i <= length)
				option_put(s, at + 2 + 4 * i, option_get(s, at + 2 + 4 * i) - s->ack_delta);
}

static long option_walk(__u32 i __attribute__((unused)), struct scratch_tc **context)
{
	struct scratch_tc *s = *context;
	__u32 at = s->at, kind, length;

	if (at >= s->end)
		return 1;
	kind = s->old[at & 63];
	if (kind == OPTION_END)
		return 1;
	if (kind == OPTION_NOP) {
		s->at = at + 1;
		return 0;
	}
	length = s->old[(at + 1) & 63];
	if (length < 2 || at + length > s->end)
		return 1;
	option_translate(s, kind, length, at);
	s->at = at + length;
	return 0;
}

/* Reads what load_options() got; SACK blocks and TSecr have these taken off. */
static __always_inline void walk_options(struct scratch_tc *s, __u32 len, __u32 ipv6, __u32 ack_delta,
					 __u32 ts_delta)
{
	__builtin_memcpy(s->new, s->old, sizeof(s->new));
	s->options = (struct options){.mss = ipv6 ? 1220 : 536, .scale = COOKIE_NO_SCALE};
	s->at = 0;
	s->end = len;
	s->ack_delta = ack_delta;
	s->ts_delta = ts_delta;
	bpf_loop(OPTIONS_MAX, option_walk, &s, 0);
}

#endif
