// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Full tables: each at its limit and far over it, by visits that come ever new.
 * What a table forgot passes when its next packet comes, under a reason that
 * says so, or comes again; served visits go on; and memory does not grow.
 *
 * Visits that shook hands with the gate fill them: one packet each, and no socket.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "bpf/handshake/cookie.h"
#define SUITE full
#include "memory_helpers.h"

#define POLICY                                                  \
	"posture enforce\nlisten tcp/80 as http handshake on\n" \
	"listen tcp/8080 as http handshake off\nserve www.served.example\n"
#define DEEP	80 /* ports: judged at the handshake, and at data */
#define SHALLOW 8080
#define VISITS	48 /* that are looked at */
#define TIMES	2  /* over the limit */

static struct frame in, out;

/* Each CPU has some of a table in hand, which others do not push out. */
static void stay_on_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	cr_assert(!sched_setaffinity(0, sizeof(set), &set));
}

/* Where none was given lately, none proves. */
static void give_a_cookie(void)
{
	struct visit v = visit_make(CLIENT4, HOST4, DEEP);

	visit_shake(&v);
}

static void begin(void)
{
	stay_on_cpu();
	world_begin_full();
	world_policy(POLICY);
	host_listen(DEEP, false);
	memory = world_memory();
	cr_assert(memory > 1 << 20, "%lu bytes", (unsigned long)memory);
	give_a_cookie();
}

TestSuite(full, .init = begin, .fini = world_end);

/* ---- visits ---- */

static const struct spec served = {.http = "www.served.example"}, stray = {.http = "www.stray.example"};

/* Has shaken hands with the gate a moment ago: the program's clock may be behind
 * ours, and a cookie of a tick to come is none. */
static void shaken(struct visit *v)
{
	static struct shake secrets;

	if (!secrets.drawn)
		secrets = world_shake();
	v->ack = visit_cookie(v, &secrets, monotonic_ns() - 1000000000) + 1;
	v->proved = true;
}

/* The n-th of many. */
static struct visit stranger(uint32_t n)
{
	struct visit v = {.client_port = 1024 + (n >> 17), .server_port = DEEP, .socket = -1};

	address_read("198.18.0.0", v.client);
	address_read(HOST4, v.server);
	v.client[13] |= n >> 16 & 1;
	v.client[14] = n >> 8;
	v.client[15] = n;
	v.seq = n * 2654435761U;
	shaken(&v);
	return v;
}

static uint32_t strangers; /* so far */

/* So many new strangers say this; all of it has the same end. */
static void flood(uint32_t count, const struct spec *what, uint32_t reason, uint32_t action)
{
	uint64_t before[REASONS_MAX];
	uint32_t n, other = 0;

	give_a_cookie();
	for (n = 0; n < REASONS_MAX; n++)
		before[n] = world_counted_as(n);

	for (n = 0; n < count; n++) {
		struct visit v = stranger(strangers++);

		frame_build(&in, &v, what);
		other += world_run_only(&in, &out) != action;
	}
	cr_expect(!other, "%u of %u packets of a flood met another end", other, count);
	for (n = 1; n < REASONS_MAX; n++)
		cr_expect(world_counted_as(n) == before[n] + (n == reason ? count : 0), "%lu of %u are %s",
			  (unsigned long)(world_counted_as(n) - before[n]), count, reason_name(n));
}

static uint32_t say(struct visit *v, const struct spec *what)
{
	struct outcome o;

	frame_build(&in, v, what);
	o = world_run(&in, &out);
	snprintf(where, sizeof(where), "port %u, %s", v->server_port, reason_name(o.reason));
	return o.reason;
}

static void unchanged(void)
{
	must(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "changed");
}

/* The server gets it; if it is introduced by it, its SYN. */
static void heard(struct visit *v)
{
	size_t n = in.len - in.payload;

	visit_deliver(&out);
	visit_expect(v, in.bytes + in.payload, n);
	v->seq += n;
}

static struct visit open_visit(uint16_t port)
{
	struct visit v = visit_make("198.19.255.1", HOST4, port);

	if (port == DEEP)
		shaken(&v);
	else
		visit_open(&v);
	return v;
}

/* One packet of it, as of those that push it out: a table may well favour visits
 * that went on. */
static struct visit served_visit(uint16_t port)
{
	struct visit v = open_visit(port);

	must(say(&v, &served) == REASON_served, "a served visit");
	heard(&v);
	return v;
}

/* ---- what is remembered of visits ---- */

/* The rest of a visit; true if it was forgotten. */
static bool goes_on(struct visit *v)
{
	uint32_t reason = say(v, &(struct spec){.text = "and so on"});

	must(reason == REASON_forgotten || reason == REASON_established, "the rest of a served visit");
	unchanged();
	heard(v);
	return reason == REASON_forgotten;
}

Case(flows)
{
	struct visit deep[VISITS], shallow[VISITS], turned[VISITS];
	unsigned int i, forgotten = 0, answered = 0;
	uint32_t reason;

	for (i = 0; i < VISITS; i++) {
		deep[i] = served_visit(DEEP);
		shallow[i] = served_visit(SHALLOW);
		turned[i] = open_visit(DEEP);
		must(say(&turned[i], &stray) == REASON_stray_answered, "a stray visit");
	}
	flood(TIMES * FLOWS_MAX, &stray, REASON_stray_answered, XDP_TX);
	cr_expect(world_flows() <= FLOWS_MAX && world_flows() > FLOWS_MAX / 10 * 9, "%d of %u remembered",
		  world_flows(), FLOWS_MAX);
	for (i = 0; i < VISITS; i++) {
		forgotten += goes_on(&deep[i]) + goes_on(&shallow[i]);
		/* Its request again is judged again; its end is the host's. */
		reason = say(&turned[i], &stray);
		must(reason == REASON_stray_answered || reason == REASON_tail_answered, "its request again");
		answered += reason == REASON_stray_answered;
	}
	cr_expect(forgotten >= VISITS, "only %u of %u were forgotten", forgotten, 2 * VISITS);
	cr_expect(answered >= VISITS / 2, "only %u of %u were forgotten", answered, VISITS);
	for (i = 0; i < VISITS; i++) {
		visit_close(&deep[i]);
		visit_close(&shallow[i]);
		deep[i] = served_visit(DEEP);
		shallow[i] = served_visit(SHALLOW);
		visit_close(&deep[i]);
		visit_close(&shallow[i]);
	}
}

/* The end of a stray visit that is forgotten passes: the host has no socket, and resets it. */
Case(tombstones)
{
	struct visit v[VISITS];
	unsigned int i, passed = 0;

	for (i = 0; i < VISITS; i++) {
		v[i] = open_visit(DEEP);
		must(say(&v[i], &stray) == REASON_stray_answered, "a stray visit");
		v[i].seq += in.len - in.payload;
		v[i].ack += 200;
	}
	flood(TIMES * FLOWS_MAX, &stray, REASON_stray_answered, XDP_TX);
	for (i = 0; i < VISITS; i++) {
		uint32_t reason = say(&v[i], &(struct spec){.flags = FIN | ACK});

		must(reason == REASON_control || reason == REASON_tail_closed, "its end");
		passed += reason == REASON_control;
		if (reason == REASON_control)
			unchanged();
	}
	cr_expect(passed >= VISITS / 2, "only %u of %u were forgotten", passed, VISITS);
}

/* What makes sure that no first data is introduced twice is not pushed out by strays. */
Case(replays)
{
	static struct frame recorded[VISITS];
	unsigned int i;

	for (i = 0; i < VISITS; i++) {
		struct visit v = open_visit(DEEP);

		must(say(&v, &served) == REASON_served, "a served visit");
		recorded[i] = in;
		heard(&v);
		must(say(&v, &(struct spec){.flags = ACK}) == REASON_control, "its acknowledgement");
		visit_close(&v);
	}
	flood(TIMES * FLOWS_MAX, &stray, REASON_stray_answered, XDP_TX);
	for (i = 0; i < VISITS; i++) {
		in = recorded[i];
		must(world_run(&in, &out).reason == REASON_replayed, "introduced again");
		unchanged();
	}
}

/* ---- half a name ---- */

#define HALF 20 /* bytes of a request, before its name */

static const struct spec first_half = {.http = "www.served.example", .only = HALF},
			 second_half = {.http = "www.served.example", .first = HALF};

/* Judged at data: what is forgotten of it passes, and all that follows. */
Case(partials)
{
	struct visit v[VISITS];
	unsigned int i, forgotten = 0;
	uint32_t n, reason;

	for (i = 0; i < VISITS; i++) {
		v[i] = open_visit(SHALLOW);
		must(say(&v[i], &first_half) == REASON_undecided, "its first half");
		heard(&v[i]);
	}
	/* Said twice, the first half is handed over undecided. */
	for (n = 0; n < TIMES * PARTIALS_MAX; n++) {
		struct visit s = stranger(n);

		frame_build(&in, &s, &first_half);
		cr_assert(world_run_only(&in, &out) == XDP_DROP && world_run_only(&in, &out) == XDP_PASS,
			  "visit %u", n);
	}
	cr_expect(world_counted_as(REASON_cannot_hold) == n);
	for (i = 0; i < VISITS; i++) {
		reason = say(&v[i], &second_half);
		must(reason == REASON_forgotten || reason == REASON_served, "its second half");
		forgotten += reason == REASON_forgotten;
		unchanged();
		heard(&v[i]);
		must(say(&v[i], &(struct spec){.text = "and so on"}) == REASON_established, "the rest");
		unchanged();
		heard(&v[i]);
		visit_close(&v[i]);
	}
	cr_expect(forgotten >= VISITS / 2, "only %u of %u were forgotten", forgotten, VISITS);
}

/* Forgotten, the first half comes again, and is served with the second. */
static void comes_again(struct visit *v)
{
	must(say(v, &first_half) == REASON_cannot_hold, "its first half again");
	heard(v);
	must(say(v, &second_half) == REASON_served, "its second half again");
	unchanged();
	heard(v);
}

/* Judged at the handshake. */
Case(held)
{
	struct visit v[VISITS];
	unsigned int i, forgotten = 0;

	for (i = 0; i < VISITS; i++) {
		v[i] = open_visit(DEEP);
		must(say(&v[i], &first_half) == REASON_held, "its first half");
	}
	flood(TIMES * HELD_MAX, &first_half, REASON_held, XDP_DROP);
	for (i = 0; i < VISITS; i++) {
		struct visit then = v[i];
		uint32_t reason;

		then.seq += HALF;
		reason = say(&then, &second_half);
		must(reason == REASON_held_forgotten || reason == REASON_served, "its second half");
		forgotten += reason == REASON_held_forgotten;
		if (reason == REASON_held_forgotten)
			comes_again(&v[i]);
		visit_close(&v[i]);
	}
	cr_expect(forgotten >= VISITS / 2, "only %u of %u were forgotten", forgotten, VISITS);
}

/* Data ahead of the first waits for it; forgotten, it waits anew. */
Case(early)
{
	struct visit v[VISITS];
	unsigned int i, forgotten = 0;

	for (i = 0; i < VISITS; i++) {
		struct visit ahead;

		v[i] = open_visit(DEEP);
		ahead = v[i];
		ahead.seq += HALF;
		must(say(&ahead, &second_half) == REASON_early, "ahead of the first");
	}
	usleep(EARLY_PATIENCE / 1000 + 10000);
	flood(TIMES * EARLY_MAX, &(struct spec){.http = "www.stray.example", .ahead = HALF}, REASON_early,
	      XDP_DROP);
	for (i = 0; i < VISITS; i++) {
		struct visit ahead = v[i];
		uint32_t reason;

		ahead.seq += HALF;
		reason = say(&ahead, &second_half);
		must(reason == REASON_early || reason == REASON_no_conversation,
		     "behind the patience it had");
		forgotten += reason == REASON_early;
		must(say(&v[i], &served) == REASON_served, "the first");
		heard(&v[i]);
		visit_close(&v[i]);
	}
	cr_expect(forgotten >= VISITS / 2, "only %u of %u were forgotten", forgotten, VISITS);
}

/* ---- stray names ---- */

#define OFTEN 20  /* names ... */
#define ASKED 200 /* ... so many times each, half of it before all others */

static void ask(const char *format, uint32_t n)
{
	struct visit v = stranger(strangers++);
	char name[64];

	snprintf(name, sizeof(name), format, n);
	frame_build(&in, &v, &(struct spec){.http = name});
	cr_assert(world_run_only(&in, &out) == XDP_TX, "%s", name);
}

/* Ever new names (STRAYGATE_RUNS of them, if it is set) push out none that is asked
 * for often, though others are asked for a hundred times as often in all; nor does
 * another policy, whose names are hashed otherwise. */
Case(stray_names)
{
	const char *runs = getenv("STRAYGATE_RUNS");
	uint32_t new = runs ? strtoul(runs, NULL, 10) : 250000, i, every = new / (OFTEN * ASKED / 2);
	unsigned int places[OFTEN] = {0};
	size_t place;
	uint64_t n;

	cr_assert(every >= 100, "too few new names");
	for (i = 0; i < OFTEN * ASKED / 2; i++)
		ask("often%u.example", i % OFTEN);
	world_policy(POLICY "serve other.example\n");
	memory = world_memory();
	for (i = 0; i < new; i++)
		if (i % every)
			ask("u%u.example", i);
		else
			ask("often%u.example", i / every % OFTEN);
	for (i = 0; i < OFTEN; i++) {
		char name[64];

		snprintf(name, sizeof(name), "often%u.example", i);
		n = world_heavy(GATE_STRAY_NAMES, name, strlen(name), &place);
		cr_expect(n >= ASKED / 2 && n <= ASKED * 2, "%s: %lu visits of %u", name, (unsigned long)n,
			  ASKED);
		cr_expect(place < OFTEN && !places[place]++, "%s: place %zu", name, place);
	}
}
