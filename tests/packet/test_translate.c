// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the programs at tc translate in the options of a bound visit's segments, and
 * that each packet at tc is counted once.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "world/bound.h"
#include "world/wire.h"

TestSuite(translate, .init = bound_begin, .fini = world_end);

/* ---- options ---- */

/* RFC 2018: blocks are in the client's numbers; the server must know what it need not
 * send again. */
Test(translate, sack_blocks)
{
	static char data[1448 * 4];
	uint8_t options[12] = {1, 1, 5, 10};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "IPv%c", i ? '6' : '4');
		v = visit_bind(&full, i);
		must(write(v.socket, data, sizeof(data)) == sizeof(data), "write");
		/* The second and third segment have come, the first has not. */
		put32(options + 4, v.ack + visit_info(&v).tcpi_snd_mss);
		put32(options + 8, v.ack + 3 * visit_info(&v).tcpi_snd_mss);
		must(visit_say(&v, (struct spec){.flags = ACK, .tcp_options = {options, sizeof(options)}}) ==
			     REASON_control,
		     "its acknowledgement");
		wait_for(visit_info(&v).tcpi_sacked == 2);
		visit_close(&v);
	}
}

/* {options of a segment, where in them SACK numbers stand and where TSecr does: 0 nowhere} */
static const struct {
	struct bytes options;
	int sacks[4];
	int tsecr;
} segments[] = {
	{BYTES("\1\1\x08\x0a....TTTT"), {0}, 8},
	{BYTES("\x08\x0a....TTTT\1\1"), {0}, 6},
	{BYTES("\1\x08\x0a....TTTT\1"), {0}, 7},
	{BYTES("\1\1\1\1\1\x08\x0a....TTTT\1"), {0}, 11},
	{BYTES("\1\1\5\x0a"
	       "aaaabbbb"),
	 {4, 8},
	 0},
	{BYTES("\1\5\x0a"
	       "aaaabbbb\1"),
	 {3, 7},
	 0},
	{BYTES("\5\x0a"
	       "aaaabbbb\0\0"),
	 {2, 6},
	 0},
	{BYTES("\1\1\x08\x0a....TTTT\1\1\5\x12"
	       "aaaabbbbccccdddd"),
	 {16, 20, 24, 28},
	 8},
	{BYTES("\x1e\4..\1\1\x08\x0a....TTTT"), {0}, 12},
	{BYTES("\0\1\x08\x0a....TTTT"), {0}, 0}, /* behind the end of the list */
	{BYTES("\1\1\x08\x09....TTT\1"), {0}, 0},
	{BYTES(""), {0}, 0},
};

/* By the program alone, byte by byte. */
static void check_options(const struct visit *v, const struct bound *b, size_t row, const struct spec *s)
{
	uint32_t delta = b->cookie - b->server_isn;
	size_t at = 20, i;
	struct view a;

	frame_build(&in, v, s);
	must(world_run_filter(DIRECTION_IN, &in, &out) == -1, "the next filter does not run");
	must(!frame_flaw(&out, &a), "%s", frame_flaw(&out, &a));
	must(out.len == in.len, "%zu bytes", out.len);
	must(a.ack == v->ack - delta, "acknowledgement");
	put32(in.bytes + in.l4 + 8, v->ack - delta);
	for (i = 0; i < 4 && segments[row].sacks[i]; i++) {
		uint8_t *to = in.bytes + in.l4 + at + segments[row].sacks[i];

		put32(to, get32(to) - delta);
	}
	if (segments[row].tsecr) {
		uint8_t *to = in.bytes + in.l4 + at + segments[row].tsecr;

		put32(to, get32(to) - b->ts_delta);
	}
	memcpy(in.bytes + in.l4 + 16, out.bytes + in.l4 + 16, 2); /* its checksum is right */
	must(!memcmp(in.bytes, out.bytes, in.len), "other bytes");
}

Test(translate, every_option)
{
	struct visit v[2] = {visit_bind(&full, false), visit_bind(&full, true)};
	size_t row, i;

	for (i = 0; i < 2; i++) {
		struct bound b;

		cr_assert(world_knows(GATE_BOUND, &v[i], &b) && b.ts_delta && b.cookie != b.server_isn);
		for (row = 0; row < sizeof(segments) / sizeof(segments[0]); row++) {
			struct spec s = {.flags = ACK, .tcp_options = segments[row].options};

			snprintf(where, sizeof(where), "options %zu, IPv%c", row, i ? '6' : '4');
			check_options(&v[i], &b, row, &s);
			s.text = "odd";
			check_options(&v[i], &b, row, &s);
			s.ip_options = (struct bytes)BYTES("\x94\x04\0\0\1");
			s.extensions = "hrd";
			check_options(&v[i], &b, row, &s);
			s.tags[0] = 0x8100;
			check_options(&v[i], &b, row, &s);
		}
		visit_close(&v[i]);
	}
}

/* The same from the server, whose TSval and number change, and nothing else. */
static void check_answer(const struct visit *v, const struct bound *b, size_t row, const struct spec *s)
{
	struct visit back = *v;
	struct view a, was;

	memcpy(back.client, v->server, 16);
	memcpy(back.server, v->client, 16);
	back.client_port = v->server_port;
	back.server_port = v->client_port;
	back.seq = b->server_isn + 1 + 5000;
	back.ack = v->seq;
	frame_build(&in, &back, s);
	must(!frame_flaw(&in, &was), "built wrong");
	must(world_run_filter(DIRECTION_OUT, &in, &out) == -1, "the next filter does not run");
	must(!frame_flaw(&out, &a), "%s", frame_flaw(&out, &a));
	must(a.seq == v->ack - 1 + 1 + 5000 && a.ack == v->seq, "numbers");
	put32(in.bytes + in.l4 + 4, a.seq);
	if (segments[row].tsecr) {
		uint8_t *to = in.bytes + in.l4 + 20 + segments[row].tsecr - 4;

		put32(to, get32(to) + b->ts_delta);
	}
	memcpy(in.bytes + in.l4 + 16, out.bytes + in.l4 + 16, 2);
	must(out.len == in.len && !memcmp(in.bytes, out.bytes, in.len), "other bytes");
}

Test(translate, every_option_of_the_server)
{
	struct visit v[2] = {visit_bind(&full, false), visit_bind(&full, true)};
	size_t row, i;

	for (i = 0; i < 2; i++) {
		struct bound b;

		cr_assert(world_knows(GATE_BOUND, &v[i], &b));
		for (row = 0; row < sizeof(segments) / sizeof(segments[0]); row++) {
			struct spec s = {.flags = ACK, .tcp_options = segments[row].options};

			/* It says no such nonsense. */
			if (memchr(s.tcp_options.at, 0, 1) && s.tcp_options.len)
				continue;
			snprintf(where, sizeof(where), "options %zu of the server, IPv%c", row,
				 i ? '6' : '4');
			check_answer(&v[i], &b, row, &s);
			s.text = "odd";
			check_answer(&v[i], &b, row, &s);
			s.ip_options = (struct bytes)BYTES("\x94\x04\0\0");
			s.extensions = "hd";
			check_answer(&v[i], &b, row, &s);
		}
		visit_close(&v[i]);
	}
}

/* Each packet at tc is counted once, whatever became of it. */
static void expect_conserved(void)
{
	uint64_t sums[2] = {0};
	unsigned int d, i;

	for (d = 0; d < 2; d++)
		for (i = 0; i < CROSSINGS; i++)
			sums[d] += world_crossed(d, i);
	must(sums[0] == world_filter_runs(DIRECTION_IN) && sums[1] == world_filter_runs(DIRECTION_OUT),
	     "%lu of %lu in, %lu of %lu out", (unsigned long)sums[0],
	     (unsigned long)world_filter_runs(DIRECTION_IN), (unsigned long)sums[1],
	     (unsigned long)world_filter_runs(DIRECTION_OUT));
}

Test(translate, conservation)
{
	struct visit v = visit_bind(&full, false), w = visit_introduce(&full, true), x;

	host_closes(80);
	wire_drain();
	visit_deliver(&out);
	expect_refused(&w);
	visit_hears(&v, "hello");
	visit_say_data(&v, (struct spec){.text = "hello"});
	host_listen(80, false);
	x = visit_introduce_as(&full, false, (struct spec){.letters = 3500});
	visit_deliver(&out);
	visit_expect(&x, in.bytes + in.payload, said());
	x.seq += said();
	visit_hears(&x, "hello");
	visit_close(&v);
	visit_close(&x);
	cr_expect(world_crossed(DIRECTION_OUT, CROSSED_BOUND) == 2);
	cr_expect(world_crossed(DIRECTION_IN, CROSSED_INJECTED) >= 2);
	cr_expect(!world_crossed(DIRECTION_IN, CROSSED_FAILED) &&
		  !world_crossed(DIRECTION_OUT, CROSSED_FAILED));
	expect_conserved();
}
