/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the three finders of names have in common.
 *
 * A finder reads the first bytes that a client sends and says which name they
 * ask for. It is plain C without libc, so the same header is compiled into the
 * BPF object and into the host's unit tests and fuzzers; and it is resumable,
 * because half of all ClientHellos of a current browser carry their name in
 * the second segment. All it knows stands in struct finder, which can wait in
 * a map between two segments.
 *
 * The caller hands over the bytes in order, in chunks of at most FIND_CHUNK:
 *
 *	X_begin(f);
 *	while (there are bytes in hand) {
 *		if (f->skip) { jump over min(f->skip, in hand); f->skip -= ..; continue; }
 *		r = X_feed(f, chunk, len);
 *		if (r != FIND_MORE) return r;
 *	}
 *	return finder_verdict(f);
 *
 * finder_verdict() is what can be said with what is in hand: FIND_FOUND when a
 * complete name was seen although the head is not complete yet, else FIND_MORE.
 */
#ifndef STRAYGATE_FINDER_H
#define STRAYGATE_FINDER_H

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* Bytes a call of X_feed() takes at most. Chunks lie in a buffer of
 * FIND_CHUNK + 8 bytes, so that a finder may read a whole word at any place
 * inside (what lies behind len is garbage). */
#define FIND_CHUNK 64

/* Longest name on the wire without its trailing dot (RFC 1035 2.3.4). */
#define FIND_NAME_MAX 253

enum find {
	FIND_MORE,	 /* undecided, wants the bytes that follow */
	FIND_FOUND,	 /* name[0..name_len) is what the client asks for */
	FIND_NONE,	 /* well formed, and names nothing: "unnamed" */
	FIND_UNREADABLE, /* not the protocol that is spoken here, or a trick */
};

/*
 * The state of a finder: what must survive from one segment to the next.
 * The name is kept normalised: lower case, no port, no trailing dot, no
 * brackets lost (an IPv6 literal keeps them: "[2001:db8::1]").
 */
struct finder {
	__u8 state;	/* the finder's own; 0 at the beginning */
	__u8 found;	/* a complete name was seen (finder_verdict) */
	__u16 name_len; /* bytes in name[] */
	__u32 skip;	/* bytes ahead that the finder need not see */
	__u32 seen;	/* bytes consumed so far, skipped ones included */
	__u32 left;	/* the finder's own counters ... */
	__u32 left2;
	__u32 left3;
	__u32 word;  /* a field that is being collected */
	__u16 flags; /* the finder's own */
	__u16 extra; /* the finder's own */
	__u8 name[256];
};

static __always_inline enum find finder_verdict(const struct finder *f)
{
	return f->found ? FIND_FOUND : FIND_MORE;
}

#endif
