/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Joining what was held of a visit with the segment that made its name
 * complete, into one longer segment for the kernel.
 */
#ifndef STRAYGATE_JOIN_H
#define STRAYGATE_JOIN_H

#include "bpf/checksum.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

/* Working memory of adopt. */
struct joining {
	struct adoption word; /* metadata dies with the first change of the packet */
	struct flow_key key;
	__u32 length;	   /* of headers[] */
	__u32 tcp;	   /* where in it the TCP header begins */
	__u8 headers[160]; /* from the end of the fixed IP header to the payload */
	struct held held;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct joining);
} joining SEC(".maps");

#define JOIN_HEADERS_MAX 120
#define JOIN_SUM	 512 /* bytes that bpf_csum_diff() takes at once */

static __always_inline __u64 joined_pseudo_sum(const struct joining *j, __u32 len)
{
	return pseudo_sum(&j->key, j->word.flags & ADOPTION_IPV6, IPPROTO_TCP, len);
}

/* A TCP header of 20 to 60 bytes. */
static __always_inline __u32 header_sum(struct joining *j)
{
	__u32 at = j->tcp & 63, len = j->word.payload & 63;

	if (len < 20)
		return 0;
	return fold16((__u32)bpf_csum_diff(NULL, 0, (__be32 *)(j->headers + at), len & 60, 0));
}

/* Of what was held, an odd last byte filled up with zero. */
static __always_inline __u32 held_sum(struct joining *j)
{
	__u32 length = j->held.length & HELD_BYTES, i, n;
	__u64 sum = 0;

	*(__u32 *)(j->held.bytes + length) = 0;
	for (i = 0; i < (HELD_BYTES + 1) / JOIN_SUM; i++) {
		if (i * JOIN_SUM >= length)
			break;
		n = length - i * JOIN_SUM;
		if (n > JOIN_SUM)
			n = JOIN_SUM;
		n = (n + 3) & ~3u;
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)(j->held.bytes + i * JOIN_SUM), n, 0);
	}
	return fold16(sum);
}

/* The segment's payload was summed by its sender: what its checksum leaves when
 * all else is taken away. Behind an odd number of held bytes it counts with its
 * bytes exchanged (RFC 1071 2 (B)). */
static __always_inline void new_header(struct joining *j, __u32 old_len)
{
	struct tcphdr *t = (struct tcphdr *)(j->headers + (j->tcp & 63));
	__u32 payload = 0xffff - fold16(joined_pseudo_sum(j, old_len) + header_sum(j));

	if (j->held.length & 1)
		payload = (payload >> 8 | payload << 8) & 0xffff;
	t->seq = bpf_htonl(j->held.first);
	t->check = 0;
	t->check = ~fold16(joined_pseudo_sum(j, old_len + j->held.length) + header_sum(j) + held_sum(j) +
			   payload);
}

/* The new length in the IP header; the length of the TCP segment as it was. */
static __always_inline __u32 lengthen_ip(struct __sk_buff *skb, const struct joining *j)
{
	__u32 l3 = j->word.l3, extra = j->held.length;
	__be16 old, new;

	if (j->word.flags & ADOPTION_IPV6) {
		if (bpf_skb_load_bytes(skb, l3 + 4, &old, 2))
			return 0;
		new = bpf_htons(bpf_ntohs(old) + extra);
		if (bpf_skb_store_bytes(skb, l3 + 4, &new, 2, BPF_F_RECOMPUTE_CSUM))
			return 0;
		return bpf_ntohs(old) - (j->word.l4 - l3 - 40);
	}
	if (bpf_skb_load_bytes(skb, l3 + 2, &old, 2))
		return 0;
	new = bpf_htons(bpf_ntohs(old) + extra);
	if (bpf_l3_csum_replace(skb, l3 + 10, old, new, 2) ||
	    bpf_skb_store_bytes(skb, l3 + 2, &new, 2, BPF_F_RECOMPUTE_CSUM))
		return 0;
	return bpf_ntohs(old) - (j->word.l4 - l3);
}

static __always_inline bool load_headers(struct __sk_buff *skb, struct joining *j)
{
	__u32 fixed = j->word.flags & ADOPTION_IPV6 ? 40 : 20;
	__u32 from = j->word.l3 + fixed;
	__u32 length = j->word.l4 + j->word.payload - from;

	j->tcp = j->word.l4 - from;
	if (length < 20 || length > JOIN_HEADERS_MAX || j->tcp > 60)
		return false;
	j->length = length;
	return !bpf_skb_load_bytes(skb, from, j->headers, length);
}

static __always_inline bool take_held(struct joining *j)
{
	struct tcphdr *t = (struct tcphdr *)(j->headers + (j->tcp & 63));
	struct held *kept = bpf_map_lookup_elem(&held, &j->key);

	if (!kept)
		return false;
	bpf_probe_read_kernel(&j->held, sizeof(j->held), kept);
	bpf_map_delete_elem(&held, &j->key);
	return j->held.length && j->held.length <= HELD_BYTES &&
	       j->held.first + j->held.length == bpf_ntohl(t->seq);
}

/* bpf_skb_adjust_room() makes room behind the fixed part of the IP header; what
 * stood there moves to its front again, and the held bytes follow it. */
static __noinline int join(struct __sk_buff *skb, struct joining *j)
{
	__u32 at, old_len, length;

	if (!j || !load_headers(skb, j) || !take_held(j))
		return -1;
	if (bpf_skb_adjust_room(skb, j->held.length, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO))
		return -1;
	old_len = lengthen_ip(skb, j);
	if (!old_len)
		return -1;
	new_header(j, old_len);
	at = j->word.l3 + (j->word.flags & ADOPTION_IPV6 ? 40 : 20);
	length = j->length;
	if (length < 20 || length > JOIN_HEADERS_MAX)
		return -1;
	if (bpf_skb_store_bytes(skb, at, j->headers, length, BPF_F_RECOMPUTE_CSUM))
		return -1;
	at += length;
	length = j->held.length & HELD_BYTES;
	if (!length)
		return -1;
	return bpf_skb_store_bytes(skb, at, j->held.bytes, length, BPF_F_RECOMPUTE_CSUM);
}

#endif
