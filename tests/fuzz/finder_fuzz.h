/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold for any bytes whatever, for each of the finders: however they
 * are cut, the result is the same, and a name is one that the policy could list.
 */
#ifndef STRAYGATE_FUZZ_FINDER_H
#define STRAYGATE_FUZZ_FINDER_H

#include <stdio.h>

#include "tests/finders/feeder.h"

#define FUZZ_CHECK(what)                                                           \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

static inline __u32 fuzz_random(__u32 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Pieces of 1 to @most bytes, always the same ones for the same bytes. */
static inline enum find fuzz_cut(struct finder *f, feeder_begin begin, feeder_feed feed, const __u8 *p,
				 size_t len, __u32 most)
{
	__u32 seed = 2463534242U + len * 97 + (len ? p[len / 2] : 0);
	enum find r = FIND_MORE;
	size_t n;

	begin(f);
	while (len && r == FIND_MORE) {
		n = 1 + fuzz_random(&seed) % most;
		n = n < len ? n : len;
		r = feeder_segment(f, feed, p, n);
		p += n;
		len -= n;
	}
	return r == FIND_MORE ? finder_verdict(f) : r;
}

static inline void fuzz_same(const struct finder *a, enum find ra, const struct finder *b, enum find rb)
{
	FUZZ_CHECK(ra == rb);
	if (ra == FIND_FOUND) {
		FUZZ_CHECK(a->name_len == b->name_len);
		FUZZ_CHECK(!memcmp(a->name, b->name, a->name_len));
		FUZZ_CHECK(a->seen == b->seen);
		FUZZ_CHECK(a->skip == 0 && b->skip == 0);
	}
}

static inline void fuzz_name(const struct finder *f, enum find r, size_t size)
{
	size_t i;

	FUZZ_CHECK(r >= FIND_MORE && r <= FIND_UNREADABLE);
	FUZZ_CHECK(f->seen - f->skip <= size);
	if (r != FIND_FOUND)
		return;
	FUZZ_CHECK(f->found && f->name_len > 0 && f->name_len <= FIND_NAME_MAX);
	if (f->name[0] == '[') /* whether it is an address is not a finder's business */
		return;
	FUZZ_CHECK(f->name[f->name_len - 1] != '.');
	for (i = 0; i < f->name_len; i++) {
		FUZZ_CHECK(f->name[i] >= 0x20 && f->name[i] < 0x7f);
		FUZZ_CHECK(f->name[i] < 'A' || f->name[i] > 'Z');
		FUZZ_CHECK(i == 0 || f->name[i] != '.' || f->name[i - 1] != '.');
	}
}

/* Leaves the result for the whole in *f and returns it. */
static inline enum find fuzz_finder(struct finder *f, feeder_begin begin, feeder_feed feed, const __u8 *data,
				    size_t size)
{
	static const __u32 most[] = {1, 2, 5, 16, 80, 400};
	enum find r = feeder_run(f, begin, feed, data, size, size, 1);
	struct finder g;
	size_t i;

	fuzz_name(f, r, size);
	for (i = 0; i < sizeof(most) / sizeof(most[0]); i++)
		fuzz_same(f, r, &g, fuzz_cut(&g, begin, feed, data, size, most[i]));
	return r;
}

#endif
