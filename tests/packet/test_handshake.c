// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The handshake: whatever is offered, what was agreed is what the server's
 * socket has in the end; and nothing but a handshake gets there.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/tcp.h>

#include "bpf/handshake/cookie.h" /* COOKIE_TICK_SHIFT */
#include "world/wire.h"
#include "world/world.h"

#define POLICY "posture enforce\nlisten tcp/80 as http handshake on\nserve www.served.example\n"

/* A tick that ends amid a test would be one test's cookie less. */
static void wait_for_tick(void)
{
	uint64_t left = (1ULL << COOKIE_TICK_SHIFT) - (monotonic_ns() & ((1ULL << COOKIE_TICK_SHIFT) - 1));

	if (left < 2000000000)
		usleep(left / 1000 + 1000);
}

static void begin(void)
{
	world_begin();
	wait_for_tick();
	world_policy(POLICY);
}

TestSuite(handshake, .init = begin, .fini = world_end);

static struct frame in, out;
static const struct spec served = {.http = "www.served.example"}, stray = {.http = "www.stray.example"};

static void expect_run(uint32_t reason, uint32_t action)
{
	struct outcome o = world_run(&in, &out);

	must(o.reason == reason && o.action == action, "%s, %s instead of %s", xdp_name(o.action),
	     reason_name(o.reason), reason_name(reason));
}

static void unchanged(void)
{
	must(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "changed");
}

/* Offers, in the order in which Linux says them. */
enum { SAYS_MSS = 1, SAYS_SACK = 2, SAYS_SCALE = 4, SAYS_STAMPS = 8, SAYS_ECN = 16, OFFERS = 32 };

static struct spec offer(unsigned int what, uint16_t mss)
{
	static uint8_t options[12];
	struct spec s = {.flags = SYN | (what & SAYS_ECN ? 0xc0 : 0), .stamps = what & SAYS_STAMPS};
	size_t n = 0;

	if (what & SAYS_MSS) {
		options[n++] = 2, options[n++] = 4;
		options[n++] = mss >> 8, options[n++] = mss & 0xff;
	}
	if (what & SAYS_SACK)
		options[n++] = 4, options[n++] = 2;
	if (what & SAYS_SCALE)
		options[n++] = 3, options[n++] = 3, options[n++] = 9;
	s.tcp_options = (struct bytes){options, n};
	return s;
}

/* SYN and SYN-ACK. */
static void shake_hands(struct visit *v, const struct spec *syn)
{
	struct view view;

	host_listen(v->server_port, false);
	frame_build(&in, v, syn);
	expect_run(REASON_syn_answered, XDP_TX);
	must(!frame_flaw(&out, &view) && out.len <= in.len, "SYN-ACK");
	v->seq++;
	v->ack = view.seq + 1;
	v->stamp = view.tsval;
	v->stamps = view.stamps;
}

/* No cookie proves where none was given. */
static void give_a_cookie(void)
{
	struct visit other = visit_make(CLIENT4, HOST4, 80);

	visit_shake(&other);
}

/* What the server's socket thinks was agreed. MSS: 12 bytes of each segment are
 * timestamps'. Without them it is rounded down to one of four classes. */
static void expect_agreed(const struct visit *v, unsigned int what, uint16_t mss)
{
	struct tcp_info i = {0};
	socklen_t size = sizeof(i);
	bool four = address_is_v4(v->client);
	uint32_t least = four ? 536 : 1220, most = what & SAYS_MSS ? mss : least;

	if (most > (four ? 1460 : 1440))
		most = four ? 1460 : 1440;
	cr_assert(!getsockopt(v->socket, IPPROTO_TCP, TCP_INFO, &i, &size));
	must(!!(i.tcpi_options & TCPI_OPT_SACK) == !!(what & SAYS_SACK), "SACK");
	must(!!(i.tcpi_options & TCPI_OPT_TIMESTAMPS) == !!(what & SAYS_STAMPS), "timestamps");
	must(!!(i.tcpi_options & TCPI_OPT_WSCALE) == !!(what & SAYS_SCALE), "window scale");
	must(!!(i.tcpi_options & TCPI_OPT_ECN) == !!(what & SAYS_ECN), "ECN");
	if (what & SAYS_SCALE)
		must(i.tcpi_snd_wscale == 9 && i.tcpi_rcv_wscale == world_shake().scale, "scales %u, %u",
		     i.tcpi_snd_wscale, i.tcpi_rcv_wscale);
	if (what & SAYS_STAMPS)
		must(i.tcpi_snd_mss == most - 12, "MSS %u of %u", i.tcpi_snd_mss, most);
	else
		must(i.tcpi_snd_mss <= most && i.tcpi_snd_mss >= least, "MSS %u of %u", i.tcpi_snd_mss, most);
	must(i.tcpi_state == 1, "state %u", i.tcpi_state);
}

static void try_offer(unsigned int what, uint16_t mss, const char *client, const char *server)
{
	struct visit v = visit_make(client, server, 80);
	struct spec syn = offer(what, mss), data = served;

	snprintf(where, sizeof(where), "offer %02x, MSS %u, %s", what, mss, client);
	shake_hands(&v, &syn);
	data.stamps = syn.stamps;
	frame_build(&in, &v, &data);
	expect_run(REASON_served, XDP_PASS);
	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, in.len - in.payload);
	expect_agreed(&v, what, mss);
	visit_close(&v);
}

/* The same, whatever the server makes of it. */
static void try_served(unsigned int what, const char *why)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec syn = offer(what, 1460), data = served;

	snprintf(where, sizeof(where), "%s", why);
	shake_hands(&v, &syn);
	data.stamps = v.stamps; /* what the server lacks is not promised any more */
	frame_build(&in, &v, &data);
	expect_run(REASON_served, XDP_PASS);
	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, in.len - in.payload);
	visit_close(&v);
}

Test(handshake, every_offer)
{
	static const uint16_t sizes[] = {1220, 1360, 1399, 1420, 1440, 1460, 8960};
	unsigned int what, i;

	sysctl_set("net/ipv4/tcp_ecn", "1");
	world_policy(POLICY);
	for (what = 0; what < OFFERS; what++) {
		try_offer(what, 1400, CLIENT4, HOST4);
		try_offer(what, 1400, CLIENT6, HOST6);
	}
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		try_offer(SAYS_MSS, sizes[i], CLIENT4, HOST4);
		try_offer(SAYS_MSS | SAYS_STAMPS, sizes[i], CLIENT4, HOST4);
		try_offer(SAYS_MSS | SAYS_STAMPS, sizes[i], CLIENT6, HOST6);
	}
	try_offer(SAYS_MSS, 536, CLIENT4, HOST4);
}

/* {options, what is understood of them}: those with a wrong length, and what
 * stands behind them, are not there. */
static const struct {
	struct bytes options;
	unsigned int what;
} strange[] = {
	{BYTES("\2\4\5\xb4"), SAYS_MSS},
	{BYTES("\2\3\5\1\4\2\1\1"), SAYS_SACK},
	{BYTES("\4\3\0\1"), 0},
	{BYTES("\4\2\2\4\5\xb4\1\1"), SAYS_MSS | SAYS_SACK},
	{BYTES("\3\4\7\1"), 0},
	{BYTES("\3\3\7\1"), SAYS_SCALE},
	{BYTES("\1\1\1\3\3\xff\1\1"), SAYS_SCALE},
	{BYTES("\0\2\4\5\xb4\4\2\1"), 0},
	{BYTES("\2\4\5\xb4\4\0\4\2"), SAYS_MSS},
	{BYTES("\2\4\5\xb4\4\1\4\2"), SAYS_MSS},
	{BYTES("\2\4\5\xb4\x1e\4\0\0\4\2\1\1"), SAYS_MSS | SAYS_SACK}, /* one that is not known */
	{BYTES("\x1e\x0c\0\0\0\0\0\0\0\0\0\0"), 0},		       /* MPTCP's, as long as stamps */
	{BYTES("\1\1\1\1\1\1\4\x22"), 0},			       /* over the end */
	{BYTES("\1\1\1\4"), 0},					       /* no length any more */
	{BYTES("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\2\4\5\xb4"),
	 SAYS_MSS},
};

Test(handshake, strange_options)
{
	struct view view;
	size_t i;

	host_listen(80, false);
	for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		struct visit v = visit_make(CLIENT4, HOST4, 80);
		unsigned int what;

		snprintf(where, sizeof(where), "options %zu", i);
		frame_build(&in, &v, &(struct spec){.flags = SYN, .tcp_options = strange[i].options});
		expect_run(REASON_syn_answered, XDP_TX);
		must(!frame_flaw(&out, &view) && out.len <= in.len, "SYN-ACK");
		what = (view.mss ? SAYS_MSS : 0) | (view.sack ? SAYS_SACK : 0) |
		       (view.scale ? SAYS_SCALE : 0) | (view.stamps ? SAYS_STAMPS : 0);
		cr_expect(what == strange[i].what, "%s: %02x instead of %02x", where, what, strange[i].what);
	}
}

/* After the handshake client and server talk on with what was agreed. */
Test(handshake, the_server_answers)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec syn = offer(SAYS_MSS | SAYS_STAMPS | SAYS_SCALE, 1460), data = served;
	struct view view;

	shake_hands(&v, &syn);
	data.stamps = true;
	frame_build(&in, &v, &data);
	expect_run(REASON_served, XDP_PASS);
	visit_deliver(&out);
	visit_expect(&v, NULL, in.len - in.payload);
	cr_assert(write(v.socket, answer, sizeof(answer) - 1) == sizeof(answer) - 1);
	do {
		cr_assert(wire_receive(&v, &out, &view, 3000), "no answer");
		cr_expect(!(view.flags & SYN), "its SYN-ACK left untranslated");
	} while (!view.payload_len);
	cr_expect(view.seq == v.ack && view.ack == v.seq + in.len - in.payload, "numbers");
	cr_expect(!memcmp(out.bytes + view.payload, answer, sizeof(answer) - 1));
	cr_expect(view.stamps && (int32_t)(view.tsval - v.stamp) >= 0, "time goes on from our timestamp");
	visit_close(&v);
}

/* ---- what proves nothing ---- */

/* With this host's secrets. */
static uint32_t cookie_at(const struct visit *v, uint64_t now)
{
	struct shake s = world_shake();

	return visit_cookie(v, &s, now);
}

/* A cookie is good in its own tick of 68.7 s and the next. */
Test(handshake, old_cookies)
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
Test(handshake, secrets_change)
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
Test(handshake, cookies_on_both_sides)
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
Test(handshake, forged)
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
Test(handshake, every_bit_counts)
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
Test(handshake, changed_echo)
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
Test(handshake, replayed)
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

/* ---- how a listener does ---- */

static const struct {
	const char *lines;
	bool deep;
} depths[] = {
	{"posture enforce\nlisten tcp/80 as http handshake off\n", false},
	{"posture observe\nlisten tcp/80 as http handshake on\n", false},
	{"posture enforce\nlisten tcp/80 as http handshake on observe\n", false},
	{"posture enforce\nlisten tcp/80 as http\n", true},
	{"posture enforce\nlisten tcp/80 as http handshake on\n", true},
};

static void expect_depth(bool deep)
{
	struct spec syn = offer(SAYS_MSS, 1460);
	struct visit v = visit_make(CLIENT4, HOST4, 80);

	frame_build(&in, &v, &syn);
	expect_run(deep ? REASON_syn_answered : REASON_handshake, deep ? XDP_TX : XDP_PASS);
}

Test(handshake, where_it_is_not)
{
	char lines[256];
	size_t i;

	host_listen(80, false);
	for (i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		snprintf(where, sizeof(where), "row %zu", i);
		snprintf(lines, sizeof(lines), "%sserve www.served.example\n", depths[i].lines);
		world_policy(lines);
		expect_depth(depths[i].deep);
	}
}

/* No setting of the host is needed for it, and none is in its way (F04, F05). */
Test(handshake, whatever_the_host_does)
{
	static const char *const settings[] = {"net/ipv4/tcp_syncookies", "net/ipv4/tcp_timestamps",
					       "net/ipv4/tcp_sack", "net/ipv4/tcp_window_scaling"};
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		/* After `up`: what the gate promises is what the host did then. */
		sysctl_set(settings[i], "0");
		try_served(SAYS_MSS | SAYS_STAMPS | SAYS_SACK | SAYS_SCALE, settings[i]);
		sysctl_set(settings[i], "1");
	}
}

/* An MPTCP listener takes a visit as plain TCP. */
Test(handshake, for_mptcp)
{
	if (!host_listen_mptcp(80))
		cr_skip_test("this kernel has no MPTCP");
	try_served(SAYS_MSS | SAYS_STAMPS | SAYS_SACK | SAYS_SCALE, "MPTCP");
}

/* SYNs of a million strangers leave nothing behind. */
Test(handshake, a_flood_of_syns)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec syn = offer(SAYS_MSS | SAYS_STAMPS | SAYS_SACK | SAYS_SCALE, 1460);
	uint32_t i;

	srandom(1);
	host_listen(80, false);
	for (i = 0; i < 100000; i++) {
		v.client[13] = 18;
		v.client[14] = random();
		v.client[15] = random();
		v.client_port = random();
		v.seq = random();
		frame_build(&in, &v, &syn);
		cr_assert(world_run_only(&in, &out) == XDP_TX && out.len <= in.len);
	}
	cr_expect(world_counted_as(REASON_syn_answered) == i);
	cr_expect(world_flows() == 0, "%d flows", world_flows());
}
