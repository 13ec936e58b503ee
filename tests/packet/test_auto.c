// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Posture auto, packet by packet, with a clock of the test's own: what the programs
 * count, that windows end by time, and what a listener does asleep and engaged. The
 * rules themselves are tested in tests/unit/test_alarm.c.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "bpf/alarm_state.h"
#include "world/world.h"

#define SERVED "www.served.example"
#define STRAY  "www.stray.example"
#define NAMES  "serve www.served.example\nzone served.example\n"
#define POLICY                    \
	"posture auto\n"          \
	"listen tcp/80 as http\n" \
	"listen udp/53 as dns\n"  \
	"listen tcp/443 as tls\n" \
	"listen udp/443 as quic\n" NAMES

static struct pace pace;
static struct frame in, out;

static void begin(void)
{
	world_begin();
	pace = world_pace();
	cr_assert(pace.arm == 3600 * SECOND_NS && pace.patience == 300 * SECOND_NS);
	pace.clock = 1000000 * SECOND_NS;
	world_set_pace(&pace);
	world_policy(POLICY);
}

TestSuite(auto_, .init = begin, .fini = world_end);

static void seconds(uint64_t n)
{
	pace.clock += n * SECOND_NS;
	world_set_pace(&pace);
}

static void build_query(const char *name)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	struct spec s = {.protocol = IPPROTO_UDP, .dns = name};

	frame_build(&in, &v, &s);
}

/* So many queries for a name; how many passed unchanged. */
static unsigned int queries(unsigned int n, const char *name)
{
	unsigned int passed = 0, i;

	build_query(name);
	for (i = 0; i < n; i++)
		passed += world_run_only(&in, &out) == XDP_PASS && out.len == in.len &&
			  !memcmp(out.bytes, in.bytes, in.len);
	return passed;
}

/* An hour in which the listener was watched, and its visitors were served. */
static void arm(void)
{
	queries(ALARM_SERVED_LEAST, SERVED);
	seconds(3600);
	queries(1, SERVED);
	seconds(1);
}

/* Two seconds with so many queries for a name, and the packet that ends the second. */
static void two_seconds(unsigned int n, const char *name)
{
	queries(n, name);
	seconds(1);
	queries(n, name);
	seconds(1);
	queries(1, SERVED);
}

static void trouble(unsigned int strays)
{
	two_seconds(strays, STRAY);
}

static bool engaged(void)
{
	struct outcome o;

	build_query(STRAY);
	o = world_run(&in, &out);
	must(o.reason == REASON_stray_answered, "%s", reason_name(o.reason));
	must(o.observed == (o.action == XDP_PASS), "counted as observed: %d", o.observed);
	must(world_explain(&in).observed == o.observed, "explain does not agree");
	return o.action == XDP_TX;
}

Test(auto_, dns)
{
	cr_expect(queries(50, "other.example") == 50 && queries(50, SERVED) == 50,
		  "asleep nothing is touched");
	arm();
	trouble(ALARM_RATE_DNS);
	cr_expect(engaged());
	cr_expect(queries(20, STRAY) == 0 && queries(20, SERVED) == 20);
	cr_expect(world_alarm("udp/53").times == 1 && world_alarm("udp/53").cause == ALARM_STRAYS);
	/* Only this one. */
	cr_expect(!world_alarm("tcp/80").times && !world_alarm("tcp/443").times);
	/* Asleep again, without a packet. */
	seconds(299);
	cr_expect(engaged());
	seconds(1);
	cr_expect(!engaged());
	cr_expect(queries(20, "other.example") == 20);
}

/* The second in which a flood ended is counted when something comes again: that engages nothing
 * that was asleep by then. */
Test(auto_, last_second)
{
	arm();
	trouble(ALARM_RATE_DNS);
	cr_assert(engaged());
	queries(ALARM_RATE_DNS * 2, STRAY);
	seconds(300);
	cr_expect(!engaged() && !engaged(), "asleep, and by the next packet engaged again");
	cr_expect(world_alarm("udp/53").times == 1);
}

/* Random labels below a zone of this server are trouble if the policy would refuse them, and
 * none as long as they are within their limit. */
Test(auto_, unknown_names)
{
	static const struct {
		const char *line;
		unsigned int engaged;
	} rows[] = {
		{"unknown dns limit 1000000 visits/s", 0},
		{"unknown dns limit 10 visits/s burst 10", 1},
		{"unknown dns drop", 1},
		{"unknown dns answer nxdomain", 1},
	};
	char policy[512];
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_end();
		begin();
		snprintf(policy, sizeof(policy),
			 "posture auto\nlisten udp/53 as dns\n" NAMES
			 "zone listed.example names from %s\n%s\n",
			 NAMES_FILE, rows[i].line);
		world_policy(policy);
		arm();
		cr_expect(queries(ALARM_RATE_DNS + 200, "x1.listed.example") == ALARM_RATE_DNS + 200);
		seconds(1);
		queries(ALARM_RATE_DNS + 200, "x2.listed.example");
		seconds(1);
		queries(1, SERVED);
		cr_expect(world_alarm("udp/53").times == rows[i].engaged, "%s: engaged %u times",
			  rows[i].line, (unsigned int)world_alarm("udp/53").times);
		cr_expect(queries(50, "www.listed.example") == 50 && queries(50, SERVED) == 50,
			  "%s: known names", rows[i].line);
	}
}

/* The next event of the programs. */
static struct event next_event(void)
{
	struct event e = {0};
	uint64_t lost;

	must(world_next_event(&e, &lost) && !lost, "no event");
	return e;
}

/* Told once each, and of sleep with the next packet: when it began is known. */
Test(auto_, events)
{
	struct event e;
	uint64_t lost;

	arm();
	cr_expect(!world_next_event(&e, &lost), "kind %u", e.kind);
	trouble(ALARM_RATE_DNS);
	e = next_event();
	cr_expect(e.kind == EVENT_ENGAGED && !strcmp(e.subject, "udp/53") && e.cause == ALARM_STRAYS &&
		  e.figure == ALARM_RATE_DNS);
	queries(20, STRAY);
	seconds(300 + 40);
	cr_expect(!world_next_event(&e, &lost), "kind %u", e.kind);
	queries(1, SERVED);
	e = next_event();
	cr_expect(e.kind == EVENT_ASLEEP && !strcmp(e.subject, "udp/53") && e.figure / SECOND_NS >= 39 &&
			  e.figure / SECOND_NS <= 41,
		  "kind %u, %lu ns ago", e.kind, (unsigned long)e.figure);
	/* In the very window that finds it asleep it is engaged again. */
	trouble(ALARM_RATE_DNS);
	seconds(700);
	trouble(ALARM_RATE_DNS);
	e = next_event();
	cr_expect(e.kind == EVENT_ENGAGED);
	e = next_event();
	cr_expect(e.kind == EVENT_ASLEEP);
	e = next_event();
	cr_expect(e.kind == EVENT_ENGAGED && !world_next_event(&e, &lost));
}

Test(auto_, too_little)
{
	arm();
	trouble(ALARM_RATE_DNS - 10);
	cr_expect(!engaged());
	/* One second of it, and nothing before and behind. */
	queries(ALARM_RATE_DNS * 2, STRAY);
	seconds(1);
	queries(1, SERVED);
	seconds(1);
	queries(ALARM_RATE_DNS * 2, STRAY);
	seconds(1);
	cr_expect(!engaged());
	seconds(1000);
	queries(ALARM_RATE_DNS * 2, STRAY);
	seconds(1);
	cr_expect(!engaged());
}

Test(auto_, not_armed)
{
	trouble(ALARM_RATE_DNS);
	cr_expect(!engaged(), "nobody knows what is calm here");
}

/* `above RATE`, of the listener's line, and of the line alone. */
Test(auto_, above)
{
	world_policy("posture enforce\nlisten udp/53 as dns auto above 20 visits/s\n" NAMES);
	cr_expect(!engaged(), "the listener's line says auto");
	arm();
	trouble(19);
	cr_expect(!engaged());
	seconds(1);
	trouble(20);
	cr_expect(engaged());
}

/* What it is outlives every change of the policy; observe is observe all the same. */
Test(auto_, policy_changes)
{
	static const struct {
		const char *lines;
		bool acts;
	} cases[] = {
		{POLICY "source 10.0.0.0/8 drop\n", true},
		{"posture auto\nlisten udp/53 as dns\n" NAMES, true},
		{"posture auto\nlisten udp/53 as dns auto above 500k visits/s\n" NAMES, true},
		{"posture auto\nlisten udp/53 as dns observe\n" NAMES, false},
		{"posture observe\nlisten udp/53 as dns\n" NAMES, false},
		{"posture observe\nlisten udp/53 as dns auto\n" NAMES, false},
		{"posture enforce\nlisten udp/53 as dns\n" NAMES, true},
		{POLICY, true},
	};
	size_t i;

	arm();
	trouble(ALARM_RATE_DNS);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(where, sizeof(where), "%.100s", cases[i].lines);
		world_policy(cases[i].lines);
		cr_expect(engaged() == cases[i].acts, "%s", where);
		cr_expect(world_alarm("udp/53").times == 1, "%s", where);
	}
	/* Another listener begins from the beginning. */
	world_policy("posture auto\nlisten tcp/80 as http\n" NAMES);
	world_policy(POLICY);
	cr_expect(!engaged() && !world_alarm("udp/53").times);
}

/* In posture observe it learns, so that it is armed when it is put to sleep. */
Test(auto_, observe_learns)
{
	world_policy("posture observe\nlisten udp/53 as dns\n" NAMES);
	arm();
	trouble(ALARM_RATE_DNS * 2);
	cr_expect(!engaged());
	world_policy("posture auto\nlisten udp/53 as dns\n" NAMES);
	seconds(10);
	trouble(ALARM_RATE_DNS);
	cr_expect(engaged());
}

/* A line about sources acts only while the listener is engaged. */
Test(auto_, sources)
{
	struct outcome o;

	world_policy(POLICY "source 198.18.0.0/24 drop\nsource 198.18.0.0/32 trust\n");
	build_query(SERVED);
	o = world_run(&in, &out);
	cr_expect(o.reason == REASON_source_dropped && o.observed && o.action == XDP_PASS);
	world_policy(POLICY);
	arm();
	trouble(ALARM_RATE_DNS);
	world_policy(POLICY "source 198.18.0.0/24 drop\n");
	build_query(SERVED);
	o = world_run(&in, &out);
	cr_expect(o.reason == REASON_source_dropped && !o.observed && o.action == XDP_DROP);
}

/* ---- familiar names ------------------------------------------------------------ */

#define FORGOTTEN "forgotten.example"

/* Asked for so often in each of these windows of ten minutes. */
static void is_asked_for(const char *name, unsigned int times, unsigned int windows)
{
	unsigned int i;

	for (i = 0; i < windows; i++) {
		queries(times, name);
		seconds(600);
		queries(1, SERVED);
	}
}

static uint32_t reason_of(const char *name)
{
	build_query(name);
	return world_run(&in, &out).reason;
}

Test(auto_, familiar)
{
	arm();
	is_asked_for("twice.example", 5, 2);
	is_asked_for(FORGOTTEN, 5, 4);
	cr_expect(reason_of(FORGOTTEN) == REASON_stray_familiar, "would pass");
	trouble(ALARM_RATE_DNS);
	cr_assert(engaged());
	/* Four times as often as ever: no more than in ten minutes of calm, by four. */
	cr_expect(queries(20, FORGOTTEN) == 20);
	cr_expect(queries(20, FORGOTTEN) <= 1);
	cr_expect(queries(5, "twice.example") == 0);
	/* Another policy: still familiar, and no more often. */
	world_policy(POLICY "serve other.example\n");
	cr_expect(queries(20, FORGOTTEN) <= 1);
	seconds(60);
	cr_expect(reason_of(FORGOTTEN) == REASON_stray_familiar, "two a minute");
	/* To be asked for in the trouble makes nothing familiar. */
	for (int i = 0; i < 8; i++) {
		trouble(ALARM_RATE_DNS);
		cr_expect(queries(5, "flood.example") == 0);
		seconds(200);
	}
	cr_expect(engaged() && queries(5, "flood.example") == 0);
	/* What is served at last is served. */
	world_policy(POLICY "zone forgotten.example\n");
	cr_expect(reason_of(FORGOTTEN) == REASON_served && queries(50, FORGOTTEN) == 50);
}

/* A name that was added to a zone, and not to its list. */
Test(auto_, familiar_unknown)
{
	world_policy("posture auto\nlisten udp/53 as dns\n" NAMES "zone listed.example names from " NAMES_FILE
		     "\nunknown dns drop\n");
	arm();
	is_asked_for("new.listed.example", 5, 4);
	cr_expect(reason_of("new.listed.example") == REASON_unknown_familiar, "would pass");
	trouble(ALARM_RATE_DNS);
	cr_assert(engaged());
	cr_expect(queries(20, "new.listed.example") == 20, "its fourfold");
	cr_expect(queries(20, "new.listed.example") <= 1);
	cr_expect(queries(20, "x1.listed.example") == 0);
	cr_expect(queries(20, "www.listed.example") == 20);
	/* One that the policy lets pass is no trouble, however familiar it is. */
	world_end();
	begin();
	world_policy("posture auto\nlisten udp/53 as dns\n" NAMES "zone listed.example names from " NAMES_FILE
		     "\nunknown dns limit 1000000 visits/s\n");
	arm();
	is_asked_for("new.listed.example", 5, 4);
	two_seconds(ALARM_RATE_DNS + 200, "new.listed.example");
	cr_expect(world_alarm("udp/53").times == 0 &&
		  reason_of("new.listed.example") == REASON_unknown_passed);
}

/* A flood that was too slow for anything made its name familiar: in the trouble it has its
 * fourfold once, and not all at once, and then what it had in calm. */
Test(auto_, slow_flood)
{
	arm();
	is_asked_for("slow.example", 600, 4);
	is_asked_for(FORGOTTEN, 5, 4);
	trouble(ALARM_RATE_DNS);
	cr_assert(engaged());
	cr_expect(queries(2000, "slow.example") == 1000);
	seconds(60);
	cr_expect(queries(500, "slow.example") <= 61, "sixty a minute, as in calm, and not 240");
	/* One that asks for no more than ever has it. */
	cr_expect(queries(20, FORGOTTEN) == 20);
}

/* As many names, of few visits each: all of them together are a flood. */
Test(auto_, many_slow_names)
{
	unsigned int i, n, passed = 0;
	char name[64];

	arm();
	for (i = 0; i < 4; i++) {
		for (n = 0; n < 300; n++) {
			snprintf(name, sizeof(name), "n%u.slow.example", n);
			queries(40, name);
		}
		is_asked_for(FORGOTTEN, 5, 1);
	}
	trouble(ALARM_RATE_DNS);
	cr_assert(engaged());
	for (n = 0; n < 300; n++) {
		snprintf(name, sizeof(name), "n%u.slow.example", n);
		passed += queries(200, name);
	}
	/* The first few have their fourfold, and then each ten. */
	cr_expect(passed >= 1000 && passed < 1000 + 200 + 300 * 10, "%u", passed);
	cr_expect(queries(5, FORGOTTEN) == 5, "who asks for no more than ever has it");
	/* The next time it begins anew. */
	seconds(1000);
	cr_assert(!engaged());
	trouble(ALARM_RATE_DNS);
	cr_expect(engaged());
	passed = queries(20, FORGOTTEN);
	cr_expect(passed == 20, "%u", passed);
}

/* Under enforce nothing is familiar: that refuses what is not served. */
Test(auto_, not_under_enforce)
{
	arm();
	is_asked_for(FORGOTTEN, 5, 4);
	world_policy("posture enforce\nlisten udp/53 as dns\n" NAMES);
	cr_expect(queries(5, FORGOTTEN) == 0);
}

/* Names that are made up push out no familiar one. */
Test(auto_, made_up_names)
{
	char name[64];
	unsigned int i;

	arm();
	is_asked_for(FORGOTTEN, 5, 4);
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "n%u.made-up.example", i);
		build_query(name);
		world_run_only(&in, &out);
		if (i % 1000 == 0)
			seconds(20);
	}
	seconds(10);
	trouble(ALARM_RATE_DNS);
	cr_assert(engaged());
	cr_expect(reason_of(FORGOTTEN) == REASON_stray_familiar);
}

/* ---- QUIC -------------------------------------------------------------------- */

static uint32_t initials(unsigned int n)
{
	struct visit v = visit_make(CLIENT4, HOST4, 443);
	struct spec s = {.protocol = IPPROTO_UDP, .quic = "12345678"};
	uint32_t action = XDP_ABORTED;
	unsigned int i;

	frame_build(&in, &v, &s);
	for (i = 0; i < n; i++)
		action = world_run_only(&in, &out);
	return action;
}

Test(auto_, quic_by_itself)
{
	world_policy("posture auto\nlisten udp/443 as quic\nlisten udp/53 as dns\n" NAMES);
	initials(ALARM_SERVED_LEAST);
	seconds(3601);
	initials(ALARM_RATE_QUIC);
	seconds(1);
	initials(ALARM_RATE_QUIC);
	seconds(1);
	cr_expect(initials(1) == XDP_PASS && initials(1) == XDP_TX);
	cr_expect(world_alarm("udp/443").times == 1);
}

/* ---- TCP --------------------------------------------------------------------- */

/* Visits that the host answers and that then say nothing, or this. */
static void visits(unsigned int n, const char *name)
{
	struct spec s = {.http = name};
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct visit v = visit_make(CLIENT4, HOST4, 80);

		visit_half(&v);
		if (name) {
			frame_build(&in, &v, &s);
			world_run_only(&in, &out);
		}
	}
}

/* At data, where the server's SYN-ACKs are seen at tc: strays, and silence. */
Test(auto_, tcp)
{
	unsigned int round;

	for (round = 0; round < 2; round++) {
		world_policy("posture auto\nlisten udp/53 as dns\n" NAMES);
		world_policy(POLICY);
		seconds(1);
		host_listen(80, false);
		visits(ALARM_SERVED_LEAST, SERVED);
		seconds(3600);
		visits(1, SERVED);
		seconds(1);
		visits(ALARM_SILENCE, round ? STRAY : NULL);
		visits(1, SERVED);
		seconds(1);
		visits(ALARM_SILENCE, round ? STRAY : NULL);
		seconds(1);
		visits(1, SERVED);
		cr_expect(world_alarm("tcp/80").times == 1, "round %u", round);
		/* So many half-open connections may fill the queue, too. */
		cr_expect((world_alarm("tcp/80").cause & ~ALARM_PRESSURE) ==
			  (round ? ALARM_STRAYS : ALARM_SILENT));
		cr_expect(world_alarm("tcp/80").why.answered >= ALARM_SILENCE, "%u",
			  world_alarm("tcp/80").why.answered);
	}
}
