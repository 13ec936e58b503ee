/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PROXY header and the finder behind it, fed as the data path feeds them. Shared by
 * the unit tests and the fuzzers.
 */
#ifndef STRAYGATE_TESTS_PROXIED_H
#define STRAYGATE_TESTS_PROXIED_H

#include "bpf/find/http.h"
#include "bpf/find/proxy.h"
#include "bpf/find/tls.h"
#include "tests/finders/feeder.h"

/* The header alone, cut as by feeder_run(). used: bytes that it took, without those
 * that it skips. */
static inline enum find proxied_header(struct finder *f, const void *bytes, size_t len, size_t first,
				       size_t step, size_t *used)
{
	const __u8 *p = bytes;
	enum find r = FIND_MORE;
	size_t n, left = first < len ? first : len;

	memset(f, 0xa5, sizeof(*f));
	proxy_begin(f);
	*used = 0;
	while (len && r == FIND_MORE) {
		n = left < FIND_CHUNK ? left : FIND_CHUNK;
		r = feeder_chunk(f, proxy_feed, p, n);
		*used += r == FIND_MORE ? n : f->at;
		p += n;
		len -= n;
		left -= n;
		if (!left)
			left = step < len ? step : len;
	}
	return r == FIND_FOUND ? (enum find)proxy_read(f) : r;
}

/* What is left of the chunk is the protocol's, but for what the header skips. */
static inline enum find proxied_rest(struct finder *f, feeder_begin begin, feeder_feed feed,
				     const __u8 *chunk, __u32 len)
{
	__u8 rest[FIND_CHUNK + 8] = {0};
	__u32 skip = f->skip, n = len - f->at, at = f->at, jump;
	enum find r = FIND_MORE;

	begin(f);
	jump = skip < n ? skip : n;
	f->skip = f->seen = skip;
	f->skip -= jump;
	n -= jump;
	memcpy(rest, chunk + at + jump, n);
	if (n)
		r = feed(f, rest, n);
	return r;
}

static inline enum find proxied_feed(struct finder *f, feeder_begin begin, feeder_feed feed,
				     const __u8 *chunk, __u32 len)
{
	enum find r;

	if (f->preface != PREFACE_OPEN)
		return feed(f, chunk, len);
	r = proxy_feed(f, chunk, len);
	if (r == FIND_FOUND)
		r = (enum find)proxy_read(f);
	return r == FIND_FOUND ? proxied_rest(f, begin, feed, chunk, len) : r;
}

static inline enum find proxied_http_feed(struct finder *f, const __u8 *chunk, __u32 len)
{
	return proxied_feed(f, http_begin, http_feed, chunk, len);
}

static inline enum find proxied_tls_feed(struct finder *f, const __u8 *chunk, __u32 len)
{
	return proxied_feed(f, tls_begin, tls_feed, chunk, len);
}

#endif
