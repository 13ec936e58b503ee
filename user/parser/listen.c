// SPDX-License-Identifier: GPL-2.0-or-later
/* listen tcp/443 [on ADDR] as tls [handshake auto|on|off] [proxy] [observe | auto [above RATE]] */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "parser/parser.h"
#include "policy/rate.h"
#include "policy/rule.h"

static int parse_port(struct parser *ps, struct rule *r)
{
	struct word *w = ps_take(ps);
	uint64_t port = 0;
	const char *rest;

	if (!w || w->quoted || (strncmp(w->text, "tcp/", 4) && strncmp(w->text, "udp/", 4)))
		return ps_unexpected(ps, w, "tcp/PORT or udp/PORT");
	r->l4 = w->text[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	rest = number_read(w->text + 4, 65535, &port);
	if (!rest || *rest || !port)
		return ps_unexpected(ps, w, "a port from 1 to 65535");
	r->port = (uint16_t)port;
	return 0;
}

static int parse_on(struct parser *ps, struct rule *r)
{
	static const uint8_t none[16], mapped_none[16] = {[10] = 0xff, [11] = 0xff};
	struct prefix p;
	struct word *w;
	int err;

	r->any = !ps_take_word(ps, "on");
	if (r->any)
		return 0;
	w = ps_take(ps);
	err = w && !strchr(w->text, '/') ? prefix_read(w->text, w->len, &p) : -EINVAL;
	if (err == -EAFNOSUPPORT)
		return complain_prefix(&ps->at, w->column, w->text, w->len, "is IPv4 written as IPv6", &p);
	if (err)
		return ps_unexpected(ps, w, "an address of this host");
	if (!memcmp(p.addr, none, sizeof(none)) || !memcmp(p.addr, mapped_none, sizeof(mapped_none)))
		return complain(&ps->at, w->column, "%s is every address; expected one address, or no 'on'",
				w->text);
	memcpy(r->addr, p.addr, sizeof(r->addr));
	return 0;
}

int parse_listener(struct parser *ps, struct rule *r)
{
	int err = parse_port(ps, r);

	return err ? err : parse_on(ps, r);
}

static int parse_as(struct parser *ps, struct rule *r)
{
	static const char *const words[] = {"none", "http", "tls", "dns", "quic", NULL};
	const char *expected = r->l4 == IPPROTO_TCP ? "http, tls or dns" : "dns or quic";
	struct word *w;
	int as;

	if (!ps_take_word(ps, "as"))
		return ps_unexpected(ps, ps_peek(ps),
				     r->any ? "'on ADDRESS' or 'as PROTOCOL'" : "'as PROTOCOL'");
	w = ps_take(ps);
	as = word_among(w, words);
	if (as > PROTO_NONE && !protocol_on((enum protocol)as, r->l4))
		return complain(&ps->at, w->column, "%s is not judged on %s; expected %s", w->text,
				r->l4 == IPPROTO_TCP ? "tcp" : "udp", expected);
	if (as <= PROTO_NONE)
		return ps_unexpected(ps, w, expected);
	r->as = (enum protocol)as;
	return 0;
}

static int parse_handshake(struct parser *ps, struct rule *r)
{
	static const char *const words[] = {"auto", "on", "off", NULL};
	struct word *w = ps_take(ps);
	int depth = word_among(w, words);

	if (depth < 0)
		return ps_unexpected(ps, w, "auto, on or off");
	r->depth = (enum depth)depth;
	return 0;
}

static const char *expected_options(const struct rule *r, bool handshake, bool action)
{
	bool posture = r->observe || r->sleeps;

	if (!r->proxy && proxy_allowed(r->l4, r->as) && handshake)
		return posture ? "proxy or end of line" : "proxy, observe, auto or end of line";
	if (!r->proxy && proxy_allowed(r->l4, r->as))
		return posture ? "'handshake auto|on|off' or proxy"
			       : "'handshake auto|on|off', proxy, observe or auto";
	if (r->l4 == IPPROTO_TCP && !handshake)
		return posture ? "'handshake auto|on|off'" : "'handshake auto|on|off', observe or auto";
	if (r->as == PROTO_QUIC && !action)
		return posture ? "fallback, pass, drop or limit RATE"
			       : "fallback, pass, drop, limit RATE, observe or auto";
	return posture ? "end of line" : "observe, auto or end of line";
}

/* `auto above 50 visits/s` */
static int parse_auto(struct parser *ps, struct rule *r)
{
	struct rule rate = {.statement = ST_STRAY};
	struct word *w;

	r->sleeps = true;
	if (!ps_take_word(ps, "above"))
		return 0;
	w = ps_peek(ps);
	if (parse_rate(ps, &rate))
		return -EINVAL;
	if (rate.rate.burst != rate.rate.count)
		return complain(&ps->at, w->column, "a burst does not fit here; expected a rate alone");
	r->rate.above = (uint32_t)rate.rate.count;
	return 0;
}

/* In any order, each once. */
static int parse_options(struct parser *ps, struct rule *r)
{
	bool handshake = false, action = false;
	int err = 0;

	while (!err && ps_peek(ps)) {
		if (!r->observe && !r->sleeps && ps_take_word(ps, "observe")) {
			r->observe = true;
		} else if (!r->observe && !r->sleeps && ps_take_word(ps, "auto")) {
			err = parse_auto(ps, r);
		} else if (r->l4 == IPPROTO_TCP && !handshake && ps_take_word(ps, "handshake")) {
			handshake = true;
			err = parse_handshake(ps, r);
		} else if (!r->proxy && proxy_allowed(r->l4, r->as) && ps_take_word(ps, "proxy")) {
			r->proxy = true;
		} else if (r->as == PROTO_QUIC && !action && is_action(ps_peek(ps))) {
			action = true;
			err = parse_action(ps, r);
		} else {
			err = ps_unexpected(ps, ps_peek(ps), expected_options(r, handshake, action));
		}
	}
	if (r->as == PROTO_QUIC && !action)
		r->action = ACT_FALLBACK;
	return err;
}

int parse_listen(struct parser *ps)
{
	struct rule like = {.statement = ST_LISTEN, .depth = DEPTH_AUTO}, *r;
	struct word *subject = ps_peek(ps);
	int err = parse_listener(ps, &like);

	if (!err && !ps_subject_is_all(ps)) {
		err = parse_as(ps, &like);
		if (!err)
			err = parse_options(ps, &like);
	}
	if (err)
		return err;
	r = ps_new_rule(ps, &like, subject);
	return r ? ps_put_with_subject(ps, r) : complain_memory(&ps->at);
}
