// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends a listener's depth: visits that were handed over and lost, from several
 * networks, with none between them that came through; and what does not.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "world/world.h"

#define POLICY "posture enforce\nlisten tcp/80 as http handshake on\nserve www.served.example\n"

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
	host_listen(80, false);
	cr_assert(!system("ip -6 route add 2001:db8:1000::/36 dev host"));
}

TestSuite(engage, .init = begin, .fini = world_end);

static struct frame in, out;

/* Another client of this network each time. */
static struct visit visit_from(char network, bool ipv6)
{
	static unsigned int clients;
	char client[64];

	clients++;
	if (ipv6)
		snprintf(client, sizeof(client), "2001:db8:100%c:%x::%x", network, clients & 0xff, clients);
	else
		snprintf(client, sizeof(client), "198.18.1%c.%u", network, clients & 0xff);
	return visit_make(client, ipv6 ? HOST6 : HOST4, 80);
}

/* Handed over. Its handshake was long ago, whatever the listener does now. */
static void hand_over(struct visit *v)
{
	static const struct spec served = {.http = "www.served.example"};
	struct shake secrets = world_shake();

	v->seq++;
	v->ack = visit_cookie(v, &secrets, monotonic_ns()) + 1;
	frame_build(&in, v, &served);
	must(world_run(&in, &out).reason == REASON_served && out.meta_len, "not handed over");
}

static void say_no_more(const struct visit *v, uint8_t flags)
{
	static struct frame last;
	struct visit now = *v;

	now.seq += in.len - in.payload;
	frame_build(&last, &now, &(struct spec){.flags = flags});
	world_run_only(&last, NULL);
}

/* The first data comes again, and nobody has heard of it. */
static void come_again(void)
{
	struct outcome o;

	usleep(60000);
	o = world_run(&in, &out);
	must(o.reason == REASON_adopt_failed || o.reason == REASON_established, "%s", reason_name(o.reason));
}

static void come_through(struct visit *v)
{
	visit_deliver(&out);
	visit_expect(v, NULL, in.len - in.payload);
	say_no_more(v, ACK);
	visit_close(v);
}

static bool is_answered(struct visit v)
{
	frame_build(&in, &v, &(struct spec){.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")});
	return world_run_only(&in, &out) == XDP_TX;
}

/* All rests are over. */
static void let_time_pass(void)
{
	struct engagement e = world_engagement("tcp/80");
	uint32_t clock = FLOW_CLOCK(monotonic_ns());
	size_t i;

	for (i = 0; i < ENGAGED_WITNESSES; i++)
		e.witness[i].until = clock - 10;
	e.resting = clock - 10;
	e.until = 0;
	world_set_engagement("tcp/80", &e);
}

/* A letter, and the network it is about:
 *	l  a visit is lost		s  one is sound, and its socket seen
 *	f  one is lost behind a FIN	r  ... behind a RST
 *	F  ... behind both
 *	+  a SYN is answered		-  a SYN is the kernel's
 *	t  30 s go by
 */
static const struct {
	const char *what;
	unsigned int tried;
	const char *story;
} rows[] = {
	{"one network, however often", 0, "+1l1-1+2 l1l1l1l1+2 t+1 l1-1+2 tl1tl1tl1tl1 t+1+2"},
	{"three networks", 0, "l1l2+3l3-3-4"},
	{"three networks, long apart", 0, "l1tl2tl3-1-4"},
	{"a sound visit between", 0, "l1l2s4l3+4-1-2-3 l5+4s4l6l7+4"},
	{"a network's own sound visit ends its rest", 0, "l1-1s1+1 l1-1"},
	{"after a trial it takes eight", 1, "l1l2l3l4l5l6l7+8+9-7l8-9-0"},
	{"a client that took its leave", 0, "f1r1F1f2r2F2f3r3F3+1+2+3+4"},
	{"more networks than are remembered", 0, "l1l2s0l3l4s0l5l6s0l7l8s0l9 +0-9-8"},
};

static void play_story(const char *story, bool ipv6)
{
	struct visit v;

	for (; *story; story++) {
		char deed = *story, network;

		if (deed == ' ')
			continue;
		if (deed == 't') {
			let_time_pass();
			continue;
		}
		network = *++story;
		v = visit_from(network, ipv6);
		if (strchr("+-", deed)) {
			must(is_answered(v) == (deed == '+'), "at %s", story - 1);
			continue;
		}
		hand_over(&v);
		if (strchr("fF", deed))
			say_no_more(&v, FIN | ACK);
		if (strchr("rF", deed))
			say_no_more(&v, RST | ACK);
		if (deed == 's')
			come_through(&v);
		else
			come_again();
	}
}

static void play_row(size_t i, bool ipv6)
{
	struct engagement e;

	snprintf(where, sizeof(where), "%s, IPv%c", rows[i].what, ipv6 ? '6' : '4');
	world_policy("");
	world_policy(POLICY);
	e = world_engagement("tcp/80");
	e.tried = rows[i].tried;
	world_set_engagement("tcp/80", &e);
	play_story(rows[i].story, ipv6);
}

Test(engage, evidence)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		play_row(i, false);
		play_row(i, true);
	}
}

/* As often as it goes on, a rest is twice as long, up to eight minutes. */
Test(engage, rests_grow)
{
	static const unsigned int seconds[] = {30, 60, 120, 240, 480, 480};
	size_t i;

	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct engagement e;
		uint32_t left;

		play_story("l1", false);
		e = world_engagement("tcp/80");
		left = e.witness[0].until - FLOW_CLOCK(monotonic_ns());
		must(e.lost == i + 1 && e.lately == 1, "lost %lu", (unsigned long)e.lost);
		must(left <= FLOW_CLOCK(seconds[i] * 1000000000ULL) &&
			     left > FLOW_CLOCK((seconds[i] - 5) * 1000000000ULL),
		     "%u units for %u s", left, seconds[i]);
		let_time_pass();
	}
	play_story("s1l1", false);
	must(world_engagement("tcp/80").witness[0].rest == FLOW_CLOCK(ENGAGED_REST), "a sound visit ends it");
	/* What was under way when the depth ended counts no more. */
	play_story("l2l3-4l4l5l6", false);
	must(world_engagement("tcp/80").rest == ENGAGED_REST && !world_engagement("tcp/80").lately,
	     "the listener's rest");
}
