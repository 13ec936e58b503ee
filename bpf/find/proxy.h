/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the header that a proxy sends before the bytes of its client: the PROXY
 * protocol, version 1 (a line of text) and 2 (binary), as HAProxy's
 * doc/proxy-protocol.txt has it.
 *
 * It is a finder: fed and resumed like those of names, in the same struct, before
 * the finder of the listener's protocol begins. What is needed of a header is collected
 * in f->name, which has no name yet. FIND_FOUND says that this is complete: f->at bytes
 * of the chunk were of it. Then proxy_read() says FIND_FOUND or FIND_UNREADABLE; f->skip
 * bytes that follow are still of the header (TLVs, which are not looked at), and whose
 * visit it is stands in f->preface, f->client and f->server, which no other
 * X_begin() touches.
 *
 *	f->left   bytes in f->name
 *	f->need   bytes wanted there of a binary header
 *	f->left2  proxy_read(), of a line: the field in hand
 *	f->word   the port in hand, and one
 */
#ifndef STRAYGATE_PROXY_H
#define STRAYGATE_PROXY_H

#include "bpf/find/finder.h"
#include "bpf/find/literal.h"

#define PROXY_LINE_MAX	 107   /* with CR LF */
#define PROXY_HEADER_MAX 16384 /* binary, with TLVs: as much as HAProxy's buffers hold */
#define PROXY_FIXED	 16    /* of it, before the addresses */
#define PROXY_FIELDS	 11    /* "PROXY TCP4 " */

/* Strings as a word holds them: the first byte lowest. */
#define PROXY_LINE    0x2059584f5250ULL	    /* "PROXY " */
#define PROXY_TCP4    0x2034504354ULL	    /* "TCP4 " */
#define PROXY_TCP6    0x2036504354ULL	    /* "TCP6 " */
#define PROXY_UNKNOWN 0x4e574f4e4b4e55ULL   /* "UNKNOWN" */
#define PROXY_BINARY  0x510a0d000a0d0a0dULL /* CR LF CR LF NUL CR LF "Q" */
#define PROXY_BINARY2 0x0a544955U	    /* "UIT" LF */

#define PROXY_V2    0x20 /* version and command: LOCAL, */
#define PROXY_RELAY 0x21 /* and PROXY */
#define PROXY_INET  0x11 /* family and transport: TCP over IPv4, */
#define PROXY_INET6 0x21 /* and over IPv6 */

/* What goes before the bytes that a visit's finder reads. */
enum preface {
	PREFACE_NONE,	/* nothing */
	PREFACE_OPEN,	/* a header, not complete yet */
	PREFACE_CLIENT, /* a header: client[] and server[] are the ends of the visit */
	PREFACE_HIDDEN, /* a header that does not say for whom it is relayed */
	PREFACE_OWN,	/* a header of the proxy's own visit (LOCAL, UNKNOWN): a health check */
};

FIND_ENTRY void proxy_begin(struct finder *f)
{
	find_reset(f);
	f->preface = PREFACE_OPEN;
	f->need = PROXY_FIXED;
}

/* Could these be the first bytes of a header? Asked where nobody waits for one. */
static __always_inline int proxy_begins(__u64 first, __u32 second)
{
	return (first & 0xffffffffffffULL) == PROXY_LINE ||
	       (first == PROXY_BINARY && second == PROXY_BINARY2);
}

/* ---- collecting it --------------------------------------------------- */

/* Byte number @n of a line. It ends in CR LF; either alone is an error. */
static __always_inline enum find proxy_text(struct finder *f, __u8 c, __u32 n)
{
	__u8 before = n ? f->name[find_place(n - 1)] : 0;

	if (n < 6)
		return c == (__u8)(PROXY_LINE >> (8 * n)) ? FIND_MORE : FIND_UNREADABLE;
	if ((c == '\n') != (before == '\r') || n >= PROXY_LINE_MAX)
		return FIND_UNREADABLE;
	return c == '\n' ? FIND_FOUND : FIND_MORE;
}

static __always_inline __u32 proxy_length(const struct finder *f)
{
	return f->name[14] << 8 | f->name[15];
}

/* Bytes of the two addresses, without the ports. */
static __always_inline __u32 proxy_addresses(const struct finder *f)
{
	if (f->name[12] != PROXY_RELAY)
		return 0;
	return f->name[13] == PROXY_INET ? 8 : f->name[13] == PROXY_INET6 ? 32 : 0;
}

/* All sixteen bytes before the addresses are there. */
static __always_inline enum find proxy_fixed(struct finder *f)
{
	__u32 addresses = proxy_addresses(f), length = proxy_length(f);

	if (length > PROXY_HEADER_MAX - PROXY_FIXED || (addresses && length < addresses + 4))
		return FIND_UNREADABLE;
	f->need = PROXY_FIXED + addresses;
	return addresses ? FIND_MORE : FIND_FOUND;
}

/* Byte number @n of a binary header. Of LOCAL the family is ignored. */
static __always_inline enum find proxy_binary(struct finder *f, __u8 c, __u32 n)
{
	if (n < 8)
		return c == (__u8)(PROXY_BINARY >> (8 * n)) ? FIND_MORE : FIND_UNREADABLE;
	if (n < 12)
		return c == (__u8)(PROXY_BINARY2 >> (8 * (n - 8))) ? FIND_MORE : FIND_UNREADABLE;
	if (n == 12)
		return c == PROXY_V2 || c == PROXY_RELAY ? FIND_MORE : FIND_UNREADABLE;
	if (n == 13 && f->name[12] == PROXY_RELAY && ((c >> 4) > 3 || (c & 15) > 2))
		return FIND_UNREADABLE;
	if (n + 1 == PROXY_FIXED)
		return proxy_fixed(f);
	return n + 1 < f->need ? FIND_MORE : FIND_FOUND;
}

FIND_STEP int proxy_step(struct finder *f, const struct find_chunk *c)
{
	__u32 n;
	__u8 b;

	if (!f || !c)
		return FIND_UNREADABLE;
	n = f->left;
	b = find_at(c, f->at);
	f->at++;
	f->name[find_place(n)] = b;
	f->left = n + 1;
	return f->name[0] == 'P' ? proxy_text(f, b, n) : proxy_binary(f, b, n);
}

FIND_ENTRY enum find proxy_feed(struct finder *f, const __u8 *chunk, __u32 len)
{
	return find_feed(f, chunk, len, proxy_step);
}

/* ---- reading it ------------------------------------------------------ */

static __always_inline enum find proxy_says(struct finder *f, enum preface preface)
{
	f->preface = preface;
	return FIND_FOUND;
}

/* A field of the line has ended: source, destination, and two ports. */
static __always_inline int proxy_field(struct finder *f, struct literal *l, int six)
{
	__u64 high, low;

	if (f->left2 > 1)
		return f->word != 0;
	if (!literal_end(l, six))
		return 0;
	high = __builtin_bswap64(l->high);
	low = __builtin_bswap64(l->low);
	if (f->left2 == 0) {
		__builtin_memcpy(f->client, &high, 8);
		__builtin_memcpy(f->client + 8, &low, 8);
	} else {
		__builtin_memcpy(f->server, &high, 8);
		__builtin_memcpy(f->server + 8, &low, 8);
	}
	*l = (struct literal){};
	return 1;
}

static __always_inline int proxy_port(struct finder *f, __u32 c)
{
	__u32 port = f->word ? f->word - 1 : 0;

	if (!find_is_digit(c))
		return 0;
	port = port * 10 + (c - '0');
	f->word = port + 1;
	return port < 65536;
}

/* The fields of a line, from PROXY_FIELDS to its CR. */
static __always_inline enum find proxy_fields(struct finder *f, int six)
{
	struct literal l = {};
	__u32 i, c;

	f->left2 = 0;
	f->word = 0;
	for (i = PROXY_FIELDS; i < PROXY_LINE_MAX; i++) {
		c = f->name[i];
		if (c == '\r')
			break;
		if (c == ' ') {
			if (f->left2 > 2 || !proxy_field(f, &l, six))
				return FIND_UNREADABLE;
			f->left2++;
			f->word = 0;
		} else if (f->left2 < 2 ? literal_step(&l, c) : !proxy_port(f, c)) {
			return FIND_UNREADABLE;
		}
	}
	return f->left2 == 3 && f->word ? proxy_says(f, PREFACE_CLIENT) : FIND_UNREADABLE;
}

/* Behind UNKNOWN may stand anything. */
static __always_inline enum find proxy_line(struct finder *f)
{
	__u64 w = find_load(&f->name[6]);
	__u64 family = w & 0xffffffffffULL;
	__u8 behind = w >> 56;

	if ((w & 0xffffffffffffffULL) == PROXY_UNKNOWN)
		return behind == '\r' || behind == ' ' ? proxy_says(f, PREFACE_OWN) : FIND_UNREADABLE;
	if (family != PROXY_TCP4 && family != PROXY_TCP6)
		return FIND_UNREADABLE;
	return proxy_fields(f, family == PROXY_TCP6);
}

static __always_inline void proxy_mapped(__u8 *to, const __u8 *from)
{
	__builtin_memset(to, 0, 10);
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, from, 4);
}

static __always_inline enum find proxy_block(struct finder *f)
{
	__u32 addresses = proxy_addresses(f);

	f->skip = proxy_length(f) - addresses;
	if (!addresses)
		return proxy_says(f, f->name[12] == PROXY_V2 ? PREFACE_OWN : PREFACE_HIDDEN);
	if (addresses == 8) {
		proxy_mapped(f->client, f->name + PROXY_FIXED);
		proxy_mapped(f->server, f->name + PROXY_FIXED + 4);
	} else {
		__builtin_memcpy(f->client, f->name + PROXY_FIXED, 16);
		__builtin_memcpy(f->server, f->name + PROXY_FIXED + 16, 16);
	}
	return proxy_says(f, PREFACE_CLIENT);
}

FIND_STEP int proxy_read(struct finder *f)
{
	if (!f)
		return FIND_UNREADABLE;
	return f->name[0] == 'P' ? proxy_line(f) : proxy_block(f);
}

#endif
