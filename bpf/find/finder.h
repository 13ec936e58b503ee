/* SPDX-License-Identifier: GPL-2.0-or-later */
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
 * After any other answer than FIND_MORE a finder must not be fed again.
 *
 * Skipped bytes may be those of later segments: f->skip waits with the rest,
 * and the bytes that have gone by are f->seen - f->skip.
 *
 * In BPF let the finder, the chunk and the caller's own loop variables lie in
 * map values: the verifier does not follow what is in there, and so prunes one
 * pass of a loop against the next.
 */
#ifndef STRAYGATE_FINDER_H
#define STRAYGATE_FINDER_H

#include "bpf/compiler.h"

/* Bytes a call of X_feed() takes at most. Chunks lie in a buffer of
 * FIND_CHUNK + 8 bytes, so that a finder may read a whole word at any place
 * inside (what lies behind len is garbage). */
#define FIND_CHUNK 64

/* Longest name on the wire without its trailing dot (RFC 1035 2.3.4). */
#define FIND_NAME_MAX 253

/* A head that has not ended after so many bytes is not one. */
#define FIND_SEEN_MAX 65536

enum find {
	FIND_MORE,	 /* undecided, wants the bytes that follow */
	FIND_FOUND,	 /* name[0..name_len) is what the client asks for */
	FIND_NONE,	 /* well formed, and names nothing: "unnamed" */
	FIND_UNREADABLE, /* not the protocol that is spoken here, or a trick */
};

/*
 * The state of a finder: what must survive from one segment to the next.
 * The name is kept normalised: lower case, no port, no trailing dot, no
 * brackets lost (an IPv6 literal keeps them: "[2001:db8::1]"). What lies
 * behind name_len in name[] is garbage.
 */
struct finder {
	__u8 state;	/* the finder's own; 0 at the beginning */
	__u8 found;	/* a complete name was seen (finder_verdict) */
	__u16 name_len; /* bytes in name[] */
	__u32 skip;	/* bytes ahead that the finder need not see */
	__u32 seen;	/* bytes consumed so far, those of skip included */
	__u32 left;	/* the finder's own counters ... */
	__u32 left2;
	__u32 left3;
	__u32 word;	    /* a field that is being collected */
	__u16 flags;	    /* the finder's own */
	__u16 extra;	    /* the finder's own */
	__u64 acc;	    /* the bytes of a longer field, the last one lowest */
	__u32 need;	    /* bytes that the field still lacks */
	__u32 at;	    /* place in the chunk and bytes in it: */
	__u32 len;	    /* they mean nothing between two feeds */
	__u8 name[256 + 8]; /* with slack for storing a word at any place */
	__u8 preface;	    /* what goes before: see proxy.h, which alone writes these three */
	__u8 client[16];    /* IPv4 v4-mapped */
	__u8 server[16];
};

_Static_assert(sizeof(struct finder) <= 352, "a finder waits in a map for every undecided visit");

static __always_inline enum find finder_verdict(const struct finder *f)
{
	return f->found ? FIND_FOUND : FIND_MORE;
}

/* ---- what follows is for the finders themselves ---- */

/* X_begin() and X_feed(), and the steps that X_feed() takes: see find_feed().
 * Tests take the address of these, which a function that is always inlined
 * does not have. */
#ifdef __bpf__
#define FIND_ENTRY static __always_inline
#define FIND_STEP  __attribute__((noinline))
#else
#define FIND_ENTRY static inline
#define FIND_STEP  static inline
#endif

/* The same byte eight times: constants of the word-wise tests. */
#define FIND_EACH(c) (0x0101010101010101ULL * (__u64)(c))

/* name[] need not be cleared: nothing behind name_len is ever read. */
static __always_inline void find_reset(struct finder *f)
{
	f->state = 0;
	f->found = 0;
	f->name_len = 0;
	f->skip = 0;
	f->seen = 0;
	f->left = 0;
	f->left2 = 0;
	f->left3 = 0;
	f->word = 0;
	f->flags = 0;
	f->extra = 0;
	f->acc = 0;
	f->need = 0;
	f->at = 0;
	f->len = 0;
}

/* The end of every feed: counts, and takes back a name that turned out bad. */
static __always_inline enum find find_end(struct finder *f, enum find r)
{
	f->seen += f->at + f->skip;
	if (f->seen > FIND_SEEN_MAX)
		r = FIND_UNREADABLE;
	if (r == FIND_NONE || r == FIND_UNREADABLE) {
		f->found = 0;
		f->name_len = 0;
	}
	return r;
}

/* Eight bytes, the first one lowest. For BPF memcpy() becomes eight loads,
 * because its alignment is strict by default; where we run it need not be. */
static __always_inline __u64 find_load(const __u8 *p)
{
	__u64 w;

#ifdef __bpf__
	w = *(const __u64 *)p;
#else
	__builtin_memcpy(&w, p, sizeof(w));
#endif
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static __always_inline void find_store(__u8 *p, __u64 w)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
#ifdef __bpf__
	*(__u64 *)p = w;
#else
	__builtin_memcpy(p, &w, sizeof(w));
#endif
}

/* Bytes of @mask (0x80 marks a hit) before its first hit; 8 if there is none. */
static __always_inline __u32 find_first(__u64 mask)
{
	__u64 below = ((mask & -mask) >> 7) - 1; /* 0xff in each byte before */

	return mask ? ((below & FIND_EACH(1)) * FIND_EACH(1)) >> 56 : 8;
}

/* Which bytes of a word are below @limit (at most 0x80) or DEL. Exact for the
 * first hit, which is the one that counts: a borrow only runs upwards. */
static __always_inline __u64 find_below(__u64 w, __u8 limit)
{
	__u64 low = w - FIND_EACH(limit);
	__u64 del = (w ^ FIND_EACH(0x7f)) - FIND_EACH(1);

	return (low | del) & ~w & FIND_EACH(0x80);
}

static __always_inline int find_is_digit(__u8 c)
{
	return (__u8)(c - '0') < 10;
}

static __always_inline int find_is_alpha(__u8 c)
{
	return (__u8)((c | 0x20) - 'a') < 26;
}

static __always_inline __u8 find_lower(__u8 c)
{
	return (__u8)(c - 'A') < 26 ? c | 0x20 : c;
}

/* Is @c in a set of ASCII bytes, given as one bit each? */
static __always_inline int find_in(__u8 c, __u64 low, __u64 high)
{
	__u64 set = c & 0x40 ? high : low;

	return !(c & 0x80) && (set >> (c & 63) & 1);
}

/* Letters, digits, "-", "_" and "." are what a name on a web server is made
 * of. RFC 3986 3.2.2 allows more in a reg-name; no resolver finds such names. */
static __always_inline int find_is_name(__u8 c)
{
	return find_in(c, 0x03ff600000000000ULL, 0x07fffffe87fffffeULL);
}

/* A place in name[]. clang-19 finds the mask needless where a length was tested
 * before, on a copy that the verifier no longer connects with it: so it must not
 * know where the length comes from. */
static __always_inline __u32 find_place(__u32 n)
{
#ifdef __bpf__
	opaque(n);
#endif
	return n & 255;
}

/* Appends a byte to the name. No label may be empty; the trailing dot is kept
 * until find_close(), for only then it is known to be the last. */
static __always_inline enum find find_push(struct finder *f, __u8 c)
{
	__u32 n = f->name_len;

	if (n > FIND_NAME_MAX)
		return FIND_UNREADABLE;
	if (c == '.' && (n == 0 || f->name[find_place(n - 1)] == '.'))
		return FIND_UNREADABLE;
	f->name[find_place(n)] = find_lower(c);
	f->name_len = n + 1;
	return FIND_MORE;
}

/* The name is complete: drops its trailing dot. */
static __always_inline enum find find_close(struct finder *f)
{
	__u32 n = f->name_len;

	if (n == 0)
		return FIND_UNREADABLE;
	if (f->name[find_place(n - 1)] == '.')
		n--;
	if (n > FIND_NAME_MAX)
		return FIND_UNREADABLE;
	f->name_len = n;
	return FIND_MORE;
}

/* Which bytes of a word are within @first .. @last, both in 1 .. 0x7f. */
static __always_inline __u64 find_range(__u64 w, __u8 first, __u8 last)
{
	__u64 low = w & FIND_EACH(0x7f); /* no sum runs over into the next byte */

	return (low + FIND_EACH(0x80 - first)) & ~(low + FIND_EACH(0x7f - last)) & ~w & FIND_EACH(0x80);
}

/* Appends the bytes of @w up to the first that is not in @valid, @max at most,
 * in lower case. Returns how many; 0 to have the next one looked at alone. */
static __always_inline __u32 find_take(struct finder *f, __u64 w, __u64 valid, __u32 max)
{
	__u32 n = f->name_len, k = find_first(~valid & FIND_EACH(0x80));

	k = k < max ? k : max;
	if (n + 8 > FIND_NAME_MAX)
		return 0;
	find_store(&f->name[find_place(n)], w | find_range(w, 'A', 'Z') >> 2);
	f->name_len = n + k;
	return k;
}

/* The same for a name; its first dot and doubled ones are left to find_push(). */
static __always_inline __u32 find_take_name(struct finder *f, __u64 w, __u32 max)
{
	__u64 dots = find_range(w, '.', '.');
	__u64 valid = find_range(w | FIND_EACH(0x20), 'a', 'z') | find_range(w, '0', '9') |
		      find_range(w, '-', '-') | (dots & ~(dots << 8 | 0x80));

	return find_take(f, w, valid, max);
}

/* Collects a big-endian field of f->need bytes into f->word: whole when the
 * @avail bytes of @w hold it, else its next byte. Returns the bytes taken. */
static __always_inline __u32 find_collect(struct finder *f, __u64 w, __u32 avail)
{
	__u32 n = f->need;

	if (n == 0 || n > 4 || n > avail) {
		f->word = f->word << 8 | (w & 0xff);
		f->need = n - 1;
		return 1;
	}
	f->word = (__u64)f->word << (8 * n) | __builtin_bswap32((__u32)w) >> (32 - 8 * n);
	f->need = 0;
	return n;
}

/*
 * A finder is a function that takes a step:
 *
 *	int X_step(struct finder *f, const struct find_chunk *c);
 *
 * There is a byte at least at f->at; it moves f->at by one or more. In BPF it
 * is a global function, which the verifier looks at once and not at each of
 * the FIND_CHUNK calls; that it then knows nothing about *f is what we want.
 */
struct find_chunk {
	__u8 bytes[FIND_CHUNK + 8];
};

/* The bytes from @at on. */
static __always_inline __u64 find_at(const struct find_chunk *c, __u32 at)
{
	return find_load(&c->bytes[at & (FIND_CHUNK - 1)]);
}

/* Feeds a whole chunk. Every step takes a byte at least, so this ends. */
static __always_inline enum find find_feed(struct finder *f, const __u8 *chunk, __u32 len,
					   int (*step)(struct finder *f, const struct find_chunk *c))
{
	int r = FIND_MORE;
	__u32 i;

	f->at = 0;
	f->len = len;
	for (i = 0; i < FIND_CHUNK && r == FIND_MORE; i++) {
		if (f->at >= f->len)
			break;
		r = step(f, (const struct find_chunk *)chunk);
	}
	return find_end(f, r);
}

#endif
