/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that span segments, at the handshake: the first bytes of a visit of
 * ours wait here until the name in them is complete. Nothing is acknowledged
 * meanwhile, so what is forgotten comes again.
 */
#ifndef STRAYGATE_HOLD_H
#define STRAYGATE_HOLD_H

#include "bpf/tcp_csum.h"
#include "bpf/packet.h"
#include "bpf/view.h"

/* As load_chunk(), with bounds from arithmetic. */
static __always_inline long hold_bytes(struct xdp_md *ctx, const struct packet *p, __u8 *to, __u32 n)
{
	if (n < 2)
		return bpf_xdp_load_bytes(ctx, p->payload, to, 1);
	n -= 2;
	checked(n);
	return bpf_xdp_load_bytes(ctx, p->payload, to, (n & HELD_BYTES) + 2);
}

/* Keeps the segment in hand and the finder's state, or says that it cannot. */
stage int hold(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct flow_key key;
	__u32 from = 0;

	if (!p || !s)
		return REASON_table_missing;
	if (!intact(ctx, p))
		return REASON_damaged;
	/* It came again: its client sends no more before this is acknowledged. */
	if (p->again)
		return REASON_cannot_hold;
	if (p->resumed == RESUMED_HELD)
		from = s->held.length & HELD_BYTES;
	else
		s->held.first = p->seq;
	s->held.agreed = s->agreed;
	if (from + p->payload_len > HELD_BYTES)
		return REASON_cannot_hold;
	if (hold_bytes(ctx, p, s->held.bytes + from, p->payload_len))
		return REASON_cannot_hold;
	s->held.length = from + p->payload_len;
	__builtin_memcpy(&s->held.finder, &s->finder, sizeof(s->finder));
	key = p->flow;
	if (bpf_map_update_elem(&held, &key, &s->held, BPF_ANY))
		return REASON_cannot_hold;
	return REASON_held;
}

#endif
