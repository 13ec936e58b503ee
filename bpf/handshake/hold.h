/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First bytes of a visit that shook hands with the gate: kept while its name is
 * incomplete, and until its server is bound. Nothing is acknowledged meanwhile, so
 * what is forgotten comes again.
 */
#ifndef STRAYGATE_HOLD_H
#define STRAYGATE_HOLD_H

#include "bpf/bpf.h"
#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/view.h"

/* Behind `from` bytes that are kept already. False: there is no room. */
static __always_inline bool keep_segment(struct xdp_md *ctx, const struct packet *p, struct kept *k,
					 __u32 from)
{
	__u32 n = p->payload_len;

	from &= HELD_BYTES;
	if (!n || k->fin || from + n > HELD_BYTES ||
	    load_bounded(ctx, p->payload, k->bytes + from, n, HELD_BYTES + 1))
		return false;
	k->length = from + n;
	k->fin = p->tcp_flags & TCP_FIN;
	k->serial = k->serial_end = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
	return true;
}

/* The segment in hand, behind what was held of its visit, in scratch memory. */
static __always_inline bool keep_first(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	struct kept *k = &s->held.kept;

	if (p->resumed != RESUMED_HELD) {
		k->first = p->seq;
		k->length = 0;
		k->fin = 0;
	}
	return keep_segment(ctx, p, k, k->length);
}

/* Keeps the segment in hand and the finder's state, or says that it cannot. */
stage int hold(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct flow_key key;

	if (!p || !s)
		return REASON_table_missing;
	/* It came again: its client sends no more before this is acknowledged. */
	if (p->again == AGAIN_HELD || !keep_first(ctx, p, s))
		return REASON_cannot_hold;
	s->held.agreed = s->agreed;
	__builtin_memcpy(&s->held.finder, &s->finder, sizeof(s->finder));
	key = p->flow;
	if (bpf_map_update_elem(&held, &key, &s->held, BPF_ANY))
		return REASON_cannot_hold;
	return REASON_held;
}

/* While its server has not answered: more of the client's first flight. */
stage int keep_more(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct flow_key key;
	struct kept *k;

	if (!p || !s)
		return 0;
	key = p->flow;
	k = bpf_map_lookup_elem(&first_data, &key);
	if (!k)
		return 0;
	bpf_probe_read_kernel(&s->held.kept, sizeof(s->held.kept), k);
	k = &s->held.kept;
	if (k->serial != k->serial_end || k->first + k->length != p->seq)
		return 0;
	if (keep_segment(ctx, p, k, k->length))
		bpf_map_update_elem(&first_data, &key, k, BPF_ANY);
	return 0;
}

#endif
