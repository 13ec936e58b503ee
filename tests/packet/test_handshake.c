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

#include "handshake_helpers.h"

TestSuite(handshake, .init = begin, .fini = world_end);

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
