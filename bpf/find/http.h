/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the host that an HTTP/1.x request asks for (RFC 9112).
 *
 * A target in absolute or authority form names the host (RFC 9112 3.2.2), but
 * node, Python, Varnish and Apache partly go by Host all the same: a Host field
 * behind such a target has to be empty or say the same name, with any port.
 * Where servers are known to disagree about what a head means (two names that
 * differ, a folded or doubled Host, a space before its colon, a bare CR, a
 * userinfo), it is unreadable rather than guessed: a wrong name is worse than none.
 *
 * http_feed() says FIND_FOUND at the end of the head only, but sets f->found
 * as soon as the line that names the host is complete, which is to say when the
 * next one has begun: else a server that unfolds lines would see another name
 * in "Host: a", end of segment, " .b". See finder_verdict().
 */
#ifndef STRAYGATE_HTTP_H
#define STRAYGATE_HTTP_H

#include "bpf/find/finder.h"
#include "bpf/find/http_leap.h"
#include "bpf/find/http_state.h"

FIND_ENTRY void http_begin(struct finder *f)
{
	find_reset(f);
}

/* tchar of RFC 9110 5.6.2 */
static __always_inline int http_is_token(__u8 c)
{
	return find_in(c, 0x03ff6cfa00000000ULL, 0x57ffffffc7fffffeULL);
}

static __always_inline int http_is_space(__u8 c)
{
	return c == ' ' || c == '\t';
}

static __always_inline enum find http_go(struct finder *f, enum http_state state)
{
	f->state = state;
	f->left = 0;
	f->acc = 0;
	return FIND_MORE;
}

static __always_inline enum find http_gather(struct finder *f, __u8 c, __u32 max)
{
	f->acc = f->acc << 8 | c;
	f->left++;
	return f->left > max ? FIND_UNREADABLE : FIND_MORE;
}

/* f->acc holds eight bytes, so a longer method equals none of these. */
static __always_inline enum find http_method(struct finder *f, __u8 c)
{
	if (http_is_token(c)) {
		f->state = HTTP_METHOD;
		return http_gather(f, c, HTTP_METHOD_MAX);
	}
	if (c != ' ' || f->left == 0)
		return FIND_UNREADABLE;
	if (f->acc == HTTP_GET)
		f->flags = HTTP_F_GET;
	else if (f->acc == HTTP_HEAD)
		f->flags = HTTP_F_HEAD;
	else if (f->acc == HTTP_CONNECT)
		f->flags = HTTP_F_CONNECT | HTTP_F_TARGET;
	else if (f->acc == HTTP_PRI)
		f->flags = HTTP_F_PRI;
	return http_go(f, f->flags & HTTP_F_CONNECT ? HTTP_HOST : HTTP_TARGET);
}

/* The four forms of a target (RFC 9112 3.2), but for CONNECT's. */
static __always_inline enum find http_target(struct finder *f, __u8 c)
{
	if (c == '*')
		return http_go(f, HTTP_STAR);
	f->flags &= ~HTTP_F_PRI;
	if (c == '/')
		return http_go(f, f->flags & (HTTP_F_GET | HTTP_F_HEAD) ? HTTP_ACME : HTTP_PATH);
	return find_is_alpha(c) ? http_go(f, HTTP_SCHEME) : FIND_UNREADABLE;
}

static __always_inline enum find http_path(struct finder *f, __u8 c)
{
	if (c == '\t')
		return FIND_UNREADABLE;
	return http_go(f, c == ' ' ? HTTP_VERSION : HTTP_PATH);
}

static __always_inline enum find http_acme(struct finder *f, __u8 c)
{
	__u32 n = f->left & 31;
	__u64 word = n < 8 ? HTTP_ACME_0 : n < 16 ? HTTP_ACME_1 : n < 24 ? HTTP_ACME_2 : HTTP_ACME_3;

	if (c != (__u8)(word >> (8 * (n & 7))))
		return http_path(f, c);
	if (n + 1 == HTTP_ACME_LENGTH)
		return http_go(f, HTTP_TOKEN);
	f->left = n + 1;
	return FIND_MORE;
}

static __always_inline enum find http_token(struct finder *f, __u8 c)
{
	if (find_is_alpha(c) || find_is_digit(c) || c == '-' || c == '_') {
		f->left = 1;
		return FIND_MORE;
	}
	if (c == ' ' && f->left)
		f->flags |= HTTP_F_ACME;
	return http_path(f, c);
}

static __always_inline enum find http_scheme(struct finder *f, __u8 c)
{
	if (c == ':')
		return http_go(f, HTTP_SLASHES);
	if (!find_is_alpha(c) && !find_is_digit(c) && c != '+' && c != '-' && c != '.')
		return FIND_UNREADABLE;
	return http_gather(f, c, HTTP_SCHEME_MAX);
}

static __always_inline enum find http_slashes(struct finder *f, __u8 c)
{
	if (c != '/')
		return FIND_UNREADABLE;
	if (f->left++ == 0)
		return FIND_MORE;
	f->flags |= HTTP_F_TARGET;
	return http_go(f, HTTP_HOST);
}

/* What may end a host: in a target "/", "?" or the space before the version,
 * in a Host field the space behind it. A fragment is not allowed in a target
 * at all, and "@" would make a userinfo of what was read (RFC 9110 4.2.4). */
static __always_inline enum find http_delimiter(struct finder *f, __u8 c)
{
	if (!(f->flags & HTTP_F_TARGET))
		return http_is_space(c) ? http_go(f, HTTP_PAD) : FIND_UNREADABLE;
	if (c == ' ')
		http_go(f, HTTP_VERSION);
	else if ((c == '/' || c == '?') && !(f->flags & HTTP_F_CONNECT))
		http_go(f, HTTP_PATH);
	else
		return FIND_UNREADABLE;
	return find_close(f);
}

static __always_inline enum find http_host(struct finder *f, __u8 c)
{
	if (find_is_name(c)) {
		f->state = HTTP_HOST;
		return find_push(f, c);
	}
	if (c == '[' && f->name_len == 0) {
		f->state = HTTP_LITERAL;
		return find_push(f, c);
	}
	if (c == ':' && f->name_len)
		return http_go(f, HTTP_PORT);
	return f->state == HTTP_HOST ? http_delimiter(f, c) : FIND_UNREADABLE;
}

/* Which bytes, not which order: literal_parse() knows more. No zone (RFC 6874),
 * no IPvFuture. */
static __always_inline enum find http_literal(struct finder *f, __u8 c)
{
	if (f->name_len >= HTTP_LITERAL_MAX)
		return FIND_UNREADABLE;
	if (c == ']' && f->name_len > 1)
		f->state = HTTP_TAIL;
	else if (!find_is_digit(c) && (__u8)((c | 0x20) - 'a') >= 6 && c != ':' && c != '.')
		return FIND_UNREADABLE;
	f->name[find_place(f->name_len)] = find_lower(c);
	f->name_len++;
	return FIND_MORE;
}

/* The same name once more, which may have a dot behind it that the target had not. */
static __always_inline enum find http_same(struct finder *f, __u8 c)
{
	__u32 n = f->left;

	if (n < f->name_len) {
		if (n == 0 && http_is_space(c))
			return FIND_MORE;
		f->left = n + 1;
		return find_lower(c) == f->name[find_place(n)] ? FIND_MORE : FIND_UNREADABLE;
	}
	if (c == ':')
		return http_go(f, HTTP_PORT);
	if (c != '.' || n > f->name_len)
		return http_delimiter(f, c);
	f->left = n + 1;
	return FIND_MORE;
}

static __always_inline enum find http_line(struct finder *f, __u8 c)
{
	if (http_is_space(c))
		/* obs-fold, or space behind the request line (RFC 9112 2.2, 5.2) */
		return f->flags & HTTP_F_NOFOLD ? FIND_UNREADABLE : http_go(f, HTTP_VALUE);
	http_unfolded(f);
	http_go(f, (c | 0x20) == 'h' ? HTTP_FIELD : HTTP_VALUE);
	f->left = 1;
	return FIND_MORE;
}

static __always_inline enum find http_host_line(struct finder *f)
{
	if (f->flags & HTTP_F_HOST)
		return FIND_UNREADABLE; /* RFC 9112 3.2: more than one is a 400 */
	if (f->flags & HTTP_F_TARGET)
		http_go(f, HTTP_SAME);
	else
		http_go(f, HTTP_OWS);
	f->flags |= HTTP_F_HOST | HTTP_F_NOFOLD;
	f->flags &= ~HTTP_F_TARGET;
	return FIND_MORE;
}

static __always_inline enum find http_field(struct finder *f, __u8 c)
{
	__u32 n = f->left & 7;

	if (n < 4) {
		f->left = n + 1;
		if ((0x74736f68U /* "host" */ >> (8 * n) & 0xff) != (c | 0x20U))
			f->state = HTTP_VALUE;
		return FIND_MORE;
	}
	if (c == ':')
		return http_host_line(f);
	if (http_is_space(c))
		return FIND_UNREADABLE; /* RFC 9112 5.1 */
	return http_go(f, HTTP_VALUE);
}

static __always_inline enum find http_version(struct finder *f)
{
	__u64 version = f->acc;

	if (f->left != 8)
		return FIND_UNREADABLE;
	if (version == HTTP_2 && f->flags & HTTP_F_PRI)
		return http_go(f, HTTP_PREFACE); /* RFC 9113 3.4 */
	if ((version & ~0xffULL) != HTTP_1 || !find_is_digit(version & 0xff))
		return FIND_UNREADABLE;
	f->flags |= HTTP_F_NOFOLD;
	return http_go(f, HTTP_LINE);
}

/* A line ends in state @state. */
static __always_inline enum find http_line_end(struct finder *f, __u8 state)
{
	if (state == HTTP_VALUE || state == HTTP_OWS)
		return http_go(f, HTTP_LINE);
	if (state == HTTP_LINE) {
		f->flags &= ~HTTP_F_TARGET;
		http_unfolded(f);
		return f->found ? FIND_FOUND : FIND_NONE;
	}
	if (state == HTTP_SAME)
		return f->left && f->left < f->name_len ? FIND_UNREADABLE : http_go(f, HTTP_LINE);
	if (state == HTTP_START) {
		f->state = state;
		return ++f->left2 > HTTP_EMPTY_MAX ? FIND_UNREADABLE : FIND_MORE;
	}
	if (state == HTTP_FIELD) /* "Host" without a colon is a Host to some */
		return f->left >= 4 ? FIND_UNREADABLE : http_go(f, HTTP_LINE);
	if (state == HTTP_VERSION)
		return http_version(f);
	if (state == HTTP_LITERAL)
		return FIND_UNREADABLE;
	if ((state >= HTTP_ACME && state <= HTTP_PATH) || (state >= HTTP_HOST && f->flags & HTTP_F_TARGET))
		/* HTTP/0.9 knows no version, no Host, and no method but GET */
		return f->flags & HTTP_F_GET ? FIND_NONE : FIND_UNREADABLE;
	if (state < HTTP_HOST)
		return FIND_UNREADABLE;
	http_go(f, HTTP_LINE);
	return find_close(f);
}

static __always_inline enum find http_preface(struct finder *f, __u8 c)
{
	http_gather(f, c, 8);
	if (f->left < 8)
		return FIND_MORE;
	return f->acc == HTTP_PREFACE2 ? FIND_NONE : FIND_UNREADABLE;
}

/* One byte that is neither a line end nor a control byte. */
static __always_inline enum find http_byte(struct finder *f, __u8 c)
{
	switch (f->state) {
	case HTTP_START:
	case HTTP_METHOD:
		return http_method(f, c);
	case HTTP_TARGET:
		return http_target(f, c);
	case HTTP_SCHEME:
		return http_scheme(f, c);
	case HTTP_SLASHES:
		return http_slashes(f, c);
	case HTTP_STAR:
		return c == ' ' ? http_go(f, HTTP_VERSION) : FIND_UNREADABLE;
	case HTTP_ACME:
		return http_acme(f, c);
	case HTTP_TOKEN:
		return http_token(f, c);
	case HTTP_PATH:
		return http_path(f, c);
	case HTTP_VERSION:
		return http_gather(f, c, 8);
	case HTTP_LINE:
		return http_line(f, c);
	case HTTP_FIELD:
		return http_field(f, c);
	case HTTP_OWS:
		return http_is_space(c) ? FIND_MORE : http_host(f, c);
	case HTTP_HOST:
		return http_host(f, c);
	case HTTP_LITERAL:
		return http_literal(f, c);
	case HTTP_TAIL:
		return c == ':' ? http_go(f, HTTP_PORT) : http_delimiter(f, c);
	case HTTP_PORT:
		return find_is_digit(c) ? FIND_MORE : http_delimiter(f, c);
	case HTTP_PAD:
		return http_is_space(c) ? FIND_MORE : FIND_UNREADABLE;
	case HTTP_SAME:
		return http_same(f, c);
	default: /* HTTP_VALUE */
		return FIND_MORE;
	}
}

/* Line ends and what no head may contain: control bytes (RFC 9110 5.5) and a
 * CR that no LF follows (RFC 9112 2.2). @next is behind @c if it is in hand. */
static __always_inline enum find http_any(struct finder *f, __u8 c, __u8 next)
{
	__u8 state = f->state;

	f->at++;
	if (state == HTTP_PREFACE)
		return http_preface(f, c);
	if (state == HTTP_CR)
		return c == '\n' ? http_line_end(f, f->extra) : FIND_UNREADABLE;
	if (c == '\r' && f->at < f->len) {
		f->at++;
		return next == '\n' ? http_line_end(f, state) : FIND_UNREADABLE;
	}
	if (c == '\n')
		return http_line_end(f, state);
	if (c == '\r') {
		f->extra = state;
		f->state = HTTP_CR;
		return FIND_MORE;
	}
	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return FIND_UNREADABLE;
	return http_byte(f, c);
}

FIND_STEP int http_step(struct finder *f, const struct find_chunk *c)
{
	__u64 w;

	if (!f || !c)
		return FIND_UNREADABLE;
	http_leap(f, c);
	if (f->at >= f->len)
		return FIND_MORE;
	w = find_at(c, f->at);
	return http_any(f, w, w >> 8);
}

FIND_ENTRY enum find http_feed(struct finder *f, const __u8 *chunk, __u32 len)
{
	return find_feed(f, chunk, len, http_step);
}

#endif
