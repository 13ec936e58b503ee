/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 5, name: let the listener's finder read the visit's first bytes, look
 * up what it found, and ask the policy what to do with what is not served.
 */
#ifndef STRAYGATE_NAME_H
#define STRAYGATE_NAME_H

#include "bpf/bpf.h"
#include "bpf/each.h"
#include "bpf/familiar.h"
#include "bpf/find/dns.h"
#include "bpf/top.h"
#include "bpf/handshake/hold.h"
#include "bpf/find/http.h"
#include "bpf/find/proxy.h"
#include "bpf/limit.h"
#include "bpf/visit.h"
#include "bpf/find/literal.h"
#include "bpf/name_table.h"
#include "bpf/find/tls.h"

/* ---- feeding the finder ---------------------------------------------- */

struct feeding {
	struct xdp_md *ctx;
	struct scratch *s;
};

/* Jumps over what the finder need not see and loads the bytes that follow.
 * Returns how many; 0: no more. The counters lie in map memory, where the
 * verifier does not follow them from one pass to the next. */
static __always_inline __u32 feed_load(struct feeding *d)
{
	struct feed *at = &d->s->feed;
	struct finder *f = &d->s->finder;
	__u32 n = f->skip < at->left ? f->skip : at->left;
	__u32 from;

	f->skip -= n;
	at->left -= n;
	from = at->at + n;
	n = at->left < FIND_CHUNK ? at->left : FIND_CHUNK;
	at->at = from + n;
	at->left -= n;
	if (!n)
		return 0;
	if (load_bounded(d->ctx, from, d->s->chunk, n, FIND_CHUNK)) {
		at->find = FIND_UNREADABLE;
		return 0;
	}
	return n;
}

#define FEED(protocol)                                                                  \
	static long feed_##protocol(__u32 i __attribute__((unused)), struct feeding *d) \
	{                                                                               \
		__u32 n = feed_load(d);                                                 \
                                                                                        \
		if (!n)                                                                 \
			return 1;                                                       \
		d->s->feed.find = protocol##_feed(&d->s->finder, d->s->chunk, n);       \
		return d->s->feed.find != FIND_MORE;                                    \
	}
FEED(http)
FEED(tls)
FEED(dns)
FEED(proxy)

#define FEEDS_MAX (65536 / FIND_CHUNK + 1)

/* One finder a function: each is verified by itself. */
#define FIND_NAME(protocol)                                             \
	stage int find_##protocol(struct xdp_md *ctx)                   \
	{                                                               \
		struct feeding d = {.ctx = ctx, .s = scratch_memory()}; \
                                                                        \
		if (!d.s)                                               \
			return FIND_UNREADABLE;                         \
		bpf_loop(FEEDS_MAX, feed_##protocol, &d, 0);            \
		if (d.s->feed.find == FIND_MORE)                        \
			return finder_verdict(&d.s->finder);            \
		return d.s->feed.find;                                  \
	}
FIND_NAME(http)
FIND_NAME(tls)
FIND_NAME(dns)
FIND_NAME(proxy)

static __always_inline void protocol_begin(struct finder *f, const struct packet *p)
{
	switch (p->as) {
	case PROTO_HTTP:
		http_begin(f);
		return;
	case PROTO_TLS:
		tls_begin(f);
		return;
	}
	if (p->protocol == IPPROTO_TCP)
		dns_tcp_begin(f);
	else
		dns_begin(f);
}

static __always_inline void finder_begin(struct finder *f, const struct packet *p)
{
	if (p->proxied >= PROXIED_PEER) {
		proxy_begin(f);
		return;
	}
	f->preface = PREFACE_NONE;
	protocol_begin(f, p);
}

/* The header has ended within the chunk: what is left of this is the protocol's. */
static __always_inline void preface_end(const struct packet *p, struct scratch *s)
{
	__u32 rest = s->finder.skip, ahead = s->finder.len - s->finder.at;

	s->feed.at -= ahead;
	s->feed.left += ahead;
	s->feed.find = FIND_MORE;
	protocol_begin(&s->finder, p);
	s->finder.skip = rest;
	s->finder.seen = rest;
}

static __always_inline enum find find_name(struct xdp_md *ctx, const struct packet *p, struct scratch *s)
{
	enum find r;

	s->feed.at = p->payload;
	s->feed.left = p->payload_len;
	s->feed.find = FIND_MORE;
	if (s->finder.preface == PREFACE_OPEN) {
		r = find_proxy(ctx);
		if (r == FIND_FOUND)
			r = proxy_read(&s->finder);
		if (r != FIND_FOUND)
			return r;
		preface_end(p, s);
	}
	switch (p->as) {
	case PROTO_HTTP:
		return find_http(ctx);
	case PROTO_TLS:
		return find_tls(ctx);
	}
	return find_dns(ctx);
}

/* ---- looking the name up --------------------------------------------- */

/* A health check asks for the address it connects to: that names nothing. */
static __always_inline bool names_destination(const struct packet *p, struct scratch *s)
{
	return literal_parse(s->finder.name, s->finder.name_len, s->literal) &&
	       (same_address(s->literal, p->flow.server) ||
		(p->proxied == PROXIED_CLIENT && same_address(s->literal, s->finder.server)));
}

/* ---- what the policy says -------------------------------------------- */

static __always_inline __u32 passed(__u32 finding)
{
	switch (finding) {
	case FINDING_STRAY:
		return REASON_stray_passed;
	case FINDING_UNNAMED:
		return REASON_unnamed_passed;
	case FINDING_UNKNOWN:
		return REASON_unknown_passed;
	}
	return REASON_unreadable_passed;
}

/* Four reasons a finding, as follows from what was asked for and where the visit
 * stands: no server knows of a datagram, or of one that shook hands with us. */
static __always_inline __u32 turned(const struct packet *p, __u32 finding)
{
	bool at_server = p->protocol == IPPROTO_TCP && !p->shaken;
	__u32 action = p->action;

	/* There is no RST in UDP. */
	if (p->protocol == IPPROTO_UDP && action == ACT_RESET)
		action = ACT_DROP;
	switch (finding) {
	case FINDING_STRAY:
		return at_server	      ? REASON_stray_reset
		       : action == ACT_ANSWER ? REASON_stray_answered
		       : action == ACT_RESET  ? REASON_stray_refused
					      : REASON_stray_dropped;
	case FINDING_UNNAMED:
		return at_server	      ? REASON_unnamed_reset
		       : action == ACT_ANSWER ? REASON_unnamed_answered
		       : action == ACT_RESET  ? REASON_unnamed_refused
					      : REASON_unnamed_dropped;
	case FINDING_UNKNOWN: /* is never reset: a resolver would think us broken */
		return at_server	      ? REASON_unknown_reset
		       : action == ACT_ANSWER ? REASON_unknown_answered
					      : REASON_unknown_dropped;
	}
	return at_server	     ? REASON_unreadable_reset
	       : action == ACT_RESET ? REASON_unreadable_refused
				     : REASON_unreadable_dropped;
}

/* The reason of a visit that is not served. A TCP visit that is dropped has its
 * server's socket freed all the same: a server full of idle sockets is what
 * the flood would want. line: the rule about this very name, which stands where names
 * do; 0: there is none. */
stage int not_served(struct packet *p, __u32 finding, __u32 line)
{
	struct image_acts *acts;
	struct image_rule *r;
	struct view v;
	__u8 action;
	__u32 at;

	if (!p || !view_open(&v, p))
		return REASON_table_missing;
	if (line && v.head->base && !view_of(&v, v.head->base - 1))
		return REASON_table_missing;
	at = finding == FINDING_UNKNOWN ? PROTO_COUNT * FINDING_COUNT : p->as * FINDING_COUNT + finding;
	acts = image_cell(v.image, IMAGE_ACTS);
	if (!acts || at > PROTO_COUNT * FINDING_COUNT)
		return REASON_table_missing;
	r = image_rule(v.image, v.head, line ? line : ((__u32 *)acts)[at]);
	if (!r)
		return REASON_table_missing;
	p->name_rule = r->id;
	action = r->action;
	if (action == ACT_LIMIT)
		action = within_limit(p, r) ? ACT_PASS : r->over;
	p->action = action;
	p->answer = r->answer;
	return action == ACT_PASS ? passed(finding) : turned(p, finding);
}

/* HTTP-01 (RFC 8555 8.3): a new name is proved before it has a place on the server, and so
 * before anybody has told the policy of it. Also of addresses (RFC 8738). */
static __always_inline bool is_challenge(struct packet *p, const struct finder *f)
{
	return p->as == PROTO_HTTP && f->flags & HTTP_F_ACME && within_challenges(p);
}

/* The list of its zone may be older than the zone: one that would be refused passes if it was
 * asked for in calm. One that passes in any case is nobody's trouble. */
static __always_inline __u32 judge_unknown(struct packet *p, __u64 hash)
{
	__u32 way = p->alarm ? familiar_way(p, hash) : 0;
	__u32 reason = not_served(p, FINDING_UNKNOWN, 0);

	if (!way || reason == REASON_unknown_passed || reason == REASON_table_missing)
		return reason;
	if (!p->observe && !p->explain && !familiar_spends(p, hash, way - 1))
		return reason;
	p->action = ACT_PASS;
	return REASON_unknown_familiar;
}

stage int judge_name(struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct image_names *n;
	struct image_rule *r;
	__u32 index;
	struct view v;

	if (!p || !s || !view_open(&v, p))
		return REASON_table_missing;
	if (v.head->base && !view_of(&v, v.head->base - 1))
		return REASON_table_missing;
	n = image_cell(v.image, IMAGE_NAMES);
	if (!n)
		return REASON_table_missing;
	if (names_destination(p, s))
		return is_challenge(p, &s->finder) ? REASON_acme_passed : not_served(p, FINDING_UNNAMED, 0);
	index = name_find(v.image, n, &s->finder, p->as == PROTO_DNS ? NAMES_ZONES : NAMES_SERVED, &s->ends);
	if (!index) {
		if (is_challenge(p, &s->finder))
			return REASON_acme_passed;
		if (!p->explain) {
			heavy_name(p, &s->finder, &s->ends);
			heavy_source(p);
		}
		index = name_stray(v.image, n, p->as, s->ends.hash);
		if (!index && p->alarm && familiar_passes(p, s->ends.hash))
			return REASON_stray_familiar;
		return not_served(p, FINDING_STRAY, index);
	}
	if (index & IMAGE_UNKNOWN)
		return judge_unknown(p, s->ends.hash);
	r = image_rule(v.image, v.head, index);
	if (!r)
		return REASON_table_missing;
	p->name_rule = r->id;
	return REASON_served;
}

/* ---- the stage ------------------------------------------------------- */

/* Nobody can read the first bytes of this visit: is there a PROXY header that no line
 * says is to be expected, or none where one is? `status` tells. */
stage int note_headers(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	struct engagement *e;
	struct headers *h;
	bool there;
	__u32 now;

	if (!p || !s || p->payload_len < 16 || bpf_xdp_load_bytes(ctx, p->payload, s->chunk, 16))
		return 0;
	there = proxy_begins(find_load(s->chunk), find_load(s->chunk + 8));
	e = engagement_of(p);
	if (!e || there != !p->proxied)
		return 0;
	h = there ? &e->headers : &e->bare;
	now = FLOW_CLOCK(packet_tick(p));
	if (now - h->last > HEADERS_PAUSE)
		h->count = 0;
	h->last = now;
	h->count++;
	return 0;
}

static __always_inline __u32 judge_found(struct xdp_md *ctx, struct packet *p)
{
	switch (p->find) {
	case FIND_FOUND:
		return judge_name(p);
	case FIND_NONE:
		return not_served(p, FINDING_UNNAMED, 0);
	case FIND_MORE:
		if (p->protocol == IPPROTO_TCP)
			return p->shaken ? hold(ctx, p) : REASON_undecided;
	}
	if (p->proxied != PROXIED_STRANGER && !p->resumed && !p->explain && p->protocol == IPPROTO_TCP)
		note_headers(ctx, p);
	return not_served(p, FINDING_UNREADABLE, 0);
}

/* What follows from a header, when it is complete. A visit of the proxy's own is one
 * of a trusted source. */
static __always_inline __u32 judge_preface(struct packet *p, const struct finder *f, bool now)
{
	__u32 reason;

	if (f->preface == PREFACE_OWN)
		return REASON_source_trusted;
	if (f->preface != PREFACE_CLIENT)
		return CONTINUE;
	p->proxied = PROXIED_CLIENT;
	if (!now)
		return CONTINUE;
	reason = source_of_client(p);
	return reason || !p->each ? reason : each_visit(p);
}

stage int name(struct xdp_md *ctx, struct packet *p)
{
	struct scratch *s = scratch_memory();
	__u32 reason;
	bool open;

	if (!p || !s)
		return REASON_table_missing;
	if (!p->resumed)
		finder_begin(&s->finder, p);
	else if (!resume(p, s))
		return REASON_forgotten; /* and the rest is no longer judged */
	if (!p->resumed && p->proxied == PROXIED_STRANGER) {
		p->find = FIND_UNREADABLE;
		return judge_found(ctx, p);
	}
	open = s->finder.preface == PREFACE_OPEN;
	p->find = find_name(ctx, p, s);
	reason = judge_preface(p, &s->finder, open);
	return reason ?: judge_found(ctx, p);
}

#endif
