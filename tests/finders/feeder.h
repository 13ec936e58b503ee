/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drives a finder over a string of bytes as the data path does: in segments,
 * each in chunks of FIND_CHUNK, jumping where the finder says so. Shared by the
 * unit tests and the fuzzers.
 */
#ifndef STRAYGATE_TESTS_FEEDER_H
#define STRAYGATE_TESTS_FEEDER_H

#include <stdlib.h>
#include <string.h>

#include "bpf/find/finder.h"

typedef void (*feeder_begin)(struct finder *f);
typedef enum find (*feeder_feed)(struct finder *f, const __u8 *chunk, __u32 len);

/* Bytes behind len are garbage by contract: now such as end what is being
 * looked for, now such as go on with it. */
static inline enum find feeder_chunk(struct finder *f, feeder_feed feed, const __u8 *p, __u32 len)
{
	__u8 chunk[FIND_CHUNK + 8];

	memset(chunk, len & 1 ? '\n' : 'a', sizeof(chunk));
	memcpy(chunk, p, len);
	return feed(f, chunk, len);
}

/* One segment. */
static inline enum find feeder_segment(struct finder *f, feeder_feed feed, const __u8 *p, size_t len)
{
	enum find r = FIND_MORE;
	size_t n;

	while (len && r == FIND_MORE) {
		if (f->skip) {
			n = f->skip < len ? f->skip : len;
			f->skip -= n;
		} else {
			n = len < FIND_CHUNK ? len : FIND_CHUNK;
			r = feeder_chunk(f, feed, p, n);
		}
		p += n;
		len -= n;
	}
	return r;
}

/* The whole, cut after each @step bytes from @first on. */
static inline enum find feeder_run(struct finder *f, feeder_begin begin, feeder_feed feed, const void *bytes,
				   size_t len, size_t first, size_t step)
{
	const __u8 *p = bytes;
	enum find r = FIND_MORE;
	size_t n = first < len ? first : len;

	memset(f, 0xa5, sizeof(*f)); /* X_begin() is to set all that matters */
	begin(f);
	while (len && r == FIND_MORE) {
		r = feeder_segment(f, feed, p, n);
		p += n;
		len -= n;
		n = step < len ? step : len;
	}
	return r == FIND_MORE ? finder_verdict(f) : r;
}

#endif
