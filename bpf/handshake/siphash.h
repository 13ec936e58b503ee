/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012) over whole 64-bit words, the same
 * code in the kernel and on the host.
 */
#ifndef STRAYGATE_SIPHASH_H
#define STRAYGATE_SIPHASH_H

#include "bpf/find/finder.h"

struct siphash {
	__u64 v[4];
	__u64 words;
};

static __always_inline __u64 siphash_rotate(__u64 x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static __always_inline void siphash_round(struct siphash *s)
{
	s->v[0] += s->v[1];
	s->v[1] = siphash_rotate(s->v[1], 13) ^ s->v[0];
	s->v[0] = siphash_rotate(s->v[0], 32);
	s->v[2] += s->v[3];
	s->v[3] = siphash_rotate(s->v[3], 16) ^ s->v[2];
	s->v[0] += s->v[3];
	s->v[3] = siphash_rotate(s->v[3], 21) ^ s->v[0];
	s->v[2] += s->v[1];
	s->v[1] = siphash_rotate(s->v[1], 17) ^ s->v[2];
	s->v[2] = siphash_rotate(s->v[2], 32);
}

static __always_inline void siphash_begin(struct siphash *s, __u64 key0, __u64 key1)
{
	s->v[0] = key0 ^ 0x736f6d6570736575ULL;
	s->v[1] = key1 ^ 0x646f72616e646f6dULL;
	s->v[2] = key0 ^ 0x6c7967656e657261ULL;
	s->v[3] = key1 ^ 0x7465646279746573ULL;
	s->words = 0;
}

static __always_inline void siphash_word(struct siphash *s, __u64 word)
{
	s->v[3] ^= word;
	siphash_round(s);
	siphash_round(s);
	s->v[0] ^= word;
	s->words++;
}

static __always_inline __u64 siphash_end(struct siphash *s)
{
	siphash_word(s, s->words << 59); /* the length in bytes, in the top byte */
	s->v[2] ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

#endif
