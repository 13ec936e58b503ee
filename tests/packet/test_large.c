// SPDX-License-Identifier: GPL-2.0-or-later
/* Large frames, which the kernel hands over in pieces: a name may lie in any of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "world/world.h"

#define POLICY                                                                                        \
	"posture enforce\nlisten tcp/80 as http handshake off\nlisten tcp/443 as tls handshake off\n" \
	"listen udp/53 as dns\nzone served.example\nserve www.served.example\n"

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
}

TestSuite(large, .init = begin, .fini = world_end);

static struct frame in, out;
static char text[FRAME_MAX];

/* A request whose Host line has n bytes of another field before it. */
static struct spec request(size_t n, const char *host)
{
	size_t len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nX: %0*d\r\nHost: %s\r\n\r\n", (int)n, 0,
			      host);

	return (struct spec){.data = {text, len}};
}

/* The visit stays where it is as long as nothing reaches the server: each of
 * these is its first data again. */
static void expect_judged(struct visit *v, const struct spec *s, bool stray, size_t n)
{
	struct view view;
	uint32_t action;

	frame_build(&in, v, s);
	action = world_run_only(&in, &out);
	cr_assert(action == XDP_PASS, "%zu: %s", n, xdp_name(action));
	if (!stray) {
		cr_assert(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "%zu: changed", n);
		return;
	}
	cr_assert(!frame_flaw(&out, &view) && view.flags == RST, "%zu: not made into a RST, %zu bytes", n,
		  out.len);
}

/* Through the end of the first piece (3,520 bytes with pages of 4,096) and of
 * the second, byte by byte. */
Test(large, a_host_over_the_edges_of_pieces)
{
	static const size_t edges[] = {3520, 3520 + 4096};
	struct visit v = visit_make(CLIENT4, HOST4, 80), w = visit_make(CLIENT6, HOST6, 80);
	size_t i, n, runs = 0;
	struct spec s;

	visit_open(&v);
	visit_open(&w);
	for (i = 0; i < 2; i++)
		for (n = edges[i] - 140; n < edges[i] + 10; n++, runs += 4) {
			s = request(n, "www.stray.example");
			expect_judged(&v, &s, true, n);
			expect_judged(&w, &s, true, n);
			s = request(n, "www.served.example");
			expect_judged(&v, &s, false, n);
			expect_judged(&w, &s, false, n);
		}
	cr_expect(world_counted_as(REASON_stray_reset) == runs / 2);
	cr_expect(world_counted_as(REASON_served) == runs / 2 && world_counted() == runs);
	visit_close(&v);
	visit_close(&w);
}

/* {bytes before the Host line, tags, extensions} */
Test(large, jumbo_frames)
{
	static const struct {
		size_t n;
		uint16_t tags[TAGS_MAX];
		const char *client, *server;
	} rows[] = {
		{8800, {0}, CLIENT4, HOST4},
		{8800, {0x8100}, CLIENT4, HOST4},
		{8800, {0x88a8, 0x8100}, CLIENT6, HOST6},
		{15900, {0}, CLIENT4, HOST4},
		{1400, {0}, CLIENT6, HOST6},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct visit v = visit_make(rows[i].client, rows[i].server, 80);
		struct spec s;

		visit_open(&v);
		s = request(rows[i].n, "www.served.example");
		memcpy(s.tags, rows[i].tags, sizeof(s.tags));
		expect_judged(&v, &s, false, i);
		s = request(rows[i].n, "www.stray.example");
		memcpy(s.tags, rows[i].tags, sizeof(s.tags));
		expect_judged(&v, &s, true, i);
		visit_deliver(&out);
		visit_expect_reset(&v);
		visit_close(&v);
	}
}

/* A ClientHello with its name behind 12,000 bytes that the finder jumps over. */
Test(large, a_hello_with_its_name_in_the_last_piece)
{
	static const uint8_t name[] = "\0\0\0\x15\0\x13\0\0\x10www.stray.exampl";
	struct visit v = visit_make(CLIENT4, HOST4, 443);
	size_t fill = 12000, extensions = 4 + fill + sizeof(name) - 1, hello, at = 0;
	struct spec s;

	hello = 2 + 32 + 1 + 4 + 2 + 2 + extensions;
	text[at++] = 22, text[at++] = 3, text[at++] = 1;
	text[at++] = (hello + 4) >> 8, text[at++] = (hello + 4) & 0xff;
	text[at++] = 1, text[at++] = 0, text[at++] = hello >> 8, text[at++] = hello & 0xff;
	text[at++] = 3, text[at++] = 3;
	memset(text + at, 0x55, 32), at += 32;
	memcpy(text + at, "\0\0\2\x13\1\1\0", 7), at += 7;
	text[at++] = extensions >> 8, text[at++] = extensions & 0xff;
	text[at++] = 0, text[at++] = 21, text[at++] = fill >> 8, text[at++] = fill & 0xff;
	memset(text + at, 0, fill), at += fill;
	memcpy(text + at, name, sizeof(name) - 1), at += sizeof(name) - 1;
	s = (struct spec){.data = {text, at}};
	visit_open(&v);
	expect_judged(&v, &s, true, at);
	visit_close(&v);
}

/* A large query: the answer is short, what is behind the question is cut off. */
Test(large, a_large_query_is_refused)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	struct spec s = {.protocol = IPPROTO_UDP, .dns = "stray.example"};
	struct view view;

	for (s.zeroes = 0; s.zeroes < 9000; s.zeroes += 450) {
		frame_build(&in, &v, &s);
		cr_assert(world_run_only(&in, &out) == XDP_TX, "%zu bytes", in.len);
		cr_assert(!frame_flaw(&out, &view) && out.len == view.l3 + view.ip_len && out.len < 100,
			  "%zu bytes for %zu", out.len, in.len);
	}
}

/* Some drivers put only the headers, or less, into the first piece. */
Test(large, a_short_first_piece)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec s = {.http = "www.stray.example"};
	size_t first, judged = 0, passed = 0;
	uint32_t action;
	struct view view;

	visit_open(&v);
	frame_build(&in, &v, &s);
	for (first = 14; first <= in.len; first++) {
		if (!world_run_in_pieces(&in, &out, first, &action))
			continue;
		cr_expect(action == XDP_PASS, "%zu: %s", first, xdp_name(action));
		if (out.len == in.len && !memcmp(out.bytes, in.bytes, in.len)) {
			passed++;
			continue;
		}
		cr_expect(!frame_flaw(&out, &view) && view.flags == RST, "%zu", first);
		judged++;
	}
	cr_expect(world_counted_as(REASON_malformed) == passed &&
		  world_counted_as(REASON_stray_reset) == judged);
	cr_log_info("%zu judged, %zu passed\n", judged, passed);
	visit_close(&v);
}
