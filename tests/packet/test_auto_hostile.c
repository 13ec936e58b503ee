// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Posture auto against who knows its rules, packet by packet, with a clock of the test's
 * own: what is to hide a flood from it, and what is to engage a listener that is in no
 * trouble.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <linux/bpf.h>

#include "bpf/alarm_state.h"
#include "world/wire.h"
#include "world/world.h"

#define SERVED "www.served.example"
#define POLICY "posture auto\nlisten tcp/80 as http\nserve www.served.example\n"
/* An address of somebody behind this host: a guest, a container. */
#define GUEST4 "192.0.2.77"

static struct pace pace;
static struct frame in, out;

static void begin(void)
{
	world_begin();
	pace = world_pace();
	pace.clock = 1000000 * SECOND_NS;
	world_set_pace(&pace);
	world_policy(POLICY);
	host_listen(80, false);
}

TestSuite(auto_hostile, .init = begin, .fini = world_end);

static void seconds(uint64_t n)
{
	pace.clock += n * SECOND_NS;
	world_set_pace(&pace);
}

/* What the gate sees of new connections whose handshake is the kernel's; behind it they
 * say nothing, or ask for this. */
static void visits(unsigned int n, const char *name)
{
	static const struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};
	struct spec request = {.http = name};
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct visit v = visit_make(CLIENT4, HOST4, 80);

		frame_build(&in, &v, &syn);
		world_run_only(&in, &out);
		visit_half(&v);
		if (name) {
			frame_build(&in, &v, &request);
			world_run_only(&in, &out);
		}
	}
}

static void arm(void)
{
	visits(ALARM_SERVED_LEAST, SERVED);
	seconds(3600);
	visits(1, SERVED);
	seconds(1);
}

static unsigned int times(void)
{
	return world_alarm("tcp/80").times;
}

/* By silence. */
static void engage(void)
{
	unsigned int i;

	arm();
	for (i = 0; i < ALARM_WINDOWS; i++) {
		visits(ALARM_SILENCE, NULL);
		seconds(1);
	}
	visits(1, NULL);
	cr_assert(times() == 1);
}

/* Nobody speaks any more, served visitors neither, as where the server has no room left:
 * the SYNs end the seconds. */
Test(auto_hostile, nothing_but_silence)
{
	arm();
	visits(ALARM_SILENCE, NULL);
	seconds(1);
	visits(ALARM_SILENCE, NULL);
	cr_expect(!times(), "after one second");
	seconds(1);
	visits(1, NULL);
	cr_expect(times() == 1 && world_alarm("tcp/80").cause & ALARM_SILENT);
	cr_expect(world_alarm("tcp/80").why.silent == ALARM_SILENCE, "%u", world_alarm("tcp/80").why.silent);
}

/* Data of connections that never were says nothing of those that are silent. */
Test(auto_hostile, spoofed_words)
{
	struct spec request = {.http = SERVED};
	unsigned int second, i;

	arm();
	for (second = 0; second < 2; second++) {
		visits(ALARM_SILENCE, NULL);
		for (i = 0; i < ALARM_SILENCE; i++) {
			struct visit v = visit_make(CLIENT4, HOST4, 80);

			frame_build(&in, &v, &request);
			cr_assert(world_run(&in, &out).reason == REASON_no_conversation);
		}
		seconds(1);
	}
	visits(1, NULL);
	cr_expect(times() == 1);
}

/* SYN-ACKs of guests, which leave by this host's device: their visitors are not ours. */
Test(auto_hostile, guests)
{
	struct spec answer = {
		.from = GUEST4, .from_port = 80, .to = CLIENT4, .to_port = 40000, .flags = SYN | ACK};
	static const struct engagement none;
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	unsigned int i;

	arm();
	world_set_engagement("tcp/80", &none);
	for (i = 0; i < 10; i++) {
		answer.to_port++;
		frame_build(&in, &v, &answer);
		world_run_filter(DIRECTION_OUT, &in, &out);
	}
	seconds(1);
	cr_expect(!world_engagement("tcp/80").seen[0], "no way back of ours was seen");
	visits(1, SERVED);
	cr_expect(world_alarm("tcp/80").last.answered == 1, "%u", world_alarm("tcp/80").last.answered);
	cr_expect(world_engagement("tcp/80").seen[0], "now it was");
}

/* A SYN-ACK that the kernel sends again, since nobody has acknowledged it: one SYN is one. */
Test(auto_hostile, sent_again)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80);
	unsigned int i;
	struct view got;

	arm();
	visits(1, SERVED);
	visit_half(&v);
	for (i = 0; i < 10 && !wire_receive(&v, &in, &got, 3000); i++)
		;
	cr_assert(got.flags == (SYN | ACK) && got.ack == v.seq, "no second SYN-ACK: flags %02x", got.flags);
	seconds(1);
	visits(1, SERVED);
	cr_expect(world_alarm("tcp/80").last.answered == 2, "%u", world_alarm("tcp/80").last.answered);
}

/* SYNs of a source that is dropped: nobody answered them, so they make up for nobody who
 * is silent. */
Test(auto_hostile, dropped_source)
{
	struct visit v = visit_make("198.19.0.1", HOST4, 80);
	struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};
	struct engagement e;
	struct alarm a;
	unsigned int i;

	world_policy(POLICY "source 198.19.0.0/16 drop\n");
	engage();
	e = world_engagement("tcp/80");
	seconds(1);
	visits(1, SERVED);
	for (i = 0; i < 50; i++) {
		struct visit mute = visit_make(CLIENT4, HOST4, 80);

		frame_build(&in, &mute, &syn);
		cr_assert(world_run(&in, &out).reason == REASON_syn_answered, "%u", e.seen[0]);
		frame_build(&in, &v, &syn);
		cr_assert(world_run(&in, &out).reason == REASON_source_dropped);
	}
	seconds(1);
	visits(1, NULL);
	a = world_alarm("tcp/80");
	cr_expect(a.last.silent >= 50, "%u of %u", a.last.silent, a.last.answered);
}

/* Asleep again: what shook hands with the gate, and whose first data comes behind the
 * second, is not handed to a host that knows nothing of it. */
Test(auto_hostile, early_at_the_switch)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80), second;
	struct spec request = {.http = SERVED};
	static struct frame first;
	struct outcome o;

	engage();
	visit_shake(&v);
	seconds(301);
	second = v;
	second.seq += 20;
	request.first = 20;
	request.only = 10;
	frame_build(&in, &second, &request);
	o = world_run(&in, &out);
	cr_expect(o.reason == REASON_early && o.action == XDP_DROP && !o.observed, "%s, %s",
		  reason_name(o.reason), xdp_name(o.action));
	request.first = request.only = 0;
	frame_build(&first, &v, &request);
	o = world_run(&first, &out);
	cr_expect(o.reason == REASON_served && o.action == XDP_PASS);
	visit_deliver(&out);
	visit_expect(&v, first.bytes + first.payload, first.len - first.payload);
	visit_close(&v);
}
