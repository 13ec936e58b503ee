/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unasked DNS answers: datagrams from port 53 with QR=1 that no resolver sent
 * and no socket waits for. Judged only where the policy names its resolvers.
 */
#ifndef STRAYGATE_UNASKED_H
#define STRAYGATE_UNASKED_H

#include "bpf/canary.h"
#include "bpf/bpf.h"
#include "bpf/questions.h"
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

/* Where tc does not see our questions, or they leave by another device, the socket
 * has to tell: one that is connected to this very server has asked it, and one on an
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
	return was_asked(p) || socket_asked(ctx, p) ? REASON_dns_awaited : REASON_dns_unasked;
}

/* ---- answers in fragments -------------------------------------------- */

/* Whose piece this is; *first: of the first one the offset of the UDP header, else 0.
 * False: it is none of UDP, or not what resolvers send. */
static __always_inline bool read_piece(struct xdp_md *ctx, struct packet *p, struct piece_key *key,
				       __u32 *first)
{
	struct {
		struct ipv6hdr ip;
		__u8 next, reserved;
		__be16 offset;
		__u32 id;
	} six;
	struct iphdr four;

	if (p->ipv6) {
		if (bpf_xdp_load_bytes(ctx, p->l3, &six, sizeof(six)) || six.ip.nexthdr != IPPROTO_FRAGMENT)
			return false;
		p->protocol = six.next;
		key->id = six.id;
		*first = six.offset & bpf_htons(0xfff8) ? 0 : p->l3 + sizeof(six);
	} else {
		if (bpf_xdp_load_bytes(ctx, p->l3, &four, sizeof(four)))
			return false;
		key->id = four.id;
		*first = four.frag_off & bpf_htons(0x1fff) ? 0 : p->l3 + four.ihl * 4;
	}
	__builtin_memcpy(key->client, p->flow.client, 16);
	__builtin_memcpy(key->server, p->flow.server, 16);
	return p->protocol == IPPROTO_UDP;
}

/* As parse_udp(), of what the first fragment has of the datagram. */
static __always_inline bool read_first(struct xdp_md *ctx, struct packet *p, __u32 at)
{
	struct udphdr u;

	if (bpf_xdp_load_bytes(ctx, at, &u, sizeof(u)))
		return false;
	p->flow.client_port = u.source;
	p->flow.server_port = u.dest;
	p->l4 = at;
	p->payload = at + sizeof(u);
	p->payload_len = p->frame_len - p->payload;
	return true;
}

/* A large answer comes in fragments, of which the first alone says what it is. It is
 * judged, and the others follow it. Those that overtake it pass: the host does not
 * join them without the first. */
stage int fragment(struct xdp_md *ctx, struct packet *p)
{
	struct piece_key key = {};
	__u32 reason, first = 0;
	__u64 now, *since;
	struct view v;

	if (!p)
		return REASON_table_missing;
	p->slot = current_slot();
	if (!view_open(&v, p) || !(v.head->flags & IMAGE_HAS_RESOLVERS) || !read_piece(ctx, p, &key, &first))
		return REASON_fragment;
	now = packet_tick(p);
	if (!first) {
		since = bpf_map_lookup_elem(&pieces, &key);
		if (!since || now - *since > PIECES_PATIENCE)
			return REASON_fragment;
		p->observe = posture_observes(p, v.head);
		return REASON_dns_unasked;
	}
	if (!read_first(ctx, p, first))
		return REASON_fragment;
	reason = unasked(ctx, p);
	if (!reason)
		return REASON_fragment;
	p->observe = posture_observes(p, v.head);
	if (reason == REASON_dns_unasked && !p->explain)
		bpf_map_update_elem(&pieces, &key, &now, BPF_ANY);
	return reason;
}

#endif
