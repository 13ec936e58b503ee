/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to a DNS query: its header and question again (RFC 1035 4.1.1), and
 * an OPT record if one came, or the client would take the server for one that
 * knows no EDNS (RFC 6891 7). Its COOKIE comes back as it was (RFC 7873 5.3): a
 * resolver that sent one takes an answer without it for a forged one, and asks
 * again over TCP. Never more bytes than the query has.
 */
#ifndef STRAYGATE_ANSWER_DNS_H
#define STRAYGATE_ANSWER_DNS_H

#include "bpf/find/dns.h"
#include "bpf/rewrite.h"

#define DNS_OPT	     11 /* RFC 6891 6.1.2: root, type, size, TTL, length */
#define DNS_QUESTION (DNS_HEADER + 256 + 4)
#define DNS_OPTIONS  8 /* that are looked at */

#define DNS_NXDOMAIN 3
#define DNS_NOTIMP   4
#define DNS_REFUSED  5

#define EDNS_COOKIE	10
#define EDNS_COOKIE_MIN 8
#define EDNS_COOKIE_MAX 40

/* The message to answer, in scratch->asked: `length` bytes of it, of which the
 * question ends before `end`. */
struct dns_asked {
	__u32 from; /* 2 over TCP, behind the length */
	__u32 end;
	__u32 length;
};

static __always_inline __u32 asked_half(const struct scratch *s, __u32 at)
{
	return (__u32)s->asked[at & (ASKED_MAX - 1)] << 8 | s->asked[(at + 1) & (ASKED_MAX - 1)];
}

/* Fills scratch->asked with the visit's first bytes, those first that were held of
 * it. Returns how many. */
stage int read_asked(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	__u32 from = 0, n;

	if (!p || !s)
		return 0;
	if (p->resumed == RESUMED_HELD)
		from = s->held.kept.length;
	if (from > ASKED_MAX)
		from = ASKED_MAX;
	opaque(from);
	from &= 2 * ASKED_MAX - 1;
	if (from > ASKED_MAX)
		return 0;
	bpf_probe_read_kernel(s->asked, from, s->held.kept.bytes);
	n = p->payload_len < ASKED_MAX - from ? p->payload_len : ASKED_MAX - from;
	if (!n || load_bounded(ctx, p->payload, s->asked + from, n, ASKED_MAX))
		return from;
	return from + n;
}

/* The COOKIE among the options of an OPT record, `left` bytes from `at` on: goes
 * to `to`, and its length with its header is returned; 0: there is none. */
static __always_inline __u32 put_cookie(struct scratch *s, __u8 *to, __u32 at, __u32 left)
{
	__u32 i, length;

	for (i = 0; i < DNS_OPTIONS; i++) {
		if (left < 4)
			return 0;
		length = asked_half(s, at + 2);
		if (length > left - 4)
			return 0;
		if (asked_half(s, at) == EDNS_COOKIE)
			break;
		at += 4 + length;
		left -= 4 + length;
	}
	if (i == DNS_OPTIONS || length < EDNS_COOKIE_MIN || length > EDNS_COOKIE_MAX)
		return 0;
	length += 4;
	opaque(length);
	bpf_probe_read_kernel(to, length & 63, s->asked + (at & (ASKED_MAX - 1)));
	return length;
}

/* Writes our OPT record if one came at the end of the question; *rcode becomes
 * that of an EDNS version that we do not know (RFC 6891 6.1.3). */
static __always_inline __u32 put_opt(struct scratch *s, const struct dns_asked *a, __u8 *to, __u32 *rcode)
{
	__u32 at = a->from + a->end, options, cookie = 0;

	if (a->length < at + DNS_OPT || s->asked[at & (ASKED_MAX - 1)] || asked_half(s, at + 1) != 41)
		return 0;
	options = asked_half(s, at + 9);
	if (at + DNS_OPT + options <= a->length)
		cookie = put_cookie(s, to + DNS_OPT, at + DNS_OPT, options);
	to[0] = 0;
	to[1] = 0;
	to[2] = 41;
	to[3] = 1232 >> 8; /* what we would take: never used, but never 0 */
	to[4] = 1232 & 0xff;
	to[5] = 0;
	to[6] = 0;
	to[7] = s->asked[(at + 7) & (ASKED_MAX - 1)] & 0x80; /* DO, RFC 3225 3 */
	to[8] = 0;
	to[9] = 0;
	to[10] = cookie;
	if (s->asked[(at + 6) & (ASKED_MAX - 1)]) {
		to[5] = 1; /* BADVERS is 16 */
		*rcode = 0;
	}
	return DNS_OPT + cookie;
}

/* REFUSED, unless the policy says or the client wants something that we know
 * better of. */
static __always_inline __u32 dns_rcode(const struct packet *p, const struct scratch *s)
{
	switch (s->finder.extra) {
	case DNS_QUERY:
		return p->answer == DNS_ANSWER_NXDOMAIN ? DNS_NXDOMAIN : DNS_REFUSED;
	case DNS_NOTIFY:
	case DNS_UPDATE:
		return DNS_REFUSED;
	}
	return DNS_NOTIMP;
}

/* Writes the answer at scratch->bytes + to; returns its length. */
static __always_inline __u32 put_refusal(const struct packet *p, struct scratch *s, const struct dns_asked *a,
					 __u32 to)
{
	__u8 *dns = s->bytes + (to & 127);
	__u32 end = a->end, rcode = dns_rcode(p, s), opt = 0;
	__u32 records;

	if (end < DNS_HEADER || end > DNS_QUESTION || end + a->from > a->length)
		return 0;
	opaque(end);
	bpf_probe_read_kernel(dns, end & 511, s->asked + (a->from & 2));
	/* What comes right behind is an additional record, and the first, only if no
	 * other kind of record came. */
	records = *(__u32 *)(dns + 6) || !(dns[10] | dns[11]);
	if (end == DNS_HEADER)
		records |= dns[4] | dns[5];
	if (!records)
		opt = put_opt(s, a, dns + (end & 511), &rcode);
	dns[2] = (dns[2] & 0x79) | 0x80; /* opcode and RD stay; QR */
	if (rcode == DNS_NXDOMAIN)
		dns[2] |= 0x04; /* AA: else it says nothing (RFC 2308 2.1) */
	dns[3] = (dns[3] & 0x10) | rcode;
	dns[4] = 0;
	dns[5] = end > DNS_HEADER;
	*(__u32 *)(dns + 6) = 0;
	dns[10] = 0;
	dns[11] = !!opt;
	return end + opt;
}

#endif
