// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests in many segments, against real sockets that get each of them: the
 * name is judged by the segment that completes it, and by no other. Where that
 * is, the finders say on the host.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "tests/finders/feeder.h"
#include "bpf/find/http.h"
#include "bpf/find/tls.h"
#include "bpf/find/dns.h"
#include "tests/finders/proxied.h"
#include "world/world.h"

#define PROXY4 "198.18.7.7"
#define PROXY6 "2001:db8:c::7:7"
#define LINE   "PROXY TCP4 203.0.113.9 192.0.2.80 54321 80\r\n"
#define BLOCK                                \
	"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x27" \
	"2001:db8::9 ----2001:db8::80----\1\2\0\x50\4\0\0"

#define GET(name) "GET / HTTP/1.1\r\nHost: " name "\r\n\r\n"

#define POLICY                                                                                        \
	"posture enforce\nlisten tcp/80 as http handshake off\nlisten tcp/443 as tls handshake off\n" \
	"listen tcp/53 as dns handshake off\nzone served.example\nserve www.served.example\n"         \
	"listen tcp/81 as http handshake off proxy\nlisten tcp/82 as http handshake off proxy\n"      \
	"source " PROXY4 " " PROXY6 " trust\n"

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
}

TestSuite(segments, .init = begin, .fini = world_end);

static const struct talk {
	uint16_t port;
	feeder_begin begin;
	feeder_feed feed;
	struct spec stray, served;
} talks[] = {
	{80, http_begin, http_feed, {.http = "www.stray.example"}, {.http = "www.served.example"}},
	{443, tls_begin, tls_feed, {.tls = "www.stray.example"}, {.tls = "www.served.example"}},
	{53, dns_tcp_begin, dns_feed, {.dns = "www.stray.example"}, {.dns = "www.served.example"}},
	{81,
	 proxy_begin,
	 proxied_http_feed,
	 {.text = LINE GET("www.stray.example")},
	 {.text = LINE GET("www.served.example")}},
	{82,
	 proxy_begin,
	 proxied_http_feed,
	 {.data = BYTES(BLOCK GET("www.stray.example"))},
	 {.data = BYTES(BLOCK GET("www.served.example"))}},
};
#define TALKS (sizeof(talks) / sizeof(talks[0]))

/* Headers come from the proxy. */
static const char *client_of(const struct talk *t, bool ipv6)
{
	if (t->begin == proxy_begin)
		return ipv6 ? PROXY6 : PROXY4;
	return ipv6 ? CLIENT6 : CLIENT4;
}

static struct frame in, out;

static size_t payload_of(const struct spec *s, const struct visit *v)
{
	frame_build(&in, v, s);
	return in.len - in.payload;
}

/* Bytes from the beginning that tell the name. */
static size_t deciding(const struct talk *t, const struct spec *s, const struct visit *v)
{
	size_t n, len = payload_of(s, v);
	struct finder f;

	for (n = 1; n <= len; n++)
		if (feeder_run(&f, t->begin, t->feed, in.bytes + in.payload, n, n, 1) != FIND_MORE)
			return n;
	cr_assert(false, "no name");
	return 0;
}

static void expect_run(uint32_t reason, uint32_t action)
{
	struct outcome o = world_run(&in, &out);

	must(o.reason == reason && o.action == action, "%s, %s instead of %s", xdp_name(o.action),
	     reason_name(o.reason), reason_name(reason));
}

/* One segment goes by, and the server gets what comes out. */
static void segment(struct visit *v, const struct spec *s, size_t at, size_t n, uint32_t reason)
{
	struct spec piece = *s;

	piece.first = at;
	piece.only = n;
	frame_build(&in, v, &piece);
	expect_run(reason, XDP_PASS);
	visit_deliver(&out);
	v->seq += n;
}

static void expect_unchanged(void)
{
	must(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "changed");
}

/* A visit in segments of `step` bytes. */
static void visit_in(const struct talk *t, bool stray, size_t step, const char *client, const char *server)
{
	const struct spec *s = stray ? &t->stray : &t->served;
	struct visit v = visit_make(client, server, t->port);
	size_t len = payload_of(s, &v), decides = deciding(t, s, &v), at, n;

	visit_open(&v);
	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		snprintf(where, sizeof(where), "port %u, %s, steps of %zu, byte %zu of %zu", t->port,
			 stray ? "stray" : "served", step, at, len);
		if (at + n < decides) {
			segment(&v, s, at, n, REASON_undecided);
			expect_unchanged();
			visit_expect(&v, in.bytes + in.payload, n);
		} else if (at >= decides) {
			segment(&v, s, at, n, REASON_established);
			visit_expect(&v, in.bytes + in.payload, n);
		} else if (!stray) {
			segment(&v, s, at, n, REASON_served);
			expect_unchanged();
			visit_expect(&v, in.bytes + in.payload, n);
		} else {
			segment(&v, s, at, n, REASON_stray_reset);
			visit_expect_reset(&v);
			break;
		}
	}
	visit_close(&v);
}

Test(segments, every_size)
{
	static const size_t steps[] = {1, 2, 3, 7, 20, 50, 64, 65, 90, 100, 1000};
	size_t t, i;

	for (t = 0; t < TALKS; t++)
		for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			visit_in(&talks[t], true, steps[i], client_of(&talks[t], false), HOST4);
			visit_in(&talks[t], false, steps[i], client_of(&talks[t], false), HOST4);
		}
}

Test(segments, byte_by_byte_over_ipv6)
{
	size_t t;

	for (t = 0; t < TALKS; t++) {
		visit_in(&talks[t], true, 1, client_of(&talks[t], true), HOST6);
		visit_in(&talks[t], false, 1, client_of(&talks[t], true), HOST6);
	}
}

/* Cut in two at each place, and each half comes twice, the second also before
 * the first. */
Test(segments, duplicates_and_disorder)
{
	size_t t, cut, len, decides;
	struct spec piece;

	for (t = 0; t < TALKS; t++) {
		const struct spec *s = &talks[t].stray;
		struct visit v = visit_make(client_of(&talks[t], false), HOST4, talks[t].port);

		len = payload_of(s, &v);
		decides = deciding(&talks[t], s, &v);
		for (cut = 1; cut < decides; cut += 5) {
			v = visit_make(client_of(&talks[t], false), HOST4, talks[t].port);
			visit_open(&v);
			snprintf(where, sizeof(where), "port %u, cut at %zu", talks[t].port, cut);
			piece = *s;
			piece.first = cut;
			piece.ahead = cut;
			frame_build(&in, &v, &piece);
			expect_run(REASON_out_of_order, XDP_PASS); /* the second, lost behind the gate */
			segment(&v, s, 0, cut, REASON_undecided);
			visit_expect(&v, NULL, cut);
			expect_run(REASON_out_of_order, XDP_PASS); /* the first again */
			segment(&v, s, cut, len - cut, REASON_stray_reset);
			visit_expect_reset(&v);
			visit_close(&v);
		}
	}
}

/* While the server has not got the first segment, it is judged anew each time. */
Test(segments, first_segment_again_with_more)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec s = {.http = "www.stray.example", .only = 20};

	visit_open(&v);
	frame_build(&in, &v, &s);
	expect_run(REASON_undecided, XDP_PASS);
	expect_run(REASON_undecided, XDP_PASS);
	s.only = 30;
	frame_build(&in, &v, &s);
	expect_run(REASON_undecided, XDP_PASS);
	segment(&v, &(struct spec){.http = "www.stray.example"}, 0, 0, REASON_stray_reset);
	visit_expect_reset(&v);
	visit_close(&v);
}

/* Sequence numbers run over in the middle of a request. */
Test(segments, sequence_numbers_run_over)
{
	const struct spec s = {.http = "www.stray.example"};
	struct visit v = visit_make(CLIENT4, HOST4, 80);

	v.seq = 0xfffffff0;
	visit_open(&v);
	segment(&v, &s, 0, 10, REASON_undecided);
	visit_expect(&v, NULL, 10);
	segment(&v, &s, 10, 10, REASON_undecided); /* over zero */
	visit_expect(&v, NULL, 10);
	segment(&v, &s, 20, 0, REASON_stray_reset);
	visit_expect_reset(&v);
	visit_close(&v);
}

/* What is longer than any head is no head. */
Test(segments, a_head_without_end)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec s = {.text = "GET / HTTP/1.1\r\nX: "};
	static char fill[1400];
	struct outcome o;
	size_t sent = 0, n;

	memset(fill, 'x', sizeof(fill));
	world_add("unreadable http drop");
	visit_open(&v);
	for (;;) {
		frame_build(&in, &v, &s);
		o = world_run(&in, &out);
		n = in.len - in.payload;
		if (o.reason != REASON_undecided || sent > FIND_SEEN_MAX + 3000)
			break;
		visit_deliver(&out);
		visit_expect(&v, in.bytes + in.payload, n);
		v.seq += n;
		sent += n;
		s = (struct spec){.data = {fill, sizeof(fill)}};
	}
	cr_expect(o.reason == REASON_unreadable_reset && sent > FIND_SEEN_MAX - 2000, "%s after %zu bytes",
		  reason_name(o.reason), sent);
	visit_close(&v);
}

/* A connection that has had more than any finder reads is never judged, known
 * to us or not. */
Test(segments, a_long_visit_that_is_older_than_the_gate)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	const struct spec s = {.http = "www.stray.example"}, fill = {.zeroes = 1400};
	size_t sent;

	visit_open(&v);
	for (sent = 0; sent < FINDER_LIMIT + 1400; sent += 1400) {
		frame_build(&in, &v, &s);
		if (sent == 1400)
			expect_run(REASON_forgotten, XDP_PASS);
		frame_build(&in, &v, &fill);
		visit_deliver(&in);
		visit_expect(&v, NULL, 1400);
		v.seq += 1400;
	}
	frame_build(&in, &v, &s);
	expect_run(REASON_established, XDP_PASS);
	visit_close(&v);
}

/* What overlaps with bytes that the server has is not read, whatever it says. */
Test(segments, overlapping_with_other_bytes)
{
	const struct spec stray = {.http = "www.stray.example"}, served = {.http = "www.served.example"};
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec other = served;

	visit_open(&v);
	segment(&v, &stray, 0, 30, REASON_undecided);
	visit_expect(&v, NULL, 30);
	other.ahead = -10; /* "Host: www.served.example", as if it began with byte 20 */
	other.first = 16;
	frame_build(&in, &v, &other);
	expect_run(REASON_out_of_order, XDP_PASS);
	expect_unchanged();
	segment(&v, &stray, 30, 0, REASON_stray_reset);
	visit_expect_reset(&v);
	visit_close(&v);
}

/* SYNs, spoofed or not, are the kernel's: nothing is remembered of them. */
Test(segments, syns_leave_nothing)
{
	const struct spec syn = {.flags = SYN};
	int flows = world_flows();
	size_t i;

	for (i = 0; i < 2000; i++) {
		struct visit v = visit_make(i & 1 ? CLIENT4 : CLIENT6, i & 1 ? HOST4 : HOST6, 80);

		frame_build(&in, &v, &syn);
		cr_expect(world_run_only(&in, &out) == XDP_PASS);
		expect_unchanged();
	}
	cr_expect(world_counted_as(REASON_handshake) == i, "counted otherwise");
	cr_expect(world_flows() == flows, "%d flows", world_flows());
}
