/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the server name (RFC 6066 3) in a ClientHello (RFC 8446 4.1.2).
 *
 * Two layers in one pass: records carry a handshake message that may be cut
 * over them anywhere, even within a length field (RFC 8446 5.1). Each field is
 * collected in f->word and then judged by what it is, f->state; what lies
 * between two fields is passed over, as far as the record goes by f->skip, so
 * that the caller need not even load it.
 *
 * The first complete host_name is the answer: extensions come in random order
 * in a browser's hello, so looking for a second one would mean to wait for the
 * end of every hello. The outer name of an encrypted hello is just a name.
 *
 *	f->left   bytes left in the record
 *	f->left2  bytes of the hello that no field and no gap has claimed yet
 *	f->left3  bytes to pass over before the next field
 *	f->extra  bytes left in the server name extension
 *	f->acc    header of a record, f->flags bytes of it
 */
#ifndef STRAYGATE_TLS_H
#define STRAYGATE_TLS_H

#include "bpf/find/finder.h"

#define TLS_RECORD_HEADER 5
#define TLS_RECORD_MAX	  16384 /* RFC 8446 5.1 */
#define TLS_HELLO_MAX	  16384
#define TLS_HANDSHAKE	  22
#define TLS_CLIENT_HELLO  1
#define TLS_RANDOM	  32
#define TLS_SESSION_MAX	  32
#define TLS_SERVER_NAME	  0
#define TLS_HOST_NAME	  0

/* The field that is being collected. */
enum tls_state {
	TLS_TYPE,	/* of the handshake message */
	TLS_LENGTH,	/* of the handshake message */
	TLS_VERSION,	/* legacy_version; the random follows */
	TLS_SESSION,	/* length of legacy_session_id */
	TLS_CIPHERS,	/* length of cipher_suites */
	TLS_METHODS,	/* length of legacy_compression_methods */
	TLS_EXTENSIONS, /* length of them all */
	TLS_EXTENSION,	/* type and length of one */
	TLS_NAMES,	/* length of server_name_list */
	TLS_ENTRY,	/* name_type and length of one entry of it */
	TLS_NAME,	/* host_name itself, f->need bytes to come */
};

FIND_ENTRY void tls_begin(struct finder *f)
{
	find_reset(f);
	f->need = 1;
}

/* Next comes a field of @need bytes, @gap bytes further on. */
static __always_inline enum find tls_next(struct finder *f, __u32 gap, enum tls_state state, __u32 need)
{
	if (gap + need > f->left2)
		return FIND_UNREADABLE;
	f->left2 -= gap + need;
	f->left3 = gap;
	f->state = state;
	f->need = need;
	f->word = 0;
	return FIND_MORE;
}

static __always_inline enum find tls_length(struct finder *f, __u32 length)
{
	if (length > TLS_HELLO_MAX)
		return FIND_UNREADABLE;
	f->left2 = length;
	return tls_next(f, 0, TLS_VERSION, 2);
}

static __always_inline enum find tls_extension(struct finder *f, __u32 type, __u32 length)
{
	if (type != TLS_SERVER_NAME) {
		if (length == f->left2)
			return FIND_NONE;
		return tls_next(f, length, TLS_EXTENSION, 4);
	}
	/* What remains is nothing or another extension. */
	if (length > f->left2 || (__u32)(f->left2 - length - 1) < 3)
		return FIND_UNREADABLE;
	f->extra = length;
	return length < 2 ? FIND_UNREADABLE : tls_next(f, 0, TLS_NAMES, 2);
}

static __always_inline enum find tls_entry_next(struct finder *f, __u32 gap)
{
	if (f->extra < 3)
		return FIND_UNREADABLE;
	f->extra -= 3;
	return tls_next(f, gap, TLS_ENTRY, 3);
}

static __always_inline enum find tls_names(struct finder *f, __u32 length)
{
	if (length + 2 != f->extra)
		return FIND_UNREADABLE;
	f->extra = length;
	return tls_entry_next(f, 0);
}

/* RFC 6066 3: whatever the type of a name, it begins with its length. */
static __always_inline enum find tls_entry(struct finder *f, __u32 type, __u32 length)
{
	__u32 rest = f->extra;

	if (length == 0 || length > rest)
		return FIND_UNREADABLE;
	rest -= length;
	f->extra = rest;
	if (rest && rest < 4)
		return FIND_UNREADABLE;
	if (type == TLS_HOST_NAME)
		return length > FIND_NAME_MAX + 1 ? FIND_UNREADABLE : tls_next(f, 0, TLS_NAME, length);
	return rest ? tls_entry_next(f, length) : FIND_NONE;
}

/* A field is complete. */
static __always_inline enum find tls_field(struct finder *f)
{
	__u32 v = f->word;

	switch (f->state) {
	case TLS_TYPE:
		f->left2 = 3;
		return v != TLS_CLIENT_HELLO ? FIND_UNREADABLE : tls_next(f, 0, TLS_LENGTH, 3);
	case TLS_LENGTH:
		return tls_length(f, v);
	case TLS_VERSION:
		return v >> 8 != 3 ? FIND_UNREADABLE : tls_next(f, TLS_RANDOM, TLS_SESSION, 1);
	case TLS_SESSION:
		return v > TLS_SESSION_MAX ? FIND_UNREADABLE : tls_next(f, v, TLS_CIPHERS, 2);
	case TLS_CIPHERS:
		return v < 2 || v & 1 ? FIND_UNREADABLE : tls_next(f, v, TLS_METHODS, 1);
	case TLS_METHODS:
		if (v == f->left2 && v)
			return FIND_NONE; /* a hello without extensions */
		return v == 0 ? FIND_UNREADABLE : tls_next(f, v, TLS_EXTENSIONS, 2);
	case TLS_EXTENSIONS:
		if (v != f->left2)
			return FIND_UNREADABLE;
		return v == 0 ? FIND_NONE : tls_next(f, 0, TLS_EXTENSION, 4);
	case TLS_EXTENSION:
		return tls_extension(f, v >> 16, v & 0xffff);
	case TLS_NAMES:
		return tls_names(f, v);
	default: /* TLS_ENTRY */
		return tls_entry(f, v >> 16, v & 0xffff);
	}
}

/* RFC 6066 3 wants no address in here, but "192.0.2.1" is spelt like a name. */
static __always_inline enum find tls_name(struct finder *f, __u64 w, __u32 avail)
{
	__u32 max = avail < f->need ? avail : f->need;
	__u32 n = find_take_name(f, w, max);

	if (n == 0) {
		if (!find_is_name(w & 0xff) || find_push(f, w & 0xff) != FIND_MORE)
			return FIND_UNREADABLE;
		n = 1;
	}
	f->at += n;
	f->left -= n;
	f->need -= n;
	if (f->need)
		return FIND_MORE;
	if (find_close(f) != FIND_MORE)
		return FIND_UNREADABLE;
	f->found = 1;
	return FIND_FOUND;
}

/* One byte of a record's header. The first two are judged at once: they tell
 * TLS from all else, SSLv2 included. */
static __always_inline enum find tls_record(struct finder *f, __u8 c)
{
	__u32 n = f->flags + 1U, length;

	if ((n == 1 && c != TLS_HANDSHAKE) || (n == 2 && c != 3))
		return FIND_UNREADABLE;
	f->at++;
	f->acc = f->acc << 8 | c;
	f->flags = n;
	if (n < TLS_RECORD_HEADER)
		return FIND_MORE;
	length = f->acc & 0xffff;
	f->flags = 0;
	f->left = length;
	/* An empty one is not allowed for a handshake (RFC 8446 5.1). */
	return length == 0 || length > TLS_RECORD_MAX ? FIND_UNREADABLE : FIND_MORE;
}

/* Passes over what lies before the next field, as far as this record goes:
 * what is in hand now, the rest by f->skip. */
static __always_inline void tls_gap(struct finder *f, __u32 avail)
{
	__u32 n = f->left3 < f->left ? f->left3 : f->left;

	f->left3 -= n;
	f->left -= n;
	if (n > avail) {
		f->skip = n - avail;
		n = avail;
	}
	f->at += n;
}

FIND_STEP int tls_step(struct finder *f, const struct find_chunk *c)
{
	__u32 n, avail;
	__u64 w;

	if (!f || !c)
		return FIND_UNREADABLE;
	if (f->left && f->left3) {
		tls_gap(f, f->len - f->at);
		if (f->at >= f->len)
			return FIND_MORE;
	}
	w = find_at(c, f->at);
	if (!f->left)
		return tls_record(f, w & 0xff);
	avail = f->len - f->at;
	avail = avail < f->left ? avail : f->left;
	if (f->state == TLS_NAME)
		return tls_name(f, w, avail);
	n = find_collect(f, w, avail);
	f->at += n;
	f->left -= n;
	return f->need ? FIND_MORE : tls_field(f);
}

FIND_ENTRY enum find tls_feed(struct finder *f, const __u8 *chunk, __u32 len)
{
	return find_feed(f, chunk, len, tls_step);
}

#endif
