/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QUIC, whose names are encrypted: what its listener's line says. `fallback`
 * answers an Initial with a Version Negotiation packet that offers no version
 * the client speaks, so that a browser takes TCP at once, where names can be read.
 */
#ifndef STRAYGATE_QUIC_H
#define STRAYGATE_QUIC_H

#include "bpf/limit.h"
#include "bpf/rewrite.h"

#define QUIC_LONG	 0x80
#define QUIC_ID_MAX	 20   /* RFC 9000 17.2, as of version 1 */
#define QUIC_INITIAL_MIN 1200 /* RFC 9000 14.1: a shorter one is none */
#define QUIC_HEADER	 (1 + 4 + 1 + QUIC_ID_MAX + 1 + QUIC_ID_MAX)
#define QUIC_RESERVED	 0x1a2a3a4a /* RFC 9000 15: never a version */

/* RFC 8999 5.1: first byte, version, then both connection ids with their lengths. */
static __always_inline bool quic_is_initial(struct xdp_md *ctx, const struct packet *p)
{
	__u8 h[6];

	if (p->payload_len < QUIC_INITIAL_MIN || bpf_xdp_load_bytes(ctx, p->payload, h, sizeof(h)))
		return false;
	return h[0] & QUIC_LONG && (h[1] | h[2] | h[3] | h[4]) && h[5] <= QUIC_ID_MAX;
}

stage int quic(struct xdp_md *ctx, struct packet *p)
{
	struct image_rule *r;
	struct view v;

	if (!p || !view_open(&v, p))
		return REASON_table_missing;
	r = image_rule(v.image, v.head, p->listener_rule);
	if (!r)
		return REASON_table_missing;
	p->name_rule = r->id;
	p->initial = (p->alarm || r->action == ACT_FALLBACK || v.head->flags & IMAGE_LEARNS) &&
		     quic_is_initial(ctx, p);
	switch (r->action) {
	case ACT_DROP:
		return REASON_quic_dropped;
	case ACT_LIMIT:
		return within_limit(p, r) ? REASON_quic_passed : REASON_quic_dropped;
	case ACT_FALLBACK:
		if (p->initial)
			return REASON_quic_fallback;
	}
	return REASON_quic_passed;
}

/* Copies n bytes within scratch->bytes; both places are below 448. */
static __always_inline void quic_copy(struct scratch *s, __u32 to, __u32 from, __u32 n)
{
	__u32 i;

	for (i = 0; i < QUIC_ID_MAX; i++) {
		if (i >= n)
			break;
		s->bytes[(to + i) & 511] = s->bytes[(from + i) & 511];
	}
}

/* RFC 8999 6: the ids change places. The client's header stands at QUIC_ASIDE. */
#define QUIC_ASIDE 256

static __noinline bool answer_quic(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	__u32 to = REWRITE_L4 + sizeof(struct udphdr), dcid, scid, at;
	__u8 *out = s->bytes + to;

	if (p->payload_len < QUIC_INITIAL_MIN ||
	    bpf_xdp_load_bytes(ctx, p->payload, s->bytes + QUIC_ASIDE, QUIC_HEADER))
		return false;
	dcid = s->bytes[QUIC_ASIDE + 5];
	if (dcid > QUIC_ID_MAX)
		return false;
	scid = s->bytes[(QUIC_ASIDE + 6 + dcid) & 511];
	if (scid > QUIC_ID_MAX)
		return false;
	out[0] = QUIC_LONG | (bpf_get_prandom_u32() & 0x7f);
	*(__u32 *)(out + 1) = 0;
	out[5] = scid;
	quic_copy(s, to + 6, QUIC_ASIDE + 7 + dcid, scid);
	at = to + 6 + scid;
	s->bytes[at & 511] = dcid;
	quic_copy(s, at + 1, QUIC_ASIDE + 6, dcid);
	at += 1 + dcid;
	*(__be32 *)(s->bytes + (at & 255)) = bpf_htonl(QUIC_RESERVED);
	return write_udp(ctx, p, s, at + 4 - to);
}

#endif
