// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the gate shakes hands: a listener is engaged once a SYN-ACK of it was seen to
 * leave, and until introduced visits stay unanswered. What its SYN-ACKs say is what the
 * gate's say from then on.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "world/wire.h"
#include "world/world.h"

#define POLICY "posture enforce\nlisten tcp/80 as http\nlisten tcp/81 as http\nserve www.served.example\n"

static const struct engagement asleep;

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
	world_set_engagement("tcp/80", &asleep);
	world_set_engagement("tcp/81", &asleep);
	host_listen(80, false);
	host_listen(81, false);
}

TestSuite(engage, .init = begin, .fini = world_end);

static struct frame in, out;
static const struct spec all_offers = {
	.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07"), .stamps = true};

/* The SYN-ACK of the gate in *view, or false: the SYN is the kernel's. */
static bool is_answered(const char *client, const char *server, uint16_t port, struct view *view)
{
	static struct frame syn, answer;
	struct visit v = visit_make(client, server, port);

	frame_build(&syn, &v, &all_offers);
	if (world_run(&syn, &answer).action != XDP_TX)
		return false;
	must(!frame_flaw(&answer, view), "SYN-ACK");
	return true;
}

static bool is_engaged(bool ipv6, uint16_t port)
{
	struct view view;

	return is_answered(ipv6 ? CLIENT6 : CLIENT4, ipv6 ? HOST6 : HOST4, port, &view);
}

/* A visit whose handshake is the kernel's. */
static void kernel_shakes(bool ipv6, uint16_t port)
{
	struct visit v = visit_make(ipv6 ? CLIENT6 : CLIENT4, ipv6 ? HOST6 : HOST4, port);

	visit_open(&v);
	visit_close(&v);
}

/* A served visit up to its introduction; the SYN is in `out`, the first data in `in`. */
static struct visit introduce(bool stamps)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	struct spec served = {.http = "www.served.example"};
	struct outcome o;

	visit_shake_with(&v, &all_offers);
	served.stamps = stamps;
	frame_build(&in, &v, &served);
	o = world_run(&in, &out);
	must(o.reason == REASON_served, "introduced: %s", reason_name(o.reason));
	return v;
}

static void bind_visit(bool stamps)
{
	struct visit v = introduce(stamps);

	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, in.len - in.payload);
	visit_close(&v);
}

/* One SYN-ACK is enough: of this listener and family, and of no other. */
Test(engage, by_a_syn_ack)
{
	cr_expect(!is_engaged(false, 80) && !is_engaged(true, 80));
	kernel_shakes(false, 80);
	cr_expect(is_engaged(false, 80), "not engaged by its SYN-ACK");
	cr_expect(!is_engaged(true, 80) && !is_engaged(false, 81) && !is_engaged(true, 81),
		  "another family or listener is engaged, too");
	kernel_shakes(true, 81);
	cr_expect(!is_engaged(true, 80) && !is_engaged(false, 81) && is_engaged(true, 81));
}

/* Data, a RST, a SYN-ACK of a port that is no listener's: nothing of that engages. */
Test(engage, by_nothing_else)
{
	struct visit v = visit_make(CLIENT4, HOST4, 82), closed = visit_make(CLIENT4, HOST4, 80);
	static const struct spec stranger = {.text = "who?"};
	struct view view;

	visit_open(&v);
	cr_assert(write(v.socket, "hello", 5) == 5 && wire_receive(&v, &out, &view, 3000));
	frame_build(&in, &closed, &stranger);
	visit_deliver(&in);
	cr_assert(wire_receive(&closed, &out, &view, 3000) && view.flags & RST);
	cr_expect(!is_engaged(false, 80) && !is_engaged(false, 81));
	visit_close(&v);
}

/* The least MSS that it said is what the gate says, but never more than the device. */
Test(engage, least_mss)
{
	struct view view;

	kernel_shakes(false, 80);
	kernel_shakes(true, 80);
	cr_assert(is_answered(CLIENT4, HOST4, 80, &view));
	cr_expect(view.mss == 1460, "%u", view.mss);
	cr_assert(!system("ip route change 198.18.0.0/15 dev host mtu 1500 advmss 1240"));
	kernel_shakes(false, 80);
	cr_assert(is_answered(CLIENT4, HOST4, 80, &view));
	cr_expect(view.mss == 1240 && world_engagement("tcp/80").mss[0] == 1240, "%u", view.mss);
	cr_assert(is_answered(CLIENT6, HOST6, 80, &view));
	cr_expect(view.mss == 1440, "IPv6: %u", view.mss);
	/* What was said once may be said to somebody again. */
	cr_assert(!system("ip route change 198.18.0.0/15 dev host mtu 1500 advmss 1460"));
	kernel_shakes(false, 80);
	cr_assert(is_answered(CLIENT4, HOST4, 80, &view));
	cr_expect(view.mss == 1240, "%u", view.mss);
}

/* The same of the SYN-ACK to a visit that the gate introduced. */
Test(engage, least_mss_of_a_bound_visit)
{
	struct view view;

	kernel_shakes(false, 80);
	cr_assert(!system("ip route change 198.18.0.0/15 dev host mtu 1500 advmss 1300"));
	bind_visit(true);
	cr_assert(is_answered(CLIENT4, HOST4, 80, &view));
	cr_expect(view.mss == 1300, "%u", view.mss);
}

/* {the host's setting, what the gate's SYN-ACK promises no longer} */
static const struct lack_row {
	const char *sysctl;
	uint8_t lacks;
} lacks[] = {
	{"net/ipv4/tcp_timestamps", SHAKE_TIMESTAMPS},
	{"net/ipv4/tcp_sack", SHAKE_SACK},
	{"net/ipv4/tcp_window_scaling", SHAKE_SCALING},
};

Test(engage, what_the_server_lacks)
{
	struct view view;
	size_t i;

	for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		snprintf(where, sizeof(where), "%s", lacks[i].sysctl);
		world_policy(POLICY);
		sysctl_set(lacks[i].sysctl, "0");
		must(is_answered(CLIENT4, HOST4, 80, &view) && view.stamps && view.sack && view.scale,
		     "not promised from the beginning");
		bind_visit(true);
		must(is_answered(CLIENT4, HOST4, 80, &view), "no SYN-ACK");
		must(view.stamps == (lacks[i].lacks != SHAKE_TIMESTAMPS), "timestamps");
		must(view.sack == (lacks[i].lacks != SHAKE_SACK), "SACK");
		must(!!view.scale == (lacks[i].lacks != SHAKE_SCALING), "window scale");
		must(world_engagement("tcp/80").lacks == lacks[i].lacks, "lacks %02x",
		     world_engagement("tcp/80").lacks);
		sysctl_set(lacks[i].sysctl, "1");
	}
}

/* Is the first data of this visit, which comes again, its SYN once more? */
static void come_again(void)
{
	struct outcome o = world_run(&in, &out);

	must(o.reason == REASON_introduced_again && o.action == XDP_PASS, "%s", reason_name(o.reason));
}

/* As many introductions in a row that had to be repeated, of whichever visits. */
Test(engage, unanswered)
{
	struct engagement e;
	unsigned int i;

	kernel_shakes(false, 80);
	kernel_shakes(true, 80);
	for (i = 0; i < ENGAGED_UNANSWERED - 1; i++) {
		if (i % 3 == 0)
			introduce(true);
		come_again();
		must(is_engaged(false, 80), "not engaged any more after %u", i + 1);
	}
	come_again();
	e = world_engagement("tcp/80");
	cr_expect(!is_engaged(false, 80) && !is_engaged(true, 80), "engaged");
	cr_expect(e.shallow == SHALLOW_UNANSWERED && !e.seen[0] && !e.seen[1]);
	/* The visits go on for all that. */
	come_again();
	kernel_shakes(false, 80);
	cr_expect(is_engaged(false, 80) && !is_engaged(true, 80), "an answer engages again");
	cr_expect(world_engagement("tcp/80").shallow == SHALLOW_NONE);
}

/* One answer between them, to a visit of either kind, and the count begins anew. */
Test(engage, answered_between)
{
	unsigned int i, n;

	kernel_shakes(false, 80);
	for (i = 0; i < 4; i++) {
		snprintf(where, sizeof(where), "answer %u", i);
		introduce(true);
		for (n = 0; n < ENGAGED_UNANSWERED - 1; n++)
			come_again();
		must(world_engagement("tcp/80").unanswered == n, "%u repeated",
		     world_engagement("tcp/80").unanswered);
		if (i % 2)
			kernel_shakes(false, 80);
		else
			bind_visit(true);
		must(!world_engagement("tcp/80").unanswered && is_engaged(false, 80), "the count goes on");
	}
}

/* ---- what `show events` tells of it ------------------------------------------ */

static void expect_event(uint32_t kind, const char *subject, uint32_t cause, uint64_t figure)
{
	uint64_t lost, now = boottime_ns();
	struct event e;

	must(world_next_event(&e, &lost) && !lost, "no event");
	must(e.kind == kind && !strcmp(e.subject, subject) && e.cause == cause && e.figure == figure,
	     "kind %u of \"%s\", cause %u, figure %lu", e.kind, e.subject, e.cause, (unsigned long)e.figure);
	must(e.time <= now && e.time + 60 * SECOND_NS > now && !e.left_out, "time %lu, %u left out",
	     (unsigned long)e.time, e.left_out);
}

static void expect_no_event(void)
{
	uint64_t lost;
	struct event e;

	must(!world_next_event(&e, &lost) && !lost, "kind %u of %s", e.kind, e.subject);
}

/* Eight introductions in a row without an answer. */
static void fall_back(void)
{
	unsigned int i;

	for (i = 0; i < ENGAGED_UNANSWERED; i++) {
		if (i % 4 == 0)
			introduce(true);
		come_again();
	}
}

/* Once for each family, when the way back becomes known, and once when it is not any more. */
Test(engage, events)
{
	expect_no_event();
	kernel_shakes(false, 80);
	expect_event(EVENT_WAY_KNOWN, "tcp/80", 0, 4);
	kernel_shakes(false, 80);
	bind_visit(true);
	expect_no_event();
	kernel_shakes(true, 81);
	expect_event(EVENT_WAY_KNOWN, "tcp/81", 0, 6);
	fall_back();
	expect_event(EVENT_FALLEN_BACK, "tcp/80", SHALLOW_UNANSWERED, 0);
	come_again();
	expect_no_event();
	kernel_shakes(false, 80);
	expect_event(EVENT_WAY_KNOWN, "tcp/80", 0, 4);
	expect_no_event();
}

/* The name is that of the listener which had the id when it happened. */
Test(engage, events_of_a_listener_that_is_gone)
{
	kernel_shakes(false, 80);
	world_policy("posture enforce\nlisten tcp/8080 as http\nlisten tcp/8081 as http\nserve "
		     "www.served.example\n");
	world_set_engagement("tcp/8080", &asleep);
	host_listen(8080, false);
	kernel_shakes(false, 8080);
	expect_event(EVENT_WAY_KNOWN, "tcp/80", 0, 4);
	expect_event(EVENT_WAY_KNOWN, "tcp/8080", 0, 4);
}

/* A listener that goes to and fro is held to a pace, and no other one for it. */
Test(engage, events_keep_a_pace)
{
	unsigned int i, told = 0;
	uint64_t lost;
	struct event e;

	for (i = 0; i < 4 * EVENT_BURST; i++) {
		world_set_engagement("tcp/80", &asleep);
		kernel_shakes(false, 80);
	}
	while (world_next_event(&e, &lost))
		told++;
	cr_expect(told >= EVENT_BURST && told < 2 * EVENT_BURST, "%u of %u", told, i);
	kernel_shakes(false, 81);
	expect_event(EVENT_WAY_KNOWN, "tcp/81", 0, 4);
	fall_back();
	expect_event(EVENT_FALLEN_BACK, "tcp/80", SHALLOW_UNANSWERED, 0);
}

/* What is counted: introduced, bound. */
Test(engage, counts)
{
	struct engagement e;

	kernel_shakes(false, 80);
	bind_visit(true);
	bind_visit(false);
	introduce(true);
	e = world_engagement("tcp/80");
	cr_expect(e.introduced == 3 && e.bound == 2 && !e.refused, "%lu, %lu, %lu",
		  (unsigned long)e.introduced, (unsigned long)e.bound, (unsigned long)e.refused);
}
