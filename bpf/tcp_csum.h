/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a segment as it was sent? The kernel drops what was damaged on its way, but
 * the gate sees it first: handed over by it, such a segment would become no
 * socket, and a visit that counts as lost; held, its damage would be covered by
 * the checksum of the joined segment. Asked of what goes on, not of the flood.
 */
#ifndef STRAYGATE_INTACT_H
#define STRAYGATE_INTACT_H

#include "bpf/checksum.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

#define INTACT_PIECE 256 /* bytes summed at once, a power of two */
#define INTACT_STEPS (65536 / INTACT_PIECE)

struct intact {
	struct xdp_md *ctx;
	struct scratch *s;
};

/* As load_chunk(), with bounds from arithmetic. */
static __always_inline long intact_load(struct xdp_md *ctx, __u32 at, __u8 *to, __u32 n)
{
	if (n >= INTACT_PIECE)
		return bpf_xdp_load_bytes(ctx, at, to, INTACT_PIECE);
	if (n < 2)
		return bpf_xdp_load_bytes(ctx, at, to, 1);
	n -= 2;
	checked(n);
	return bpf_xdp_load_bytes(ctx, at, to, (n & (INTACT_PIECE - 1)) + 2);
}

/* The next piece. Where we are lies in map memory: see finder.h. */
static long intact_step(__u32 i __attribute__((unused)), struct intact *d)
{
	struct feed *at = &d->s->feed;
	__u32 n = at->left < INTACT_PIECE ? at->left : INTACT_PIECE;

	if (!n)
		return 1;
	/* Three bytes of zero behind it: it is summed in words. */
	*(__u32 *)(d->s->bytes + (n & 0x1fc)) = 0;
	if (intact_load(d->ctx, at->at, d->s->bytes, n))
		return 1;
	at->at += n;
	at->left -= n;
	n = (n + 3) & 0x1fc;
	if (n > INTACT_PIECE)
		return 1;
	d->s->sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)d->s->bytes, n, 0);
	return 0;
}

/* From a sender on this very machine there may be the sum of the pseudo header
 * alone, the rest being left to a device (CHECKSUM_PARTIAL). */
stage int intact(struct xdp_md *ctx, struct packet *p)
{
	struct intact d = {.ctx = ctx, .s = scratch_memory()};
	__u32 len;
	__u64 pseudo;
	__be16 check;

	if (!p || !d.s)
		return 0;
	if (bpf_xdp_load_bytes(ctx, p->l4 + offsetof(struct tcphdr, check), &check, sizeof(check)))
		return 0;
	len = p->payload - p->l4 + p->payload_len;
	pseudo = pseudo_sum(&p->flow, p->ipv6, IPPROTO_TCP, len);
	if (check == fold16(pseudo))
		return 1;
	d.s->feed.at = p->l4;
	d.s->feed.left = len;
	d.s->sum = 0;
	bpf_loop(INTACT_STEPS, intact_step, &d, 0);
	return !d.s->feed.left && fold16(pseudo + d.s->sum) == 0xffff;
}

#endif
