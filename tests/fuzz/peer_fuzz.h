/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A finder against an independent parser. The finder may be the stricter one:
 * it may find less than the parser. But a name that it finds is the one that
 * the parser finds, or the parser refuses the whole.
 *
 * Both in one go and in segments, where the gate has to judge by what is there.
 */
#ifndef STRAYGATE_FUZZ_PEER_FUZZ_H
#define STRAYGATE_FUZZ_PEER_FUZZ_H

#include "finder_fuzz.h"
#include "peer.h"

typedef void (*peer_ask)(const uint8_t *data, size_t size, struct peer *p);

/* How often which of them said what: agreement upon nothing shows nothing. */
static uint64_t peer_tally[FIND_UNREADABLE + 1][SAID_COUNT];

static void peer_report(void)
{
	static const char *const finds[] = {"more", "found", "none", "unreadable"};
	int r;

	fprintf(stderr, "finder      parser: refused        more     nothing       twice        name\n");
	for (r = 0; r <= FIND_UNREADABLE; r++)
		fprintf(stderr, "%-12s %14lu %11lu %11lu %11lu %11lu\n", finds[r],
			(unsigned long)peer_tally[r][SAID_REFUSED], (unsigned long)peer_tally[r][SAID_MORE],
			(unsigned long)peer_tally[r][SAID_NOTHING], (unsigned long)peer_tally[r][SAID_TWICE],
			(unsigned long)peer_tally[r][SAID_NAME]);
	fprintf(stderr, "agreed on a name %lu times\n", (unsigned long)peer_tally[FIND_FOUND][SAID_NAME]);
}

/* libFuzzer's own beginning; each target is a program of its own. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(peer_report);
}

static inline int peer_same(const struct finder *f, const struct peer *p)
{
	return p->said == SAID_NAME && p->len == f->name_len && !memcmp(p->name, f->name, p->len);
}

/* In segments, as a listener over TCP judges it: by the first that tells. */
static inline enum find peer_segments(struct finder *f, feeder_begin begin, feeder_feed feed, const __u8 *p,
				      size_t len, __u32 *seed)
{
	enum find r = FIND_MORE;
	size_t n;

	begin(f);
	while (len && r == FIND_MORE) {
		n = 1 + fuzz_random(seed) % (fuzz_random(seed) & 1 ? len : 8);
		n = n < len ? n : len;
		r = feeder_segment(f, feed, p, n);
		if (r == FIND_MORE)
			r = finder_verdict(f);
		p += n;
		len -= n;
	}
	return r;
}

/* Leaves the result for the whole in *f and returns it. */
static inline enum find peer_fuzz(struct finder *f, feeder_begin begin, feeder_feed feed, const __u8 *data,
				  size_t size, const struct peer *p)
{
	__u32 seed = 0x9e3779b9U + size * 131 + (size ? data[size - 1] : 0), i;
	enum find r = feeder_run(f, begin, feed, data, size, size, 1);
	struct finder g;

	peer_tally[r][p->said]++;
	if (r == FIND_FOUND)
		FUZZ_CHECK(p->said == SAID_REFUSED || p->said == SAID_MORE || peer_same(f, p));
	for (i = 0; i < 3; i++)
		/* What must not be there twice may come the second time behind
		 * the segment that tells: then it is refused (RFC 9112 3.2). */
		if (peer_segments(&g, begin, feed, data, size, &seed) == FIND_FOUND)
			FUZZ_CHECK(p->said == SAID_REFUSED || p->said == SAID_MORE || p->said == SAID_TWICE ||
				   peer_same(&g, p));
	return r;
}

#endif
