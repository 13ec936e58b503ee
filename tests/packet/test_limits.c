// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits, held against arithmetic: of an endless offer, in any stretch of time
 * T, what passes is burst + rate * T, give or take the one that is due.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "world/world.h"

#define LISTENERS                                                                      \
	"posture enforce\nlisten udp/53 as dns\nlisten tcp/80 as http handshake off\n" \
	"zone served.example\nserve served.example\n"
#define TIME 400000000ULL /* ns */

TestSuite(limits, .init = world_begin, .fini = world_end);

static const struct limit {
	const char *line;
	const char *client, *server;
	struct spec packet;
	double rate, burst; /* packets a second, packets */
} limits[] = {
	{"source 198.18.0.0/15 limit 1000 packets/s burst 50", CLIENT4, HOST4, {.flags = ACK}, 1000, 50},
	{"source 198.18.0.0/15 limit 20k packets/s burst 100", CLIENT4, HOST4, {.flags = ACK}, 20000, 100},
	{"source 198.18.0.0/15 limit 100 packets/s", CLIENT4, HOST4, {.flags = ACK}, 100, 100},
	{"source 2001:db8:c::/48 limit 1000 packets/s burst 5", CLIENT6, HOST6, {.flags = ACK}, 1000, 5},
	{"source 198.18.0.0/15 limit 1000 visits/s burst 50",
	 CLIENT4,
	 HOST4,
	 {.protocol = IPPROTO_UDP, .dns = "served.example"},
	 1000,
	 50},
	{"limit each /24 /56 to 20k packets/s burst 100", CLIENT4, HOST4, {.flags = ACK}, 20000, 100},
	{"limit each /24 /56 to 1000 packets/s burst 5", CLIENT6, HOST6, {.flags = ACK}, 1000, 5},
	{"limit each /24 /56 to 1000 visits/s burst 50",
	 CLIENT4,
	 HOST4,
	 {.protocol = IPPROTO_UDP, .dns = "served.example"},
	 1000,
	 50},
	/* 1,250 bytes are 10,000 bits */
	{"source 198.18.0.0/15 limit 8 Mbit/s burst 1",
	 CLIENT4,
	 HOST4,
	 {.protocol = IPPROTO_UDP, .dns = "served.example", .zeroes = 1250 - 85},
	 800,
	 100},
	{"stray dns limit 500 visits/s burst 20",
	 CLIENT4,
	 HOST4,
	 {.protocol = IPPROTO_UDP, .dns = "stray.example"},
	 500,
	 20},
	{"unnamed dns limit 500 visits/s burst 20",
	 CLIENT4,
	 HOST4,
	 {.protocol = IPPROTO_UDP, .dns = ""},
	 500,
	 20},
	{"unreadable dns limit 500 visits/s burst 20",
	 CLIENT4,
	 HOST4,
	 {.protocol = IPPROTO_UDP, .text = "?"},
	 500,
	 20},
};

static struct frame frame;

static void build(const struct limit *l)
{
	struct visit v = visit_make(l->client, l->server, l->packet.protocol ? 53 : 80);

	frame_build(&frame, &v, &l->packet);
}

/* An offer. On a busy machine it has gaps, in which a bucket may overflow. */
struct offer {
	double passed;
	double longest;	 /* s, from before the first to behind the last packet */
	double shortest; /* from behind the first to before the last, less the long gaps */
};

static void offer(struct offer *o, double gap_max)
{
	uint64_t begin = monotonic_ns(), before, after = begin, first = 0;
	double gaps = 0;
	uint32_t action;

	o->passed = 0;
	do {
		before = after;
		action = world_run_only(&frame, NULL);
		after = monotonic_ns();
		cr_assert(action == XDP_PASS || action == XDP_DROP, "%s", xdp_name(action));
		o->passed += action == XDP_PASS;
		first = first ? first : after;
		if (after - before > gap_max * 1e9)
			gaps += (after - before) / 1e9;
	} while (after < begin + TIME);
	o->longest = (after - begin) / 1e9;
	o->shortest = (before - first) / 1e9 - gaps;
}

Test(limits, exact)
{
	double most, least;
	struct offer o;
	char lines[512];
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct limit *l = &limits[i];

		world_policy("");
		snprintf(lines, sizeof(lines), LISTENERS "%s\n", l->line);
		world_policy(lines);
		build(l);
		if (strstr(l->line, "Mbit"))
			cr_assert(frame.len == 1250, "%zu bytes", frame.len);
		offer(&o, l->burst / l->rate / 4);
		most = l->burst + l->rate * o.longest;
		least = l->burst + l->rate * o.shortest - 1; /* one may be due that nobody asked for yet */
		cr_expect(o.passed <= most, "%s: %.0f passed of %.1f", l->line, o.passed, most);
		cr_expect(o.passed >= least * 0.99, "%s: %.0f passed of %.1f", l->line, o.passed, least);
	}
}

static void *offer_too(void *arg)
{
	offer(arg, 1);
	return NULL;
}

/* One bucket, however many cores spend from it. */
static void over_cores(const char *line, const struct limit *packet)
{
	struct offer offers[3];
	pthread_t threads[2];
	char lines[512];
	double passed, most;
	uint64_t begin;
	int i;

	snprintf(where, sizeof(where), "%s", line);
	world_policy("");
	snprintf(lines, sizeof(lines), LISTENERS "%s\n", line);
	world_policy(lines);
	build(packet);
	begin = monotonic_ns();
	for (i = 0; i < 2; i++)
		cr_assert(!pthread_create(&threads[i], NULL, offer_too, &offers[i]));
	offer(&offers[2], 0.02);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	passed = offers[0].passed + offers[1].passed + offers[2].passed;
	most = 2000 + 20000 * (monotonic_ns() - begin) / 1e9;
	/* Two of them that come first at the very same time may both be the first. */
	cr_expect(passed <= most + 2, "%s: %.0f passed of %.1f", line, passed, most);
	cr_expect(passed >= 0.99 * (2000 + 20000 * offers[2].shortest), "%s: %.0f passed of %.1f", line,
		  passed, most);
}

Test(limits, exact_over_cores)
{
	static const struct limit query = {
		NULL, CLIENT4, HOST4, {.protocol = IPPROTO_UDP, .dns = "served.example"}, 20000, 2000};

	over_cores("source 198.18.0.0/15 limit 20k packets/s burst 2000", &limits[1]);
	over_cores("limit each /24 /56 to 20k packets/s burst 2000", &limits[1]);
	over_cores("limit each /24 /56 to 20k visits/s burst 2000", &query);
}

/* An idle bucket fills up to its burst and no further. */
Test(limits, burst)
{
	unsigned int passed = 0, i;
	struct timespec pause = {.tv_nsec = 100000000};

	world_policy(LISTENERS "source 198.18.0.0/15 limit 100 packets/s burst 5\n");
	build(&limits[0]);
	nanosleep(&pause, NULL);
	for (i = 0; i < 20; i++)
		passed += world_run_only(&frame, NULL) == XDP_PASS;
	cr_expect(passed == 5 || passed == 6, "%u passed at once", passed);
	nanosleep(&pause, NULL); /* ten are due, five fit */
	for (passed = i = 0; i < 20; i++)
		passed += world_run_only(&frame, NULL) == XDP_PASS;
	cr_expect(passed == 5 || passed == 6, "%u passed at once", passed);
}

/* What is dropped spends nothing; an unchanged line, added again, restarts nothing;
 * what a line counts is what came under it. */
Test(limits, add_again)
{
	unsigned int i;

	world_policy(LISTENERS "source 198.18.0.0/15 limit 1 packets/s burst 3\n");
	build(&limits[0]);
	for (i = 0; i < 10; i++)
		cr_expect(world_run_only(&frame, NULL) == (i < 3 ? XDP_PASS : XDP_DROP), "packet %u", i);
	world_add("source 10.0.0.0/8 drop");
	cr_expect(world_run_only(&frame, NULL) == XDP_DROP, "another line gave a new burst");
	cr_expect(world_rule_packets(ST_SOURCE, "198.18.0.0/15") == 11);
	cr_expect(world_rule_packets(ST_SOURCE, "10.0.0.0/8") == 0);
}
