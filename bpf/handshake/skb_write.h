/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets in the making at tc: headers of ours, and bytes that were kept, laid over
 * the packet in hand.
 */
#ifndef STRAYGATE_SKB_WRITE_H
#define STRAYGATE_SKB_WRITE_H

#include "bpf/bpf.h"
#include "bpf/handshake/skb.h"
#include "bpf/rewrite.h"

/* A segment with this much of what was kept; the device's MTU is the limit of what an
 * skb may become at egress, and IPv6 has 1,280 at least. */
#define BIND_PIECE  1200
#define BIND_PIECES 4
_Static_assert(BIND_PIECE *BIND_PIECES >= HELD_BYTES, "all that is kept can be sent");
_Static_assert(!(BIND_PIECE & 3), "pieces are summed in words");

#define SUM_MAX 512 /* bytes that bpf_csum_diff() takes at once, up to Linux 6.12 */

/* Of `len` bytes, behind which there are zeros up to a whole word. */
static __always_inline __u64 piece_sum(const struct scratch_tc *s, __u32 at, __u32 len)
{
	__u32 i, n;
	__u64 sum = 0;

	for (i = 0; i < BIND_PIECE; i += SUM_MAX) {
		if (i >= len)
			break;
		n = len - i < SUM_MAX ? len - i : SUM_MAX;
		n = (n + 3) & 0x3fc;
		opaque(n);
		if (n > SUM_MAX)
			n = SUM_MAX;
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)(s->kept.bytes + ((at + i) & HELD_BYTES & ~3)),
					    n, 0);
	}
	return sum;
}

/* Timestamps behind the TCP header in the making, zeros otherwise. */
static __always_inline __u32 write_stamps(struct scratch_tc *s, bool agreed, __u32 tsval, __u32 tsecr)
{
	__be32 *to = (__be32 *)(s->headers + REWRITE_L4 + sizeof(struct tcphdr));

	to[0] = to[1] = to[2] = to[3] = to[4] = to[5] = 0;
	if (!agreed)
		return 0;
	to[0] = bpf_htonl(STAMPS_ONLY);
	to[1] = bpf_htonl(tsval);
	to[2] = bpf_htonl(tsecr);
	return 12;
}

/* Lays headers over the packet in hand, whose own begin at the same places, and `len`
 * bytes of what was kept from `at` on. With CHECKSUM_PARTIAL, which is how the host's
 * packets come, the sum of the pseudo header alone is written. */
static __always_inline long lay_over_skb(struct __sk_buff *skb, const struct packet *p, struct scratch_tc *s,
					 struct draft *d, __u32 at, __u32 len, bool partial)
{
	__u32 ip = p->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct tcphdr *t = (void *)(s->headers + REWRITE_L4);
	__u32 headers = ip + sizeof(*t) + d->options;
	__u64 sum;

	if (p->l4 - p->l3 != (int)ip)
		return -1;
	write_tcp_header(p, s->headers, d);
	write_ip(p, s->headers, d->to_client, IPPROTO_TCP, sizeof(*t) + d->options + len);
	sum = pseudo_sum(&p->flow, p->ipv6, IPPROTO_TCP, sizeof(*t) + d->options + len);
	if (partial)
		t->check = fold16(sum);
	else
		t->check = ~fold16(sum + (__u32)bpf_csum_diff(NULL, 0, (__be32 *)t, sizeof(*t) + 24, 0) +
				   piece_sum(s, at, len));
	if (bpf_skb_change_tail(skb, p->l3 + headers + len, 0))
		return -1;
	opaque(headers);
	headers &= 127;
	if (headers < 40 || headers > 84)
		return -1;
	if (bpf_skb_store_bytes(skb, p->l3, s->headers + (p->ipv6 ? 0 : REWRITE_L4 - 20), headers, 0))
		return -1;
	if (!len)
		return 0;
	at &= HELD_BYTES;
	if (len < 2)
		return bpf_skb_store_bytes(skb, p->l3 + headers, s->kept.bytes + at, 1, 0);
	len -= 2;
	opaque(len);
	return bpf_skb_store_bytes(skb, p->l3 + headers, s->kept.bytes + at, (len & 2047) + 2, 0);
}

/* Ethernet addresses, the sender's for the receiver's. */
static __always_inline long swap_macs(struct __sk_buff *skb)
{
	__u8 there[12], back[12];

	if (bpf_skb_load_bytes(skb, 0, there, sizeof(there)))
		return -1;
	__builtin_memcpy(back, there + 6, 6);
	__builtin_memcpy(back + 6, there, 6);
	return bpf_skb_store_bytes(skb, 0, back, sizeof(back), 0);
}

/* Does the packet in hand leave its checksum to the device? */
static __always_inline bool is_partial(struct __sk_buff *skb, const struct packet *p)
{
	__be16 check;

	if (bpf_skb_load_bytes(skb, p->l4 + TCP_AT(check), &check, sizeof(check)))
		return false;
	return check ==
	       fold16(pseudo_sum(&p->flow, p->ipv6, IPPROTO_TCP, p->payload - p->l4 + p->payload_len));
}

#endif
