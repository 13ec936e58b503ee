/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cookie: the sequence number of our SYN-ACK, from which a later packet of
 * the client proves that it shook hands with us, and what was agreed then.
 *
 *	31 ....... 9   8   7 .. 6   5 .... 2   1     0
 *	hash (23)     tick  MSS      window    SACK  ECN	client without timestamps
 *	                    class    scale
 *	hash (23)     tick  hash (8)				client with timestamps
 *
 * With timestamps the client sends all 32 bits of our TSval back, so the
 * options stand there, exact, and ten more bits of hash:
 *
 *	31 .. 16   15 .. 12   11    10    9 ... 0
 *	MSS        scale      SACK  ECN   hash		TSval
 *
 * The hash covers both ends, the client's sequence number, the tick and the
 * options. A tick is 64 s; a cookie is good in its own and the next one.
 */
#ifndef STRAYGATE_COOKIE_H
#define STRAYGATE_COOKIE_H

#include "bpf/shared.h"
#include "bpf/handshake/siphash.h"

#define COOKIE_TICK_SHIFT 36 /* of nanoseconds: 68.7 s */
#define COOKIE_NO_SCALE	  15 /* RFC 7323 2.3 allows 14 at most */

/* What the two sides agreed on. */
struct options {
	__u32 tsval; /* as received: of the segment in hand */
	__u32 tsecr;
	__u16 mss;
	__u8 scale; /* COOKIE_NO_SCALE: none */
	__u8 sack;
	__u8 ecn;
	__u8 timestamps;
	__u8 said_mss; /* an MSS option came */
	__u8 reserved;
};

/* Rounded down to what nearly all paths have; see net/ipv4/syncookies.c. */
static __always_inline __u32 cookie_mss(__u32 class, __u32 ipv6)
{
	switch (class & 3) {
	case 0:
		return ipv6 ? 1220 : 536;
	case 1:
		return ipv6 ? 1360 : 1300;
	case 2:
		return ipv6 ? 1420 : 1440;
	}
	return ipv6 ? 1440 : 1460;
}

static __always_inline __u32 cookie_class(__u32 mss, __u32 ipv6)
{
	return (mss >= cookie_mss(1, ipv6)) + (mss >= cookie_mss(2, ipv6)) + (mss >= cookie_mss(3, ipv6));
}

static __always_inline __u64 cookie_hash(const struct shake *k, const struct flow_key *f, __u32 isn,
					 __u32 tick, __u32 agreed, __u32 timestamps)
{
	const __u64 *client = (const __u64 *)f->client, *server = (const __u64 *)f->server;
	__u32 which = (__s32)(tick - k->since) >= 0;
	struct siphash s;

	siphash_begin(&s, k->key[which][0], k->key[which][1]);
	/* The mapped prefix of IPv4 says nothing. */
	if (client[0]) {
		siphash_word(&s, client[0]);
		siphash_word(&s, client[1]);
		siphash_word(&s, server[0]);
		siphash_word(&s, server[1]);
	} else {
		siphash_word(&s, (client[1] & ~0xffffffffULL) | server[1] >> 32);
	}
	siphash_word(&s, (__u64)f->client_port << 48 | (__u64)f->server_port << 32 | isn);
	siphash_word(&s, (__u64)tick << 32 | agreed);
	siphash_word(&s, timestamps);
	return siphash_end(&s);
}

#define COOKIE_TICK_BIT	    0x100u
#define COOKIE_AGREED	    0x0ffu	/* of the cookie, without timestamps */
#define COOKIE_STAMP_AGREED 0xfffffc00u /* of the TSval */

static __always_inline __u32 cookie_agree(const struct options *o, __u32 ipv6)
{
	if (o->timestamps)
		return (__u32)o->mss << 16 | (__u32)(o->scale & 15) << 12 | (__u32) !!o->sack << 11 |
		       (__u32) !!o->ecn << 10;
	return cookie_class(o->mss, ipv6) << 6 | (__u32)(o->scale & 15) << 2 | (__u32) !!o->sack << 1 |
	       !!o->ecn;
}

/* Our sequence number and, with timestamps, our TSval for a client's SYN. */
static __always_inline __u32 cookie_make(const struct shake *k, const struct flow_key *f, __u32 isn,
					 __u64 now, const struct options *o, __u32 ipv6, __u32 *tsval)
{
	__u32 tick = now >> COOKIE_TICK_SHIFT, agreed = cookie_agree(o, ipv6);
	__u64 h = cookie_hash(k, f, isn, tick, agreed, o->timestamps);
	__u32 cookie = (__u32)h & ~COOKIE_TICK_BIT;

	*tsval = agreed | ((__u32)(h >> 32) & ~COOKIE_STAMP_AGREED);
	if (!o->timestamps)
		cookie = (cookie & ~COOKIE_AGREED) | agreed;
	return cookie | (tick & 1 ? COOKIE_TICK_BIT : 0);
}

/* Does this acknowledgement of `cookie` by a client that began at isn prove a
 * handshake with us? Then o holds what was agreed; its timestamps must be those
 * of the segment in hand. */
static __always_inline bool cookie_check(const struct shake *k, const struct flow_key *f, __u32 isn,
					 __u32 cookie, __u64 now, struct options *o, __u32 ipv6)
{
	__u32 tick = now >> COOKIE_TICK_SHIFT, agreed, mask = ~COOKIE_TICK_BIT;
	__u64 h;

	if ((tick & 1) != !!(cookie & COOKIE_TICK_BIT))
		tick--;
	agreed = o->timestamps ? o->tsecr & COOKIE_STAMP_AGREED : cookie & COOKIE_AGREED;
	if (!o->timestamps)
		mask &= ~COOKIE_AGREED;
	h = cookie_hash(k, f, isn, tick, agreed, o->timestamps);
	if (((__u32)h ^ cookie) & mask)
		return false;
	if (!o->timestamps) {
		o->mss = cookie_mss(agreed >> 6, ipv6);
		o->scale = agreed >> 2 & 15;
		o->sack = agreed >> 1 & 1;
		o->ecn = agreed & 1;
		return true;
	}
	if (((__u32)(h >> 32) ^ o->tsecr) & ~COOKIE_STAMP_AGREED)
		return false;
	o->mss = agreed >> 16;
	o->scale = agreed >> 12 & 15;
	o->sack = agreed >> 11 & 1;
	o->ecn = agreed >> 10 & 1;
	return true;
}

#endif
