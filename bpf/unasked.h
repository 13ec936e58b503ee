/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unasked DNS answers: datagrams from port 53 with QR=1 that no resolver sent
 * and no socket waits for. Judged only where the policy names its resolvers.
 */
#ifndef STRAYGATE_UNASKED_H
#define STRAYGATE_UNASKED_H

#include "source.h"

/* A port that the kernel gives out to those who ask without naming one: nsd's
 * questions to its primary come from there, and from no connected socket. */
static __always_inline bool is_ephemeral(const struct packet *p)
{
	__u32 zero = 0, port = bpf_ntohs(p->flow.server_port);
	struct shake *k = bpf_map_lookup_elem(&shake, &zero);

	return k && port >= k->port_first && port <= k->port_last;
}

/* A socket that is connected to this very server has asked it, and one on an
 * ephemeral port has asked somebody. One that is bound to another port alone is
 * a server's and would take an answer from anybody, so it gets only those of the
 * resolvers; a closed port gets none. */
static __always_inline bool socket_asked(struct xdp_md *ctx, const struct packet *p)
{
	struct bpf_sock_tuple t = {};
	struct bpf_sock *sk;
	bool asked;

	if (!p->ipv6) {
		t.ipv4.saddr = *(__be32 *)(p->flow.client + 12);
		t.ipv4.daddr = *(__be32 *)(p->flow.server + 12);
		t.ipv4.sport = p->flow.client_port;
		t.ipv4.dport = p->flow.server_port;
		sk = bpf_sk_lookup_udp(ctx, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0);
	} else {
		__builtin_memcpy(t.ipv6.saddr, p->flow.client, 16);
		__builtin_memcpy(t.ipv6.daddr, p->flow.server, 16);
		t.ipv6.sport = p->flow.client_port;
		t.ipv6.dport = p->flow.server_port;
		sk = bpf_sk_lookup_udp(ctx, &t, sizeof(t.ipv6), BPF_F_CURRENT_NETNS, 0);
	}
	if (!sk)
		return false;
	asked = sk->dst_port != 0 || is_ephemeral(p);
	bpf_sk_release(sk);
	return asked;
}

static __always_inline bool is_dns_answer(struct xdp_md *ctx, const struct packet *p)
{
	__u8 header[4];

	if (p->protocol != IPPROTO_UDP || p->flow.client_port != bpf_htons(53) || p->payload_len < 12)
		return false;
	if (bpf_xdp_load_bytes(ctx, p->payload, header, sizeof(header)))
		return false;
	return header[2] & 0x80; /* QR, RFC 1035 4.1.1 */
}

stage int unasked(struct xdp_md *ctx, struct packet *p)
{
	struct image_head *head;
	struct image_rule *r;
	__u32 leaf, index;
	void *image;

	if (!p)
		return REASON_table_missing;
	image = image_in(p->slot);
	if (!image)
		return REASON_table_missing;
	head = image_cell(image, IMAGE_HEAD);
	if (!head || !(head->flags & IMAGE_HAS_RESOLVERS) || !is_dns_answer(ctx, p))
		return CONTINUE;
	if (!address_find(image, IMAGE_LOCAL4, p->flow.server, p->ipv6))
		return CONTINUE;
	leaf = address_find(image, IMAGE_RESOLVER4, p->flow.client, p->ipv6);
	index = leaf_rule(image, head, leaf, p);
	r = image_rule(image, head, index);
	if (index && r) {
		p->source_rule = r->id;
		return REASON_dns_awaited;
	}
	if (p->explain)
		return REASON_dns_unasked;
	return socket_asked(ctx, p) ? REASON_dns_awaited : REASON_dns_unasked;
}

#endif
