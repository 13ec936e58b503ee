/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP options, as far as a handshake and its proof need them (RFC 9293 3.2,
 * RFC 7323, RFC 2018).
 */
#ifndef STRAYGATE_OPTION_H
#define STRAYGATE_OPTION_H

#include "bpf/bpf.h"
#include "bpf/maps.h"
#include "bpf/packet.h"

#define OPTION_END	  0
#define OPTION_NOP	  1
#define OPTION_MSS	  2
#define OPTION_SCALE	  3
#define OPTION_SACK	  4
#define OPTION_TIMESTAMPS 8
#define OPTION_MD5	  19 /* RFC 2385 */
#define OPTION_AO	  29 /* RFC 5925 */
#define OPTION_MPTCP	  30 /* RFC 8684 */

/* In `foreign` of struct options. */
#define OPTION_SIGNED 0x01 /* MD5 or AO: a listener without keys drops it */
#define OPTION_JOINS  0x02 /* MP_JOIN: of a connection that the kernel has */

#define OPTIONS_MAX 40
#define STAMPS_ONLY 0x0101080a /* NOP NOP TIMESTAMPS 10: what nearly all data carries */

static __always_inline __u32 option_word(const struct scratch *s, __u32 at)
{
	return (__u32)s->bytes[at & 63] << 24 | (__u32)s->bytes[(at + 1) & 63] << 16 |
	       (__u32)s->bytes[(at + 2) & 63] << 8 | s->bytes[(at + 3) & 63];
}

static __always_inline void option_read(struct scratch *s, __u32 kind, __u32 length, __u32 at)
{
	struct options *o = &s->options;

	if (kind == OPTION_MSS && length == 4) {
		o->mss = option_word(s, at + 2) >> 16;
		o->said_mss = 1;
	}
	if (kind == OPTION_SCALE && length == 3)
		o->scale = s->bytes[(at + 2) & 63] > 14 ? 14 : s->bytes[(at + 2) & 63];
	if (kind == OPTION_SACK && length == 2)
		o->sack = 1;
	if (kind == OPTION_TIMESTAMPS && length == 10) {
		o->timestamps = 1;
		o->tsval = option_word(s, at + 2);
		o->tsecr = option_word(s, at + 6);
	}
	if (kind == OPTION_MD5 || kind == OPTION_AO)
		o->foreign |= OPTION_SIGNED;
	if (kind == OPTION_MPTCP && length >= 3 && s->bytes[(at + 2) & 63] >> 4 == 1)
		o->foreign |= OPTION_JOINS;
}

/* One option; the place among them is kept in map memory (see finder.h). */
static long option_step(__u32 i __attribute__((unused)), struct scratch **context)
{
	struct scratch *s = *context;
	__u32 at = s->option, kind, length;

	if (at >= s->option_end)
		return 1;
	kind = s->bytes[at & 63];
	if (kind == OPTION_END)
		return 1;
	if (kind == OPTION_NOP) {
		s->option = at + 1;
		return 0;
	}
	length = s->bytes[(at + 1) & 63];
	if (length < 2 || at + length > s->option_end)
		return 1;
	option_read(s, kind, length, at);
	s->option = at + length;
	return 0;
}

/* Fills scratch->options with those of the segment in hand. An MSS that was not
 * said is that of RFC 9293 3.7.1. */
stage int read_options(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	__u32 len;

	if (!p || !s)
		return -1;
	s->options = (struct options){.mss = p->ipv6 ? 1220 : 536, .scale = COOKIE_NO_SCALE};
	len = p->payload - p->l4 - sizeof(struct tcphdr);
	if (!len)
		return 0;
	if (len < 4 || len > OPTIONS_MAX)
		return -1;
	if (bpf_xdp_load_bytes(ctx, p->l4 + sizeof(struct tcphdr), s->bytes, len))
		return -1;
	s->option = 0;
	s->option_end = len;
	if (len == 12 && option_word(s, 0) == STAMPS_ONLY) {
		option_read(s, OPTION_TIMESTAMPS, 10, 2);
		return 0;
	}
	bpf_loop(OPTIONS_MAX, option_step, &s, 0);
	return 0;
}

#endif
