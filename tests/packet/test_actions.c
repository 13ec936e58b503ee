// SPDX-License-Identifier: GPL-2.0-or-later
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

/* What the client was told, or NULL. */
static const char *said(const struct frame *f)
{
	static char text[FRAME_MAX + 1];
	struct view v;

	if (frame_flaw(f, &v) || !v.payload_len)
		return NULL;
	memcpy(text, f->bytes + v.payload, v.payload_len);
	text[v.payload_len] = '\0';
	return text;
}

/* A stray's request at data, over a handshake that the kernel has not completed yet. */
static struct visit ask_half(size_t letters, int ack_ahead)
{
	struct visit v = visit_make(CLIENT4, HOST4, 81);

	host_listen(81, true);
	visit_half(&v);
	frame_build(&in, &v,
		    &(struct spec){.http = "stray.example", .letters = letters, .ack_ahead = ack_ahead});
	return v;
}

/* Whoever acknowledges no number of the server's may be anybody: he decides nothing, and
 * nothing is sent to him, however often he asks. */
Test(actions, no_answer_to_an_address_that_has_not_proved_itself)
{
	static const int ahead[] = {4711, -4711, 1, -1};
	size_t i, k;

	world_policy(LISTENERS "listen tcp/81 as http handshake off\n");
	for (i = 0; i < 1300; i += 130)
		for (k = 0; k < sizeof(ahead) / sizeof(ahead[0]); k++) {
			struct visit v = ask_half(i, ahead[k]);

			snprintf(where, sizeof(where), "unproved by %d, %zu letters", ahead[k], i);
			expect_run(REASON_unacceptable);
			expect_run(REASON_unacceptable);
			visit_close(&v);
		}
}

Test(actions, the_page_is_for_whoever_has_proved_himself)
{
	struct view q, a;
	struct visit v;

	world_policy(LISTENERS "listen tcp/81 as http handshake off\n");
	v = ask_half(0, 0);
	snprintf(where, sizeof(where), "proved");
	expect_run(REASON_stray_reset);
	visit_deliver(&out);
	expect_run(REASON_tail_answered);
	cr_assert(!frame_flaw(&in, &q) && !frame_flaw(&out, &a));
	cr_expect(a.ip_len > q.ip_len && strstr(said(&out), "<b>stray.example</b>"), "%zu bytes for %zu",
		  a.ip_len, q.ip_len);
	visit_close(&v);
}

/* What the client of one visit more is told when its request comes again. */
static const char *told(uint16_t port, const struct spec *request)
{
	struct visit v = visit_make(CLIENT4, HOST4, port);

	visit_open(&v);
	frame_build(&in, &v, request);
	world_run(&in, &out);
	visit_deliver(&out);
	expect_run(REASON_tail_answered);
	visit_close(&v);
	return said(&out);
}

static void expect_told(const char *lines, uint16_t port, const struct spec *request, struct bytes says)
{
	char all[2048];
	const char *text;

	snprintf(where, sizeof(where), "%.120s to %.80s", lines, request->http ? request->http : "");
	snprintf(all, sizeof(all), LISTENERS "%s", lines);
	world_policy(all);
	text = told(port, request);
	cr_expect(text && memmem(text, FRAME_MAX, says.at, says.len), "%s: says %s", where, text);
}

#define HTTP_STRAY                      \
	&(struct spec)                  \
	{                               \
		.http = "stray.example" \
	}
#define TLS_STRAY                      \
	&(struct spec)                 \
	{                              \
		.tls = "stray.example" \
	}

Test(actions, answers_are_what_the_line_says)
{
	char page[WORLD_PATH], line[256];

	expect_told("", 80, HTTP_STRAY, (struct bytes)BYTES("HTTP/1.1 503 Service Unavailable\r\n"));
	expect_told("stray http answer 421\n", 80, HTTP_STRAY,
		    (struct bytes)BYTES("HTTP/1.1 421 Misdirected Request\r\n"));
	expect_told("stray http answer 403\n", 80, HTTP_STRAY,
		    (struct bytes)BYTES("HTTP/1.1 403 Forbidden\r\n"));
	/* each line has its own */
	expect_told("unnamed http answer 421\nstray http answer 403\n", 80,
		    &(struct spec){.text = "GET / HTTP/1.0\r\n\r\n"},
		    (struct bytes)BYTES("HTTP/1.1 421 Misdirected Request\r\n"));
	expect_told("unnamed http answer\n", 80, &(struct spec){.text = "GET / HTTP/1.0\r\n\r\n"},
		    (struct bytes)BYTES("<b>another site</b>"));
	expect_told("unnamed http answer\n", 80, &(struct spec){.http = HOST4},
		    (struct bytes)BYTES("<b>192.0.2.1</b>"));
	expect_told("", 443, TLS_STRAY, (struct bytes)BYTES("\x15\x03\x03\x00\x02\x02\x50"));
	expect_told("stray tls answer alert unrecognized_name\n", 443, TLS_STRAY,
		    (struct bytes)BYTES("\x15\x03\x03\x00\x02\x02\x70"));
	expect_told("stray tls answer alert access_denied\n", 443, TLS_STRAY,
		    (struct bytes)BYTES("\x15\x03\x03\x00\x02\x02\x31"));
	world_file(page, "<title>\xc3\x9c</title>{name}!\n");
	snprintf(line, sizeof(line), "stray http answer 403 page %s\n", page);
	expect_told(line, 80, HTTP_STRAY,
		    (struct bytes)BYTES(
			    "\r\nContent-Length:   32\r\n\r\n<title>\xc3\x9c</title>stray.example!\n"));
}

/* Above a limit the line's other word holds. */
Test(actions, else_answer)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);

	snprintf(where, sizeof(where), "else answer");
	world_policy(LISTENERS
		     "stray dns limit 1 visits/s else answer\nstray http limit 1 visits/s else reset\n");
	frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .dns = "stray.example"});
	expect_run(REASON_stray_passed);
	expect_run(REASON_stray_answered);
	world_policy(LISTENERS "stray dns limit 1 visits/s\n");
	expect_run(REASON_stray_dropped);
}

/* Nothing that a client writes stands in a page but what a name is made of, and of
 * a name only its end. */
Test(actions, a_page_is_no_place_for_markup)
{
	static const char *const hosts[] = {
		"<script>alert(1)</script>", "a<b",   "a\"b",	"a&amp;b", "a'b", "x.example/<b>",
		"\xe2\x80\xae.example",	     "a%3cb", "{name}",
	};
	char name[252] = "", wanted[100], line[300];
	struct visit v;
	size_t i;

	world_policy(LISTENERS "unreadable http reset\n");
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		snprintf(where, sizeof(where), "%s", hosts[i]);
		v = visit_make(CLIENT4, HOST4, 80);
		visit_open(&v);
		frame_build(&in, &v, &(struct spec){.http = hosts[i]});
		expect_run(REASON_unreadable_reset);
		visit_deliver(&out);
		expect_run(REASON_tail_reset);
		visit_close(&v);
	}
	for (i = 0; i < 35; i++)
		strcat(name, "abcdef.");
	strcat(name, "y.test");
	snprintf(wanted, sizeof(wanted), "<b>...%s</b>", name + strlen(name) - 77);
	expect_told("", 80, &(struct spec){.http = name}, (struct bytes){wanted, strlen(wanted)});
	snprintf(line, sizeof(line), "<b>%s</b>", name + strlen(name) - 80);
	expect_told("", 80, &(struct spec){.http = name + strlen(name) - 80},
		    (struct bytes){line, strlen(line)});
	expect_told("", 80, &(struct spec){.http = "[2001:DB8::7]:8080"},
		    (struct bytes)BYTES("<b>[2001:db8::7]</b>"));
	expect_told("", 80, &(struct spec){.http = "_a-b.1.EXAMPLE:80"},
		    (struct bytes)BYTES("<b>_a-b.1.example</b>"));
}

/* A line about one prefix goes before a list that has the same one in it, and
 * the first of two lists before the second. */
Test(actions, lines_and_lists_of_the_same_prefix)
{
	static const struct {
		const char *client;
		uint32_t reason;
	} rows[] = {
		{"198.18.1.1", REASON_source_trusted}, {"198.18.2.1", REASON_source_trusted},
		{"198.18.3.1", REASON_source_trusted}, {"198.18.4.1", REASON_source_dropped},
		{"198.19.0.1", REASON_handshake},
	};
	char one[WORLD_PATH], two[WORLD_PATH], lines[1024];
	size_t i;

	world_file(one, "198.18.1.0/24 198.18.2.0/24 198.18.4.0/24\n");
	world_file(two, "198.18.2.0/24\n198.18.3.0/24\n");
	snprintf(lines, sizeof(lines),
		 LISTENERS "source from %s drop\nsource from %s trust\nsource 198.18.1.0/24 trust\n"
			   "source 198.18.2.0/24 trust\n",
		 one, two);
	world_policy(lines);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct visit v = visit_make(rows[i].client, HOST4, 80);

		snprintf(where, sizeof(where), "%s", rows[i].client);
		frame_build(&in, &v, &(struct spec){.flags = SYN});
		expect_run(rows[i].reason);
	}
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

/* A line about strays for one name counts for itself. */
Test(actions, strays_for_a_name_are_counted)
{
	world_policy(LISTENERS "stray http drop for old.example new.example\n");
	for (int i = 0; i < 4; i++) {
		struct visit v = visit_make(CLIENT4, HOST4, 80);

		visit_open(&v);
		frame_build(&in, &v,
			    &(struct spec){.http = i < 1   ? "old.example"
						   : i < 3 ? "new.example"
							   : "x.example"});
		world_run_only(&in, NULL);
	}
	cr_expect(world_rule_packets(ST_STRAY, "http for old.example") == 1);
	cr_expect(world_rule_packets(ST_STRAY, "http for new.example") == 2);
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
