/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Would the host's TCP take this segment? What the kernel drops must decide nothing:
 * clients that want to fool filters on the way send decoys (a wrong checksum, an old
 * timestamp, an MD5 option), and the gate sees a segment before the kernel has
 * looked at it. Whether it acknowledges the right number the conversation stage knows.
 */
#ifndef STRAYGATE_SEGMENT_H
#define STRAYGATE_SEGMENT_H

#include "bpf/bpf.h"
#include "bpf/checksum.h"
#include "bpf/handshake/cookie.h"
#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/tcp_options.h"

#define INTACT_PIECE 256 /* bytes summed at once, a power of two */
#define INTACT_STEPS (65536 / INTACT_PIECE)

struct intact {
	struct xdp_md *ctx;
	struct scratch *s;
};

/* The next piece. Where we are lies in map memory: see finder.h. */
static long intact_step(__u32 i __attribute__((unused)), struct intact *d)
{
	struct feed *at = &d->s->feed;
	__u32 n = at->left < INTACT_PIECE ? at->left : INTACT_PIECE;

	if (!n)
		return 1;
	/* Three bytes of zero behind it: it is summed in words. */
	*(__u32 *)(d->s->bytes + (n & 0x1fc)) = 0;
	if (load_bounded(d->ctx, at->at, d->s->bytes, n, INTACT_PIECE))
		return 1;
	at->at += n;
	at->left -= n;
	n = (n + 3) & 0x1fc;
	if (n > INTACT_PIECE)
		return 1;
	d->s->sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)d->s->bytes, n, 0);
	return 0;
}

/* The IPv4 header; IPv6 has no checksum of its own. */
static __always_inline bool ip_intact(struct xdp_md *ctx, const struct packet *p)
{
	__u32 header[15] = {}, len = p->l4 - p->l3;

	opaque(len);
	if (len < sizeof(struct iphdr) || len > sizeof(header))
		return false;
	opaque(len);
	len &= 60; /* in words */
	if (len < sizeof(struct iphdr) || bpf_xdp_load_bytes(ctx, p->l3, header, len))
		return false;
	return fold16((__u32)bpf_csum_diff(NULL, 0, header, len, 0)) == 0xffff;
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
	if (!p->ipv6 && !ip_intact(ctx, p))
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

/* In scratch->agreed are the options of the first data of a visit that shook hands
 * with us; those of the segment in hand were read by its proof, if it is that one. */
static __always_inline bool acceptable(struct xdp_md *ctx, struct packet *p, struct scratch *s)
{
	if ((!p->shaken || p->resumed) && read_options(ctx, p))
		return false;
	if (s->options.foreign & OPTION_SIGNED)
		return false;
	if (p->resumed == RESUMED_HELD && s->options.timestamps && s->agreed.timestamps &&
	    (__s32)(s->options.tsval - s->agreed.tsval) < 0)
		return false;
	if (p->shaken && !p->resumed && cookie_is_older(&s->agreed))
		return false;
	return intact(ctx, p);
}

#endif
