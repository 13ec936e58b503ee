// SPDX-License-Identifier: GPL-2.0-or-later
/* What proves nothing: cookies that are old, forged, changed on the way or seen before. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "handshake_helpers.h"

TestSuite(cookie, .init = begin, .fini = world_end);

/* With this host's secrets. */
static uint32_t cookie_at(const struct visit *v, uint64_t now)
{
	struct shake s = world_shake();

	return visit_cookie(v, &s, now);
}

/* A cookie is good in its own tick of 68.7 s and the next. */
Test(cookie, old_cookies)
{
	static const struct {
		int ticks;
		uint32_t reason;
	} rows[] = {
		{0, REASON_ack_absorbed}, {-1, REASON_ack_absorbed}, {-2, REASON_control},
		{-3, REASON_control},	  {-4, REASON_control},	     {1, REASON_control},
		{2, REASON_control},
	};
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	uint64_t now = monotonic_ns();
	size_t i;

	give_a_cookie();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(where, sizeof(where), "%d ticks", rows[i].ticks);
		v.ack = cookie_at(&v, now + rows[i].ticks * (1LL << COOKIE_TICK_SHIFT)) + 1;
		frame_build(&in, &v, &(struct spec){.flags = ACK});
		expect_run(rows[i].reason, rows[i].reason == REASON_control ? XDP_PASS : XDP_DROP);
	}
}

/* A new secret makes the cookies of its ticks; those of the tick before are good
 * under the old one. */
Test(cookie, secrets_change)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct shake first = world_shake(), s = first, odd;
	uint64_t now = monotonic_ns();

	give_a_cookie();
	s.drawn -= 7200;
	world_set_shake(&s);
	world_policy(POLICY "serve another.example\n");
	s = world_shake();
	must(!memcmp(s.key[0], first.key[0], sizeof(s.key[0])), "the old secret is gone at once");
	must(memcmp(s.key[0], s.key[1], sizeof(s.key[0])), "no new secret");
	must(s.since == (uint32_t)(now >> COOKIE_TICK_SHIFT) + 1, "from tick %u on", s.since);

	snprintf(where, sizeof(where), "in the tick of the change");
	s.since--; /* a tick has gone by */
	world_set_shake(&s);
	v.ack = cookie_at(&v, now) + 1;
	frame_build(&in, &v, &(struct spec){.flags = ACK});
	expect_run(REASON_ack_absorbed, XDP_DROP);
	snprintf(where, sizeof(where), "of the tick before");
	v.ack = cookie_at(&v, now - (1ULL << COOKIE_TICK_SHIFT)) + 1;
	frame_build(&in, &v, &(struct spec){.flags = ACK});
	expect_run(REASON_ack_absorbed, XDP_DROP);
	snprintf(where, sizeof(where), "of the wrong secret");
	odd = s;
	odd.since++;
	world_set_shake(&odd);
	v.ack = cookie_at(&v, now) + 1;
	world_set_shake(&s);
	frame_build(&in, &v, &(struct spec){.flags = ACK});
	expect_run(REASON_control, XDP_PASS);
}

/* The kernel and the host make the same cookie, or the row above shows nothing. */
Test(cookie, cookies_on_both_sides)
{
	struct visit v = visit_make(CLIENT6, HOST6, 80);
	uint64_t before = monotonic_ns(), after;
	struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};

	shake_hands(&v, &syn);
	after = monotonic_ns();
	cr_expect(v.ack - 1 == cookie_at(&v, before) || v.ack - 1 == cookie_at(&v, after));
}

/* A random acknowledgement is right with a chance of 2^-22: 23 bits, and a client that
 * sends no timestamps may have agreed to them, or not. STRAYGATE_RUNS
 * says how many are tried. More than three and twice what that predicts is no chance. */
Test(cookie, forged)
{
	const char *runs = getenv("STRAYGATE_RUNS");
	const uint32_t n = runs ? strtoul(runs, NULL, 10) : 300000;
	const double predicted = n / 4194304.0;
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	uint32_t i, answered = 0;

	srandom(421);
	give_a_cookie();
	for (i = 0; i < n; i++) {
		v.seq = random();
		v.ack = random() ^ (uint32_t)random() << 12;
		/* Not twice the same ends: what follows an answer is answered, too. */
		memcpy(v.client + 13, (uint8_t[3]){18, i >> 8, i}, 3);
		v.client_port = 1024 + (i >> 16);
		frame_build(&in, &v, &stray);
		answered += world_run_only(&in, &out) == XDP_TX;
	}
	cr_expect(answered <= 3 + 2 * predicted, "%u of %u forged visits were taken for real", answered, n);
	fprintf(stderr, "[%u forged: %u accepted, %.2f predicted]\n", n, answered, predicted);
	cr_expect(world_counted() == n + 1);
}

/* One bit of anything that the cookie covers. */
Test(cookie, every_bit_counts)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80), w;
	struct spec syn = offer(SAYS_MSS | SAYS_STAMPS | SAYS_SACK | SAYS_SCALE, 1460), ack = {.flags = ACK};
	unsigned int bit, wrong = 0;

	ack.stamps = true;
	shake_hands(&v, &syn);
	frame_build(&in, &v, &ack);
	expect_run(REASON_ack_absorbed, XDP_DROP);
	for (bit = 0; bit < 32; bit++) {
		w = v;
		w.ack = ((v.ack - 1) ^ 1U << bit) + 1;
		frame_build(&in, &w, &ack);
		wrong += world_run_only(&in, &out) != XDP_PASS;
		w = v;
		w.client[12 + bit / 8] ^= 1 << bit % 8;
		frame_build(&in, &w, &ack);
		wrong += world_run_only(&in, &out) != XDP_PASS;
		if (bit == 0) /* one less is a keep-alive probe */
			continue;
		w = v;
		w.seq ^= 1U << bit;
		frame_build(&in, &w, &ack);
		wrong += world_run_only(&in, &out) != XDP_PASS;
	}
	cr_expect(!wrong, "%u changed packets were taken for real", wrong);
}

/* Some middleboxes change the echoed timestamp, in which the client's MSS stands: the
 * cookie tells its class all the same, so nothing is lost but exactness. */
Test(cookie, changed_echo)
{
	static const uint32_t echoes[] = {0, 1, 0xffffffff, 0x80000000, 0x00010000, 100U << 16};
	struct spec syn = offer(SAYS_MSS | SAYS_STAMPS, 1460), data = served;
	struct view view;
	size_t i;

	data.stamps = true;
	for (i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
		struct visit v = visit_make(CLIENT4, HOST4, 80);
		struct outcome o;

		snprintf(where, sizeof(where), "echo %08x", echoes[i]);
		shake_hands(&v, &syn);
		v.stamp = echoes[i];
		frame_build(&in, &v, &data);
		o = world_run(&in, &out);
		/* By its lower half it may be an old segment. */
		if (o.reason == REASON_unacceptable_dropped)
			continue;
		must(o.reason == REASON_served && !frame_flaw(&out, &view), "%s", reason_name(o.reason));
		must(view.mss >= 536, "MSS %u", view.mss);
	}
}

/* A recorded first segment makes no second connection, in whatever guise. */
Test(cookie, replayed)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80), again;
	struct spec syn = offer(SAYS_MSS, 1460);
	struct frame recorded;
	int i;

	shake_hands(&v, &syn);
	frame_build(&in, &v, &served);
	recorded = in;
	expect_run(REASON_served, XDP_PASS);
	visit_deliver(&out);
	visit_expect(&v, recorded.bytes + recorded.payload, recorded.len - recorded.payload);
	v.seq += recorded.len - recorded.payload;
	in = recorded;
	expect_run(REASON_established, XDP_PASS);
	for (i = 0; i < 3; i++) {
		in = recorded;
		expect_run(REASON_replayed, XDP_PASS);
		unchanged();
		visit_close(&v);
	}
	must(!world_knows(GATE_BOUND, &v, NULL) && world_knows(GATE_ENDED, &v, NULL), "its end");
	/* A spoofed SYN for the same ports does not wash it clean, */
	again = v;
	again.seq = 4711;
	frame_build(&in, &again, &syn);
	world_run(&in, &out);
	in = recorded;
	expect_run(REASON_replayed, XDP_PASS);
	unchanged();
	/* nor does a bare ACK, a FIN or a RST; and no server hears of it. */
	for (i = 0; i < 3; i++) {
		frame_build(&in, &v, &(struct spec){.flags = i == 0 ? ACK : i == 1 ? FIN | ACK : RST});
		world_run(&in, &out);
		in = recorded;
		expect_run(REASON_replayed, XDP_PASS);
		unchanged();
	}
	visit_deliver(&out);
	cr_expect(!visit_arrives(&v, 50), "a second connection");
}
