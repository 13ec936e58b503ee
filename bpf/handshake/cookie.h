/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cookie: the sequence number of our SYN-ACK, from which a later packet of
 * the client proves that it shook hands with us, and what was agreed then.
 *
 *	31 ....... 9   8   7 .. 6   5 .... 2   1     0
 *	hash (23)     tick  MSS      window    SACK  ECN
 *	                    class    scale
 *
 * With timestamps the client sends all 32 bits of our TSval back, in which stand
 * its MSS, exact, and the upper half of the TSval of its SYN, by which an older
 * segment is told (RFC 7323 5, PAWS):
 *
 *	31 .. 16   15 .. 0
 *	MSS        TSval >> 16
 *
 * The hash covers both ends, the client's sequence number, the tick, what was
 * agreed, and whether timestamps were: a client that agreed to them and then
 * sends a segment without is still known. A tick is 69 s; a cookie is good in its
 * own and the next one.
 */
#ifndef STRAYGATE_COOKIE_H
#define STRAYGATE_COOKIE_H

#include <stdbool.h>

#include "bpf/compiler.h"
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
	__u8 foreign;  /* OPTION_SIGNED, OPTION_JOINS: see tcp_options.h */
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

#define COOKIE_TICK_BIT 0x100u
#define COOKIE_AGREED	0x0ffu

static __always_inline __u32 cookie_agree(const struct options *o, __u32 ipv6)
{
	return cookie_class(o->mss, ipv6) << 6 | (__u32)(o->scale & 15) << 2 | (__u32) !!o->sack << 1 |
	       !!o->ecn;
}

/* Our sequence number and, with timestamps, our TSval for a client's SYN. */
static __always_inline __u32 cookie_make(const struct shake *k, const struct flow_key *f, __u32 isn,
					 __u64 now, const struct options *o, __u32 ipv6, __u32 *tsval)
{
	__u32 tick = now >> COOKIE_TICK_SHIFT, agreed = cookie_agree(o, ipv6);
	__u64 h = cookie_hash(k, f, isn, tick, agreed, o->timestamps);

	*tsval = (__u32)o->mss << 16 | o->tsval >> 16;
	return ((__u32)h & ~(COOKIE_TICK_BIT | COOKIE_AGREED)) | agreed | (tick & 1 ? COOKIE_TICK_BIT : 0);
}

static __always_inline bool cookie_matches(const struct shake *k, const struct flow_key *f, __u32 isn,
					   __u32 cookie, __u64 now, __u32 timestamps)
{
	__u32 tick = now >> COOKIE_TICK_SHIFT;
	__u64 h;

	if ((tick & 1) != !!(cookie & COOKIE_TICK_BIT))
		tick--;
	h = cookie_hash(k, f, isn, tick, cookie & COOKIE_AGREED, timestamps);
	return !(((__u32)h ^ cookie) & ~(COOKIE_TICK_BIT | COOKIE_AGREED));
}

/* Does this acknowledgement of `cookie` by a client that began at isn prove a
 * handshake with us? Then o, which holds the timestamps of the segment in hand,
 * says what was agreed. A client that sends none although they were agreed is
 * taken for one without. */
static __always_inline bool cookie_check(const struct shake *k, const struct flow_key *f, __u32 isn,
					 __u32 cookie, __u64 now, struct options *o, __u32 ipv6)
{
	if (!cookie_matches(k, f, isn, cookie, now, o->timestamps) &&
	    (o->timestamps || !cookie_matches(k, f, isn, cookie, now, 1)))
		return false;
	o->mss = o->timestamps ? o->tsecr >> 16 : cookie_mss(cookie >> 6, ipv6);
	o->scale = cookie >> 2 & 15;
	o->sack = cookie >> 1 & 1;
	o->ecn = cookie & 1;
	return true;
}

/* PAWS: is the segment in hand older than the SYN whose TSval we sent back? Told
 * to 65,536 units, which is a minute with most clients. */
static __always_inline bool cookie_is_older(const struct options *o)
{
	return o->timestamps && (__s16)((o->tsval >> 16) - (o->tsecr & 0xffff)) < 0;
}

#endif
