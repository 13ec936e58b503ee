/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Eight bytes at once through what is of no interest in a head: see http.h. */
#ifndef STRAYGATE_HTTP_LEAP_H
#define STRAYGATE_HTTP_LEAP_H

#include "bpf/find/http_state.h"

/* Where the next byte below @limit is, or the end of what is in hand. */
static __always_inline __u32 http_scan(const struct finder *f, const struct find_chunk *c, __u8 limit)
{
	__u32 i, n, at = f->at;

	for (i = 0; i < FIND_CHUNK / 8; i++) {
		n = find_first(find_below(find_at(c, at), limit));
		at += n;
		if (n < 8 || at >= f->len)
			break;
	}
	return at < f->len ? at : f->len;
}

/* The rest of a line of no interest, its end, and the first byte of the next
 * line if it shows that this is of no interest either. */
static __always_inline __u32 http_leap_value(struct finder *f, const struct find_chunk *c)
{
	__u32 at = http_scan(f, c, 0x20);
	__u64 w = find_at(c, at);
	__u8 first = w >> 16;

	if (at + 2 > f->len || (w & 0xffff) != 0x0a0d)
		return at;
	f->state = HTTP_LINE;
	if (at + 2 == f->len || !find_is_alpha(first) || (first | 0x20) == 'h')
		return at + 2;
	http_unfolded(f);
	f->state = HTTP_VALUE;
	return at + 3;
}

/* "HTTP/1.1" with its line end, or "Host: ", as a whole. Returns its length. */
static __always_inline __u32 http_leap_word(struct finder *f, __u64 w, __u32 avail)
{
	__u8 state = f->state;

	if (state == HTTP_START && avail >= 5 && (w & 0xffffffffffULL) == 0x2f20544547ULL /* "GET /" */) {
		f->flags = HTTP_F_GET;
		f->left = 0;
		f->state = avail == 5 || (__u8)(w >> 40) == '.' ? HTTP_ACME : HTTP_PATH;
		return 5;
	}
	if (state == HTTP_VERSION && f->left == 0 && avail >= 8 && !find_below(w, 0x21)) {
		f->acc = __builtin_bswap64(w);
		f->left = 8;
		return 8;
	}
	if (state == HTTP_LINE && avail >= 4 && ((__u32)w | 0x20202020) == 0x74736f68 /* "host" */) {
		http_unfolded(f);
		f->state = HTTP_FIELD;
		f->left = 4;
		return 4;
	}
	return 0;
}

/* Most of a head is of no interest: looks at eight bytes at once. Leaves f->at
 * as it is to have the next byte looked at alone. */
static __always_inline void http_leap(struct finder *f, const struct find_chunk *c)
{
	__u32 n, at = f->at, avail = f->len - at;
	__u64 w = find_at(c, at);

	switch (f->state) {
	case HTTP_VALUE:
		f->at = http_leap_value(f, c);
		return;
	case HTTP_PATH:
		f->at = http_scan(f, c, 0x21);
		return;
	case HTTP_OWS:
	case HTTP_HOST:
		n = find_take_name(f, w, avail);
		if (n)
			f->state = HTTP_HOST;
		break;
	default:
		n = http_leap_word(f, w, avail);
	}
	f->at = at + n;
}

#endif
