/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the name in the first question of a DNS message (RFC 1035 4.1). NOTIFY
 * (RFC 1996) and UPDATE (RFC 2136) carry the zone they are about in the same
 * place.
 *
 * After FIND_FOUND, and FIND_NONE for the root or another class than the Internet's,
 * f->seen is the end of the question (over TCP with the two bytes of length before
 * the message), f->word is QTYPE << 16 | QCLASS; after FIND_NONE for what has no
 * question, f->seen is the end of the header. After any answer but FIND_UNREADABLE f->extra is the
 * opcode. A datagram that ends while the finder wants more is unreadable.
 *
 *	f->left   bytes of the message that no field has claimed yet
 */
#ifndef STRAYGATE_DNS_H
#define STRAYGATE_DNS_H

#include "bpf/find/finder.h"

#define DNS_HEADER    12
#define DNS_LABEL_MAX 63

enum dns_opcode {
	DNS_QUERY = 0,
	DNS_NOTIFY = 4,
	DNS_UPDATE = 5,
};

/* The field that is being collected. */
enum dns_state {
	DNS_FLAGS,	/* ID and flags */
	DNS_COUNTS,	/* QDCOUNT and ANCOUNT */
	DNS_COUNTS2,	/* NSCOUNT and ARCOUNT */
	DNS_LENGTH,	/* of a label */
	DNS_LABEL,	/* f->need bytes to come */
	DNS_TYPE,	/* QTYPE and QCLASS */
	DNS_TCP_LENGTH, /* of the message (RFC 1035 4.2.2) */
};

static __always_inline enum find dns_next(struct finder *f, enum dns_state state, __u32 need)
{
	if (need > f->left)
		return FIND_UNREADABLE;
	f->left -= need;
	f->state = state;
	f->need = need;
	f->word = 0;
	return FIND_MORE;
}

FIND_ENTRY void dns_begin(struct finder *f)
{
	find_reset(f);
	f->left = 0xffff;
	dns_next(f, DNS_FLAGS, 4);
}

/* The same over TCP. */
FIND_ENTRY void dns_tcp_begin(struct finder *f)
{
	find_reset(f);
	f->state = DNS_TCP_LENGTH;
	f->need = 2;
}

static __always_inline enum find dns_tcp_length(struct finder *f, __u32 length)
{
	f->left = length;
	return length < DNS_HEADER ? FIND_UNREADABLE : dns_next(f, DNS_FLAGS, 4);
}

static __always_inline enum find dns_flags(struct finder *f, __u32 flags)
{
	if (flags & 0x8000) /* QR: an answer */
		return FIND_UNREADABLE;
	f->extra = flags >> 11 & 15;
	return dns_next(f, DNS_COUNTS, 4);
}

/* The header is complete. Several questions are unheard of (RFC 9619); none is
 * how a client asks for a cookie (RFC 7873 5.4). What other opcodes carry
 * (DSO, RFC 8490) is not a question. */
static __always_inline enum find dns_header(struct finder *f)
{
	__u32 questions = f->left2;

	if (f->extra != DNS_QUERY && f->extra != DNS_NOTIFY && f->extra != DNS_UPDATE)
		return FIND_NONE;
	if (questions != 1)
		return questions ? FIND_UNREADABLE : FIND_NONE;
	return dns_next(f, DNS_LENGTH, 1);
}

/* A pointer has nowhere to point from the first name (RFC 1035 4.1.4). */
static __always_inline enum find dns_length(struct finder *f, __u32 length)
{
	__u32 n = f->name_len;

	if (length == 0)
		return dns_next(f, DNS_TYPE, 4);
	if (length > DNS_LABEL_MAX)
		return FIND_UNREADABLE;
	if (n) {
		f->name[find_place(n)] = '.';
		n++;
	}
	if (n + length > FIND_NAME_MAX)
		return FIND_UNREADABLE;
	f->name_len = n;
	return dns_next(f, DNS_LABEL, length);
}

/* Any byte is legal in a label (RFC 2181 11). No zone of a policy has others than
 * letters, digits, - and _ in its labels, so which other byte it is does not matter:
 * a dot, which would make one label look like two, and what cannot be printed are
 * kept as a question mark. */
#define DNS_OTHER '?'

static __always_inline enum find dns_label(struct finder *f, __u64 w, __u32 avail)
{
	__u32 max = avail < f->need ? avail : f->need;
	__u32 n = find_take(f, w, find_range(w, 0x20, 0x7e) & ~find_range(w, '.', '.'), max);

	if (n == 0) {
		n = w & 0xff;
		if (n < 0x20 || n >= 0x7f || n == '.')
			n = DNS_OTHER;
		if (find_push(f, n) != FIND_MORE)
			return FIND_UNREADABLE;
		n = 1;
	}
	f->at += n;
	f->need -= n;
	return f->need ? FIND_MORE : dns_next(f, DNS_LENGTH, 1);
}

/* RFC 6895 3.2. NONE and ANY are classes of questions about the Internet's names. */
static __always_inline int dns_is_other_class(__u32 class)
{
	return class != 1 && class != 254 && class != 255;
}

/* A field is complete. */
static __always_inline enum find dns_field(struct finder *f)
{
	switch (f->state) {
	case DNS_TCP_LENGTH:
		return dns_tcp_length(f, f->word);
	case DNS_FLAGS:
		return dns_flags(f, f->word & 0xffff);
	case DNS_COUNTS:
		f->left2 = f->word >> 16;
		return dns_next(f, DNS_COUNTS2, 4);
	case DNS_COUNTS2:
		return dns_header(f);
	case DNS_LENGTH:
		return dns_length(f, f->word);
	default: /* DNS_TYPE */
		/* No zone is of another class, such as version.bind's (CHAOS). */
		if (dns_is_other_class(f->word & 0xffff))
			return FIND_NONE;
		f->found = f->name_len != 0;
		return f->name_len ? FIND_FOUND : FIND_NONE; /* the root names nothing */
	}
}

FIND_STEP int dns_step(struct finder *f, const struct find_chunk *c)
{
	__u32 avail;
	__u64 w;

	if (!f || !c)
		return FIND_UNREADABLE;
	avail = f->len - f->at;
	w = find_at(c, f->at);
	if (f->state == DNS_LABEL)
		return dns_label(f, w, avail);
	f->at += find_collect(f, w, avail);
	return f->need ? FIND_MORE : dns_field(f);
}

FIND_ENTRY enum find dns_feed(struct finder *f, const __u8 *chunk, __u32 len)
{
	return find_feed(f, chunk, len, dns_step);
}

#endif
