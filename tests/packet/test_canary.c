// SPDX-License-Identifier: GPL-2.0-or-later
/* A posture that is enforced for some clients: who they are, and that the others are
 * observed as if it was `observe`. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "world/world.h"

#define LINES                                  \
	"listen udp/53 as dns\n"               \
	"listen tcp/80 as http handshake on\n" \
	"serve www.served.example\nzone served.example\n"
#define CLIENTS 2000

TestSuite(canary, .init = world_begin, .fini = world_end);

static struct frame in, out;

static struct outcome ask(const char *client, bool ipv6)
{
	struct visit v = visit_make(client, ipv6 ? HOST6 : HOST4, 53);
	struct spec s = {.protocol = IPPROTO_UDP, .dns = "www.stray.example"};
	struct outcome o;

	frame_build(&in, &v, &s);
	o = world_run_watched(&in, &out);
	must(o.reason == REASON_stray_answered, "%s: %s", client, reason_name(o.reason));
	must(o.observed == (o.action == XDP_PASS), "%s: counted as observed: %d", client, o.observed);
	must(o.action == XDP_TX || (out.len == in.len && !memcmp(out.bytes, in.bytes, in.len)), "%s: changed",
	     client);
	must(world_explain(&in).observed == o.observed, "%s: explain does not agree", client);
	return o;
}

static const char *client4(unsigned int i)
{
	static char text[32];

	snprintf(text, sizeof(text), "198.18.%u.%u", i / 250, i % 250 + 1);
	return text;
}

static const char *client6(unsigned int net, unsigned int host)
{
	static char text[64];

	snprintf(text, sizeof(text), "2001:db8:c:%x::%x", net, host);
	return text;
}

static unsigned int draw(bool chosen[CLIENTS])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < CLIENTS; i++) {
		chosen[i] = !ask(client4(i), false).observed;
		count += chosen[i];
	}
	return count;
}

/* So many as were wanted, the same ones each time, and more of them as the share grows. */
Test(canary, share)
{
	static bool before[CLIENTS], now[CLIENTS];
	static const struct {
		const char *lines;
		unsigned int least, most;
	} shares[] = {
		{"posture enforce share 0.01%\n" LINES, 0, 10},
		{"posture enforce share 5%\n" LINES, 60, 150},
		{"posture enforce share 5%\n" LINES "source 10.0.0.0/8 drop\n", 60, 150},
		{"posture enforce share 30%\n" LINES, 500, 700},
		{"posture enforce share 99.99%\n" LINES, CLIENTS - 10, CLIENTS},
		{"posture enforce share 100%\n" LINES, CLIENTS, CLIENTS},
	};
	unsigned int count;

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		snprintf(where, sizeof(where), "%.40s", shares[i].lines);
		world_policy(shares[i].lines);
		count = draw(now);
		cr_expect(count >= shares[i].least && count <= shares[i].most, "%s: %u", where, count);
		for (unsigned int k = 0; k < CLIENTS; k++)
			cr_expect(!before[k] || now[k], "%s: %s was drawn before", where, client4(k));
		if (i == 2)
			cr_expect(!memcmp(before, now, sizeof(now)), "a change of other lines draws anew");
		memcpy(before, now, sizeof(now));
	}
}

/* Of IPv6 by /64, and whatever the client's port. */
Test(canary, all_of_a_client)
{
	unsigned int chosen = 0;

	world_policy("posture enforce share 50%\n" LINES);
	for (unsigned int net = 1; net <= 60; net++) {
		bool observed = ask(client6(net, 1), true).observed;

		chosen += !observed;
		for (unsigned int host = 1; host < 10; host++)
			cr_expect(ask(client6(net, host), true).observed == observed);
	}
	cr_expect(chosen > 10 && chosen < 50, "%u", chosen);
	for (unsigned int i = 0; i < 30; i++) {
		bool observed = ask(client4(i), false).observed;

		for (unsigned int again = 0; again < 9; again++)
			cr_expect(ask(client4(i), false).observed == observed);
	}
}

static const struct {
	const char *from, *client;
	bool ipv6, chosen;
} networks[] = {
	{"198.18.4.0/24", "198.18.4.9", false, true},
	{"198.18.4.0/24", "198.18.5.9", false, false},
	{"198.18.4.0/24", "2001:db8:c::1", true, false},
	{"198.18.4.9/32", "198.18.4.9", false, true},
	{"198.18.4.9/32", "198.18.4.8", false, false},
	{"198.18.0.0/15", "198.19.255.254", false, true},
	{"0.0.0.0/0", "198.18.4.9", false, true},
	{"0.0.0.0/0", "2001:db8:c::1", true, false},
	{"::/0", "2001:db8:c::1", true, true},
	{"::/0", "198.18.4.9", false, false},
	{"2001:db8:c::/48", "2001:db8:c:1::1", true, true},
	{"2001:db8:c::/48", "2001:db8:d:1::1", true, false},
	{"2001:db8:c:1::/64", "2001:db8:c:1::1", true, true},
	{"2001:db8:c:1::/64", "2001:db8:c:2::1", true, false},
	{"2001:db8:c:1::80/121", "2001:db8:c:1::ff", true, true},
	{"2001:db8:c:1::80/121", "2001:db8:c:1::7f", true, false},
	{"2001:db8:c:1::80/121", "2001:db8:c:2::ff", true, false},
	{"2001:db8:c:1::80/128", "2001:db8:c:1::80", true, true},
	{"2001:db8:c:1::80/128", "2001:db8:c:1::81", true, false},
};

Test(canary, one_network)
{
	char lines[512];

	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		snprintf(lines, sizeof(lines), "posture enforce from %s\n" LINES, networks[i].from);
		snprintf(where, sizeof(where), "from %s", networks[i].from);
		world_policy(lines);
		cr_expect(ask(networks[i].client, networks[i].ipv6).observed == !networks[i].chosen, "%s: %s",
			  where, networks[i].client);
	}
}

static struct outcome run(struct visit *v, const struct spec *s)
{
	frame_build(&in, v, s);
	return world_run(&in, &out);
}

/* At the handshake who is not chosen shakes hands with the kernel, and is observed at data. */
Test(canary, handshake)
{
	static const struct spec syn = {.flags = SYN}, stray = {.http = "www.stray.example"};
	struct visit chosen = visit_make(CLIENT4, HOST4, 80), other = visit_make("198.19.0.1", HOST4, 80),
		     third = visit_make("198.19.0.2", HOST4, 80);
	struct outcome o;

	world_policy("posture enforce from 198.18.0.0/16\n" LINES);
	visit_open(&other);
	o = run(&chosen, &syn);
	cr_expect(o.reason == REASON_syn_answered && o.action == XDP_TX, "%s", reason_name(o.reason));
	frame_build(&in, &third, &syn);
	o = world_run(&in, &out);
	cr_expect(o.reason == REASON_handshake && o.action == XDP_PASS && o.observed, "%s",
		  reason_name(o.reason));
	o = run(&other, &stray);
	cr_expect(o.reason == REASON_stray_reset && o.action == XDP_PASS && o.observed, "%s",
		  reason_name(o.reason));
	visit_close(&other);
}

/* What was begun with a client is finished, though he is chosen no more. */
Test(canary, under_way)
{
	static const struct spec stray = {.http = "www.stray.example"};
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct outcome o;

	world_policy("posture enforce from 198.18.0.0/16\n" LINES);
	visit_shake(&v);
	world_policy("posture enforce from 10.0.0.0/8\n" LINES);
	o = run(&v, &stray);
	cr_expect(o.action != XDP_DROP && o.reason != REASON_early, "%s, %s", reason_name(o.reason),
		  xdp_name(o.action));
	visit_close(&v);
}

/* Answers that nobody asked for are dropped for the chosen alone; see test_resolver.c for
 * their fragments. */
Test(canary, resolver)
{
	static const struct spec answer = {.protocol = IPPROTO_UDP,
					   .from_port = 53,
					   .data = BYTES("\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3www\0\0\1\0\1")};
	struct visit chosen = visit_make(CLIENT4, HOST4, 40000),
		     other = visit_make("198.19.0.1", HOST4, 40000);
	struct outcome o;

	world_policy("posture enforce from 198.18.0.0/16\n" LINES "resolver 192.0.2.53\n");
	o = run(&chosen, &answer);
	cr_expect(o.reason == REASON_dns_unasked && o.action == XDP_DROP, "%s", reason_name(o.reason));
	o = run(&other, &answer);
	cr_expect(o.reason == REASON_dns_unasked && o.action == XDP_PASS && o.observed, "%s",
		  reason_name(o.reason));
}
