// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments that were damaged on their way: their checksum tells, and the kernel
 * drops them, but the gate sees them first. At the handshake it must neither
 * make sound segments of them nor lose the visit: what comes again is served.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "world/world.h"

#define POLICY "posture enforce\nlisten tcp/80 as http handshake on\nserve www.served.example\n"

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
}

TestSuite(checksum, .init = begin, .fini = world_end);

static struct frame in, out;
static const struct spec served = {.http = "www.served.example"};

static struct visit shake_hands(const char *client, const char *server)
{
	struct visit v = visit_make(client, server, 80);

	visit_shake(&v);
	return v;
}

/* A part of the request. */
static struct outcome send_part(struct visit *v, size_t first, size_t only, bool damaged)
{
	struct spec s = served;
	struct outcome o;

	s.first = first;
	s.only = only;
	s.ahead = first;
	s.damaged = damaged;
	frame_build(&in, v, &s);
	o = world_run(&in, &out);
	if (o.action == XDP_PASS)
		visit_deliver(&out);
	return o;
}

static void expect_whole(struct visit *v)
{
	frame_build(&in, v, &served);
	visit_expect(v, in.bytes + in.payload, in.len - in.payload);
	visit_close(v);
}

static void in_one(const char *client, const char *server)
{
	struct visit v = shake_hands(client, server);
	struct outcome o;

	o = send_part(&v, 0, 0, true);
	must(o.action == XDP_DROP && o.reason == REASON_unacceptable_dropped, "damaged: %s",
	     reason_name(o.reason));
	o = send_part(&v, 0, 0, false);
	must(o.reason == REASON_served, "again: %s", reason_name(o.reason));
	expect_whole(&v);
}

static void in_two(const char *client, const char *server, bool first, bool second)
{
	struct visit v = shake_hands(client, server);
	struct outcome o = {0};

	if (first) {
		o = send_part(&v, 0, 20, true);
		must(o.reason == REASON_unacceptable_dropped, "damaged: %s", reason_name(o.reason));
	}
	o = send_part(&v, 0, 20, false);
	must(o.reason == REASON_held, "the first: %s", reason_name(o.reason));
	if (second) {
		o = send_part(&v, 20, 0, true);
		must(o.reason == REASON_unacceptable_dropped, "damaged: %s", reason_name(o.reason));
	}
	o = send_part(&v, 20, 0, false);
	must(o.reason == REASON_served, "the second: %s", reason_name(o.reason));
	expect_whole(&v);
}

Test(checksum, damaged_first_data)
{
	snprintf(where, sizeof(where), "in one");
	in_one(CLIENT4, HOST4);
	in_one(CLIENT6, HOST6);
	cr_expect(!world_engagement("tcp/80").refused);
}

Test(checksum, damaged_first_half)
{
	snprintf(where, sizeof(where), "the first half");
	in_two(CLIENT4, HOST4, true, false);
	in_two(CLIENT6, HOST6, true, false);
	cr_expect(!world_engagement("tcp/80").refused);
}

Test(checksum, damaged_second_half)
{
	snprintf(where, sizeof(where), "the second half");
	in_two(CLIENT4, HOST4, false, true);
	in_two(CLIENT6, HOST6, false, true);
	cr_expect(!world_engagement("tcp/80").refused);
}

/* The sum of the pseudo header alone, as a sender on the same machine leaves it
 * to a device. */
static void leave_to_device(const struct visit *v)
{
	uint32_t sum = IPPROTO_TCP + in.len - in.l4;
	size_t i;

	for (i = address_is_v4(v->client) ? 12 : 0; i < 16; i += 2)
		sum += (v->client[i] << 8 | v->client[i + 1]) + (v->server[i] << 8 | v->server[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	in.bytes[in.l4 + 16] = sum >> 8;
	in.bytes[in.l4 + 17] = sum;
}

Test(checksum, left_to_a_device)
{
	struct visit v4 = shake_hands(CLIENT4, HOST4), v6 = shake_hands(CLIENT6, HOST6);
	struct visit *all[] = {&v4, &v6};
	struct outcome o;
	size_t i;

	for (i = 0; i < 2; i++) {
		frame_build(&in, all[i], &served);
		leave_to_device(all[i]);
		o = world_run(&in, &out);
		must(o.reason == REASON_served && o.action == XDP_PASS, "%s", reason_name(o.reason));
		visit_deliver(&out);
		expect_whole(all[i]);
	}
}
