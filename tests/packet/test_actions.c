// SPDX-License-Identifier: GPL-2.0-only
/* What a policy's lines make of visits: every action for every finding. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "world/world.h"

#define LISTENERS                                                                                     \
	"posture enforce\nlisten tcp/80 as http handshake off\nlisten tcp/443 as tls handshake off\n" \
	"listen tcp/53 as dns handshake off\nlisten udp/53 as dns\nserve served.example\n"            \
	"zone served.example\n"

TestSuite(actions, .init = world_begin, .fini = world_end);

static struct frame in, out;

/* Three protocols over TCP, and DNS over UDP; for each what is a stray, unnamed
 * and unreadable. */
static const struct {
	const char *protocol;
	uint16_t port;
	uint8_t l4;
	struct spec finding[FINDING_COUNT];
} talks[] = {
	{"http",
	 80,
	 IPPROTO_TCP,
	 {{.http = "stray.example"}, {.text = "GET / HTTP/1.0\r\n\r\n"}, {.text = "\x16\x03\x01"}}},
	{"tls",
	 443,
	 IPPROTO_TCP,
	 {{.tls = "stray.example"},
	  {.data = BYTES("\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03RANDOMRANDOMRANDOMRANDOMRANDOM32"
			 "\x00\x00\x02\x13\x01\x01\x00")},
	  {.text = "GET / HTTP/1.1\r\n"}}},
	{"dns", 53, IPPROTO_TCP, {{.dns = "stray.example"}, {.dns = ""}, {.data = BYTES("\x00\x01\x00")}}},
	{"dns", 53, IPPROTO_UDP, {{.dns = "stray.example"}, {.dns = ""}, {.text = "?"}}},
};

static const char *const findings[FINDING_COUNT] = {"stray", "unnamed", "unreadable"};

/* Reasons by finding: passed, dropped, answered, reset. */
static const uint32_t reasons[FINDING_COUNT][4] = {
	{REASON_stray_passed, REASON_stray_dropped, REASON_stray_answered, REASON_stray_reset},
	{REASON_unnamed_passed, REASON_unnamed_dropped, REASON_unnamed_answered, REASON_unnamed_reset},
	{REASON_unreadable_passed, REASON_unreadable_dropped, 0, REASON_unreadable_reset},
};

/* {the line's action, by UDP: which of the reasons, by TCP: what the client's
 * retransmission gets} */
static const struct {
	const char *action;
	int udp;
	uint32_t tail;
} actions[] = {
	{"pass", 0, 0},
	{"drop", 1, REASON_tail_dropped},
	{"reset", 1, REASON_tail_reset},
	{"answer", 2, REASON_tail_answered},
};

static void expect_run(uint32_t reason)
{
	struct outcome o = world_run(&in, &out);

	cr_expect(o.reason == reason, "%s: %s instead of %s", where, reason_name(o.reason),
		  reason_name(reason));
}

static void try_action(size_t talk, size_t finding, size_t action)
{
	bool tcp = talks[talk].l4 == IPPROTO_TCP;
	struct visit v = visit_make(CLIENT4, HOST4, talks[talk].port);
	struct spec s = talks[talk].finding[finding];

	s.protocol = talks[talk].l4;
	if (tcp)
		visit_open(&v);
	frame_build(&in, &v, &s);
	expect_run(reasons[finding][!tcp ? actions[action].udp : actions[action].tail ? 3 : 0]);
	if (tcp && actions[action].tail) {
		visit_deliver(&out);
		visit_expect_reset(&v);
		expect_run(actions[action].tail);
	}
	visit_close(&v);
}

Test(actions, every_action_for_every_finding)
{
	size_t talk, finding, action;
	char lines[1024];

	for (talk = 0; talk < 4; talk++)
		for (finding = 0; finding < FINDING_COUNT; finding++)
			for (action = 0; action < 4; action++) {
				/* what cannot be read cannot be answered: no such line */
				if (finding == FINDING_UNREADABLE && actions[action].udp == 2)
					continue;
				snprintf(where, sizeof(where), "%s %s %s over %s", findings[finding],
					 talks[talk].protocol, actions[action].action,
					 talks[talk].l4 == IPPROTO_TCP ? "TCP" : "UDP");
				snprintf(lines, sizeof(lines), LISTENERS "%s %s %s\n", findings[finding],
					 talks[talk].protocol, actions[action].action);
				world_policy(lines);
				try_action(talk, finding, action);
			}
}

/* A line about one prefix goes before a list that has the same one in it, and
 * the first of two lists before the second. */
Test(actions, lines_and_lists_of_the_same_prefix)
{
	static const struct {
		const char *client;
		uint32_t reason;
	} rows[] = {
		{"198.18.1.1", REASON_source_trusted},
		{"198.18.2.1", REASON_source_dropped},
		{"198.18.3.1", REASON_source_trusted},
		{"198.19.0.1", REASON_handshake},
	};
	char dir[] = "/tmp/test_packet.XXXXXX", lines[1024];
	FILE *f;
	size_t i;

	cr_assert(mkdtemp(dir) && !chdir(dir));
	f = fopen("one", "w");
	fputs("198.18.1.0/24 198.18.2.0/24\n", f);
	fclose(f);
	f = fopen("two", "w");
	fputs("198.18.2.0/24\n198.18.3.0/24\n", f);
	fclose(f);
	snprintf(lines, sizeof(lines),
		 LISTENERS "source from %s/one drop\nsource from %s/two trust\nsource 198.18.1.0/24 trust\n",
		 dir, dir);
	world_policy(lines);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct visit v = visit_make(rows[i].client, HOST4, 80);

		snprintf(where, sizeof(where), "%s", rows[i].client);
		frame_build(&in, &v, &(struct spec){.flags = SYN});
		expect_run(rows[i].reason);
	}
	unlink("one");
	unlink("two");
	cr_assert(!chdir("/") && !rmdir(dir));
}

/* Each name and each listener has counters of its own. */
Test(actions, rules_are_counted)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	int i;

	world_policy(LISTENERS "zone other.example\nsource 198.18.0.0/15 pass\nstray dns drop\n");
	for (i = 0; i < 6; i++) {
		frame_build(&in, &v,
			    &(struct spec){.protocol = IPPROTO_UDP,
					   .dns = i < 1	  ? "a.served.example"
						  : i < 3 ? "other.example"
							  : "stray.example"});
		world_run_only(&in, NULL);
	}
	cr_expect(world_rule_packets(ST_ZONE, "served.example") == 1);
	cr_expect(world_rule_packets(ST_ZONE, "other.example") == 2);
	cr_expect(world_rule_packets(ST_STRAY, "dns") == 3);
	cr_expect(world_rule_packets(ST_SOURCE, "198.18.0.0/15") == 6);
}

/* A policy that nobody confirms is taken back by the clock alone. */
Test(actions, unconfirmed)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	uint64_t tried;

	frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .dns = "x.served.example"});
	snprintf(where, sizeof(where), "before");
	world_policy(LISTENERS "source 198.18.0.0/15 drop\n");
	expect_run(REASON_source_dropped);
	snprintf(where, sizeof(where), "tried");
	world_try_policy(LISTENERS, 1);
	tried = monotonic_ns();
	expect_run(REASON_served);
	/* One unit of the deadline later at most. */
	while (monotonic_ns() < tried + 1000000000 + (1 << CONTROL_DEADLINE_SHIFT))
		usleep(1000);
	snprintf(where, sizeof(where), "taken back");
	expect_run(REASON_source_dropped);
}

/* The most-asked names and the networks that ask most, amid a flood of strangers. */
Test(actions, heavy_hitters)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	size_t place, i;
	char name[64];
	uint64_t n;

	srandom(1402);
	world_policy(LISTENERS);
	for (i = 0; i < 40000; i++) {
		/* of ten visits two for one name, and one of them from one network */
		snprintf(name, sizeof(name), i % 5 ? "u%zu.example" : "heavy.example", i);
		v.client[13] = random();
		v.client[14] = random();
		if (i % 10 == 0)
			address_read("198.19.77.1", v.client);
		frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .dns = name});
		cr_assert(world_run_only(&in, NULL) == XDP_TX);
	}
	n = world_heavy(GATE_STRAY_NAMES, "heavy.example", 13, &place);
	cr_expect(!place && n >= 7600 && n <= 8800, "8,000 visits for the name are %lu, place %zu",
		  (unsigned long)n, place);
	address_read("198.19.77.0", v.client);
	n = world_heavy(GATE_STRAY_SOURCES, v.client, 16, &place);
	cr_expect(!place && n >= 3800 && n <= 4600, "4,000 visits from the network are %lu, place %zu",
		  (unsigned long)n, place);
}
