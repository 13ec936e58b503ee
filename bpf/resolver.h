/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unasked DNS answers: datagrams from port 53 with QR=1 that no resolver sent
 * and no socket waits for. Judged only where the policy names its resolvers.
 */
#ifndef STRAYGATE_UNASKED_H
#define STRAYGATE_UNASKED_H

#include "bpf/bpf.h"
#include "bpf/socket.h"
#include "bpf/source.h"

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
	__u32 size = socket_tuple(&t, &p->flow, p->ipv6);
	struct bpf_sock *sk = bpf_sk_lookup_udp(ctx, &t, size, BPF_F_CURRENT_NETNS, 0);
	bool asked;

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
	struct image_rule *r;
	__u32 leaf, index;
	struct view v;

	if (!p || !view_open(&v, p))
		return REASON_table_missing;
	if (!(v.head->flags & IMAGE_HAS_RESOLVERS) || !is_dns_answer(ctx, p))
		return CONTINUE;
	if (!address_find(v.image, IMAGE_LOCAL4, p->flow.server, p->ipv6))
		return CONTINUE;
	leaf = address_find(v.image, IMAGE_RESOLVER4, p->flow.client, p->ipv6);
	index = leaf_rule(&v, leaf, p);
	r = image_rule(v.image, v.head, index);
	if (index && r) {
		p->source_rule = r->id;
		return REASON_dns_awaited;
	}
	if (p->explain)
		return REASON_dns_unasked;
	return socket_asked(ctx, p) ? REASON_dns_awaited : REASON_dns_unasked;
}

#endif
