/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the finder of HTTP stands in a head, and what it has seen: see http.h. */
#ifndef STRAYGATE_HTTP_STATE_H
#define STRAYGATE_HTTP_STATE_H

#include "bpf/find/finder.h"

/* RFC 9112 2.2 wants one empty line before a request ignored. */
#define HTTP_EMPTY_MAX	16
#define HTTP_METHOD_MAX 32
#define HTTP_SCHEME_MAX 16
/* "[" + the longest form of RFC 4291 2.2 + "]" */
#define HTTP_LITERAL_MAX 47

/* From HTTP_HOST to HTTP_PAD a host is being read or has been. */
enum http_state {
	HTTP_START,   /* before the method, empty lines */
	HTTP_METHOD,  /* in f->acc, its length in f->left */
	HTTP_TARGET,  /* first byte of the target */
	HTTP_STAR,    /* "*" was the first */
	HTTP_SCHEME,  /* of an absolute form */
	HTTP_SLASHES, /* the two behind the scheme, f->left seen */
	HTTP_ACME,    /* the target so far is the beginning of a challenge's, f->left bytes of it */
	HTTP_TOKEN,   /* behind all of it: f->left bytes of a token */
	HTTP_PATH,    /* rest of the target */
	HTTP_VERSION, /* in f->acc, its length in f->left */
	HTTP_LINE,    /* first byte of a field line, or of the empty one */
	HTTP_FIELD,   /* f->left bytes of "host" seen */
	HTTP_VALUE,   /* rest of a line that is of no interest */
	HTTP_OWS,     /* space before the value of Host */
	HTTP_HOST,    /* a name; in the target if HTTP_F_TARGET, else in Host */
	HTTP_LITERAL, /* an address in brackets */
	HTTP_TAIL,    /* behind the bracket */
	HTTP_PORT,
	HTTP_PAD,     /* space behind the value of Host */
	HTTP_CR,      /* CR seen, in state f->extra */
	HTTP_PREFACE, /* behind HTTP/2's "PRI * HTTP/2.0": f->left bytes, in f->acc */
	HTTP_SAME,    /* Host behind a target with a name: f->left bytes are that name's */
};

enum http_flags {
	HTTP_F_NOFOLD = 1 << 0, /* the line before must not be continued */
	HTTP_F_HOST = 1 << 1,	/* a Host line was seen */
	HTTP_F_TARGET = 1 << 2, /* the name is the target's, and no Host was seen yet */
	HTTP_F_GET = 1 << 3,
	HTTP_F_CONNECT = 1 << 4,
	HTTP_F_PRI = 1 << 5,
	HTTP_F_HEAD = 1 << 6,
	HTTP_F_ACME = 1 << 7, /* the target is that of an HTTP-01 challenge (RFC 8555 8.3) */
};

/* "/" and this is the path of a challenge. Then a token follows, of base64url and nothing
 * else: no "..", no "%", no "?", so that no server takes it for another path. */
#define HTTP_ACME_LENGTH 27
#define HTTP_ACME_0	 0x6e6b2d6c6c65772eULL /* ".well-kn", the first byte lowest */
#define HTTP_ACME_1	 0x656d63612f6e776fULL /* "own/acme" */
#define HTTP_ACME_2	 0x6e656c6c6168632dULL /* "-challen" */
#define HTTP_ACME_3	 0x2f6567ULL	       /* "ge/" */

/* Strings as f->acc holds them: the last byte lowest. */
#define HTTP_GET      0x474554ULL	    /* "GET" */
#define HTTP_HEAD     0x48454144ULL	    /* "HEAD" */
#define HTTP_PRI      0x505249ULL	    /* "PRI" */
#define HTTP_CONNECT  0x434f4e4e454354ULL   /* "CONNECT" */
#define HTTP_1	      0x485454502f312e00ULL /* "HTTP/1." and a digit */
#define HTTP_2	      0x485454502f322e30ULL /* "HTTP/2.0" */
#define HTTP_PREFACE2 0x0d0a534d0d0a0d0aULL /* "\r\nSM\r\n\r\n" */

/* A line that does not continue the one before: then that one is complete. The name
 * of a target waits for Host. */
static __always_inline void http_unfolded(struct finder *f)
{
	f->flags &= ~HTTP_F_NOFOLD;
	f->found = f->name_len != 0 && !(f->flags & HTTP_F_TARGET);
}

#endif
