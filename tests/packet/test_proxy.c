// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `proxy` listeners: wherever a PROXY header and what stands behind it are cut, the
 * name decides and the server gets every byte; who is counted; and what is noted of
 * headers that nobody expects.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "world/bound.h"
#include "world/wire.h"

#define LISTEN "posture enforce\nserve www.served.example\nlisten tcp/80 as http handshake on"
#define POLICY LISTEN " proxy\nsource 198.18.0.0/24 2001:db8:c::/48 trust\n"

#define LINE	  "PROXY TCP4 203.0.113.9 192.0.2.80 54321 80\r\n"
#define BLOCK	  "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x27" SIX "----------------\1\2\0\x50\4\0\0"
#define SIX	  "\x20\x01\x0d\xb8\0\x77\0\x88\0\0\0\0\0\0\0\x09"
#define GET(name) "GET / HTTP/1.1\r\nHost: " name "\r\n\r\n"

static void begin(void)
{
	bound_begin();
	world_policy(POLICY);
}

TestSuite(proxy, .init = begin, .fini = world_end);

static const struct talk {
	const char *what;
	struct bytes stray, served;
	size_t header; /* bytes */
} talks[] = {
	{"a line", BYTES(LINE GET("www.stray.example")), BYTES(LINE GET("www.served.example")),
	 sizeof(LINE) - 1},
	{"a block", BYTES(BLOCK GET("www.stray.example")), BYTES(BLOCK GET("www.served.example")),
	 sizeof(BLOCK) - 1},
};
#define TALKS (sizeof(talks) / sizeof(talks[0]))

static uint32_t piece(struct visit *v, const struct bytes *all, size_t at, size_t n, uint32_t *action)
{
	struct spec s = {.data = *all, .first = at, .only = n, .stamps = v->stamps};
	struct outcome o;

	frame_build(&in, v, &s);
	o = world_run(&in, &out);
	*action = o.action;
	return o.reason;
}

/* In two pieces: held, and then decided. */
static void stray_in_two(const struct talk *t, size_t cut, bool ipv6)
{
	struct visit v = visit_make(clients[ipv6], servers[ipv6], 80);
	uint32_t action;

	visit_shake_with(&v, &full);
	v.stamps = true;
	must(piece(&v, &t->stray, 0, cut, &action) == REASON_held && action == XDP_DROP, "held");
	v.seq += cut;
	must(piece(&v, &t->stray, cut, 0, &action) == REASON_stray_answered && action == XDP_TX, "answered");
	v.seq -= cut;
}

static void served_in_two(const struct talk *t, size_t cut, bool ipv6)
{
	struct visit v = visit_make(clients[ipv6], servers[ipv6], 80);
	uint32_t action, reason;

	visit_shake_with(&v, &full);
	v.stamps = true;
	must(piece(&v, &t->served, 0, cut, &action) == REASON_held, "held");
	v.seq += cut;
	reason = piece(&v, &t->served, cut, 0, &action);
	must(reason == REASON_served && action == XDP_PASS, "%s", reason_name(reason));
	wire_drain();
	visit_deliver(&out);
	visit_expect(&v, t->served.at, t->served.len);
	v.seq += said();
	visit_hears(&v, "HTTP/1.1 200 OK\r\n\r\n");
	visit_close(&v);
}

Test(proxy, cut_at_every_byte_at_the_handshake)
{
	size_t t, cut;

	for (t = 0; t < TALKS; t++)
		for (cut = 1; cut < talks[t].header + 20; cut++) {
			snprintf(where, sizeof(where), "%s, cut at %zu", talks[t].what, cut);
			stray_in_two(&talks[t], cut, cut & 1);
			if (cut % 5 == 0 || cut == talks[t].header)
				served_in_two(&talks[t], cut, cut & 1);
		}
}

Test(proxy, byte_by_byte_at_the_handshake)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	const struct bytes *all = &talks[1].stray;
	uint32_t action, reason = REASON_held;
	size_t at;

	visit_shake_with(&v, &full);
	v.stamps = true;
	for (at = 0; at < all->len && reason == REASON_held; at++) {
		snprintf(where, sizeof(where), "byte %zu", at);
		reason = piece(&v, all, at, 1, &action);
		v.seq++;
	}
	must(reason == REASON_stray_answered && at > talks[1].header + 30, "%s", reason_name(reason));
}

/* One stray, and who it was. */
static void stray(const char *client, const char *server, struct bytes payload)
{
	struct visit v = visit_make(client, server, 80);
	uint32_t action, reason;

	visit_shake_with(&v, &full);
	v.stamps = true;
	reason = piece(&v, &payload, 0, 0, &action);
	must(reason == REASON_stray_answered, "%s", reason_name(reason));
}

static uint64_t counted(const char *network)
{
	uint8_t address[16];
	size_t place;

	address_read(network, address);
	return world_heavy(GATE_STRAY_SOURCES, address, 16, &place);
}

Test(proxy, strays_are_counted_as_their_clients)
{
	stray(CLIENT4, HOST4, (struct bytes)BYTES(LINE GET("www.stray.example")));
	stray(CLIENT6, HOST6, (struct bytes)BYTES(LINE GET("www.stray.example")));
	stray(CLIENT4, HOST4, (struct bytes)BYTES(BLOCK GET("www.stray.example")));
	/* for whom the proxy does not say */
	stray(CLIENT4, HOST4, (struct bytes)BYTES("\r\n\r\n\0\r\nQUIT\n\x21\0\0\0" GET("www.stray.example")));
	cr_expect(counted("203.0.113.0") == 2 && counted("2001:db8:77::") == 1 &&
			  counted("198.18.0.0") == 1 && !counted("2001:db8:c::"),
		  "%lu, %lu, %lu, %lu", (unsigned long)counted("203.0.113.0"),
		  (unsigned long)counted("2001:db8:77::"), (unsigned long)counted("198.18.0.0"),
		  (unsigned long)counted("2001:db8:c::"));
}

static void say(const char *client, struct bytes payload, uint32_t expected)
{
	struct visit v = visit_make(client, HOST4, 80);
	uint32_t action, reason;

	visit_shake_with(&v, &full);
	v.stamps = true;
	reason = piece(&v, &payload, 0, 0, &action);
	must(reason == expected, "%s instead of %s", reason_name(reason), reason_name(expected));
}

/* What nobody expects is noted, of whoever it matters. */
Test(proxy, headers_are_noted)
{
	const struct bytes line = BYTES(LINE GET("www.served.example")),
			   block = BYTES(BLOCK GET("www.served.example")),
			   bare = BYTES(GET("www.served.example")),
			   tls = BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3-----");
	struct engagement e;

	say(CLIENT4, line, REASON_served);
	say(CLIENT4, bare, REASON_unreadable_passed);
	say(CLIENT4, tls, REASON_unreadable_passed);
	say("198.18.1.1", bare, REASON_unreadable_passed); /* whom nobody trusts */
	say("198.18.1.1", line, REASON_unreadable_passed);
	e = world_engagement("tcp/80");
	cr_expect(!e.headers.count && e.bare.count == 2 && e.bare.last, "%u, %u", e.headers.count,
		  e.bare.count);
	world_policy(LISTEN "\n");
	say(CLIENT4, line, REASON_unreadable_passed);
	say(CLIENT4, block, REASON_unreadable_passed);
	say("198.18.1.1", line, REASON_unreadable_passed);
	say(CLIENT4, tls, REASON_unreadable_passed);
	say(CLIENT4, bare, REASON_served);
	e = world_engagement("tcp/80");
	cr_expect(e.headers.count == 3 && e.headers.last && !e.bare.count, "%u, %u", e.headers.count,
		  e.bare.count);
}

/* A visit that began before its line said `proxy`, or does not any more, goes on as it
 * began. */
Test(proxy, a_change_amid_a_visit)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct bytes plain_stray = BYTES(GET("www.stray.example"));
	uint32_t action, reason;

	visit_shake_with(&v, &full);
	v.stamps = true;
	must(piece(&v, &talks[0].stray, 0, talks[0].header + 5, &action) == REASON_held, "held");
	v.seq += talks[0].header + 5;
	world_policy(LISTEN "\n");
	reason = piece(&v, &talks[0].stray, talks[0].header + 5, 0, &action);
	must(reason == REASON_stray_answered, "%s", reason_name(reason));

	v = visit_make(CLIENT4, HOST4, 80);
	visit_shake_with(&v, &full);
	v.stamps = true;
	must(piece(&v, &plain_stray, 0, 5, &action) == REASON_held, "held");
	v.seq += 5;
	world_policy(POLICY);
	reason = piece(&v, &plain_stray, 5, 0, &action);
	must(reason == REASON_stray_answered, "%s", reason_name(reason));
}
