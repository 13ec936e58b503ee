/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which network of which client is this packet's? All that counts or remembers clients
 * by their network asks here.
 */
#ifndef STRAYGATE_NETWORK_H
#define STRAYGATE_NETWORK_H

#include "bpf/maps.h"
#include "bpf/packet.h"

/* Its first address, network order; IPv4 is v4-mapped. */
struct network {
	__u64 half[2];
	__u32 bits; /* length of its prefix, of 128 */
};

/* Does this packet count as a visit of its client? The visit's first data does, or, behind
 * a proxy, what completes the header that says who the client is; once, and not if it may
 * be spoofed, or strangers could spend what others want. */
static __always_inline bool is_visit(const struct packet *p)
{
	if (p->again || (p->resumed && p->proxied != PROXIED_CLIENT))
		return false;
	return p->protocol != IPPROTO_TCP || p->proved || p->shaken || p->explain;
}

/* Who asks, IPv4 v4-mapped: whoever the PROXY header names, or who sent the packet. */
static __always_inline bool client_address(const struct packet *p, __u64 half[2])
{
	const __u64 *of;
	struct scratch *s;

	if (p->proxied != PROXIED_CLIENT) {
		of = (const __u64 *)p->flow.client;
		half[0] = of[0];
		half[1] = of[1];
		return true;
	}
	s = scratch_memory();
	if (!s)
		return false;
	__builtin_memcpy(half, s->finder.client, sizeof(s->finder.client));
	return true;
}

/* The first `bits` of 64. */
static __always_inline __u64 network_mask(__u32 bits)
{
	return bits >= 64 ? ~0ULL : bpf_cpu_to_be64(~(~0ULL >> (bits & 63)));
}

/* bits4 of an IPv4 client (1 to 32), bits6 of an IPv6 one (1 to 128). False: nobody knows
 * who asks. */
static __always_inline bool network_of(const struct packet *p, __u32 bits4, __u32 bits6, struct network *n)
{
	bool ipv4;

	if (!client_address(p, n->half))
		return false;
	ipv4 = !n->half[0] && (__u32)n->half[1] == bpf_htonl(0xffff);
	n->bits = ipv4 ? 96 + bits4 : bits6;
	n->half[0] &= network_mask(n->bits);
	n->half[1] = n->bits > 64 ? n->half[1] & network_mask(n->bits - 64) : 0;
	return true;
}

#endif
