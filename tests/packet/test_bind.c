// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A visit that was introduced to its server is bound by the programs at tc, by the
 * kernel's own TCP over the wire, whatever its first data and the server's options are.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "world/bound.h"
#include "world/wire.h"

TestSuite(bind, .init = bound_begin, .fini = world_end);

/* ---- bound ---- */

Test(bind, both_talk)
{
	const struct spec *syns[] = {&plain, &full};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "%s, IPv%c", i & 1 ? "all options" : "none",
			 i & 2 ? '6' : '4');
		v = visit_bind(syns[i & 1], i & 2);
		visit_hears(&v, "HTTP/1.1 200 OK\r\n\r\n");
		visit_say_data(&v, (struct spec){.http = "www.stray.example"});
		visit_hears(&v, "once more");
		must(visit_say(&v, (struct spec){.flags = ACK}) == REASON_control, "its acknowledgement");
		wait_for(!visit_info(&v).tcpi_unacked);
		visit_say_data(&v, (struct spec){.letters = 1400});
		visit_close(&v);
	}
}

/* As much as is kept, in as many pieces as it takes. */
Test(bind, first_flights)
{
	static const size_t lengths[] = {1,    2,    3,	   511,	 512,  1199, 1200,
					 1201, 1448, 2400, 2401, 3600, 3601, HELD_BYTES - 100};
	size_t i, n;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (n = 0; n < 4; n++) {
			struct spec syn = n & 1 ? full : plain;
			struct visit v;

			snprintf(where, sizeof(where), "%zu bytes, way %zu", lengths[i], n);
			v = visit_introduce_as(&syn, n & 2, (struct spec){.letters = lengths[i]});
			visit_deliver(&out);
			visit_expect(&v, in.bytes + in.payload, said());
			v.seq += said();
			visit_hears(&v, "so much");
			visit_close(&v);
		}
}

/* The client's small segments make small pieces. */
Test(bind, small_segments)
{
	struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x02\x18")}; /* 536 */
	struct visit v = visit_introduce_as(&syn, false, (struct spec){.letters = 2000});

	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said();
	visit_hears(&v, "small");
	visit_close(&v);
}

/* With a FIN: the server has all of it, and the end. */
Test(bind, with_fin)
{
	struct visit v =
		visit_introduce_as(&full, false, (struct spec){.flags = FIN | DATA, .letters = 3000});
	char byte;

	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said() + 1;
	cr_expect(recv(v.socket, &byte, 1, 0) == 0, "no end");
	visit_hears(&v, "bye");
	visit_close(&v);
}

/* ---- a server that does less than was promised ---- */

Test(bind, without_scaling)
{
	struct visit v;
	struct view a;

	sysctl_set("net/ipv4/tcp_window_scaling", "0");
	v = visit_bind(&full, false);
	visit_hears(&v, "one");
	/* The client's window, which it scales by 7. */
	visit_say(&v, (struct spec){.flags = ACK, .window = 10});
	wait_for(visit_info(&v).tcpi_snd_wnd == 1280);
	visit_say(&v, (struct spec){.flags = ACK, .window = 60000});
	wait_for(visit_info(&v).tcpi_snd_wnd == 65535);
	/* The server's, which it does not scale, in the units that the client was told. */
	visit_say_data(&v, (struct spec){.text = "two"});
	cr_assert(wire_receive(&v, &got, &a, PATIENCE));
	cr_expect(a.window && a.window << world_shake().scale <= 65535 &&
			  (a.window + 1) << world_shake().scale > 1000,
		  "window %u, scale %u", a.window, world_shake().scale);
	visit_close(&v);
}

Test(bind, with_another_scale)
{
	struct visit v;
	struct view a;
	uint32_t window;

	/* Other buffers than `up` has seen. */
	sysctl_set("net/ipv4/tcp_rmem", "4096 131072 262144");
	v = visit_bind(&full, false);
	visit_say_data(&v, (struct spec){.text = "two"});
	cr_assert(wire_receive(&v, &got, &a, PATIENCE));
	window = a.window << world_shake().scale;
	cr_expect(visit_info(&v).tcpi_rcv_wscale != world_shake().scale, "nothing was shown");
	cr_expect(window && window <= 262144 && window > 20000, "window %u", window);
	visit_close(&v);
}

/* ---- what is hard to read ---- */

Test(bind, headers)
{
	struct visit v = visit_bind(&full, false), w = visit_bind(&full, true);

	visit_say_data(&v, (struct spec){.text = "options", .ip_options = BYTES("\x94\x04\0\0")});
	visit_say_data(&v, (struct spec){.text = "padded", .padding = 9});
	visit_hears(&v, "read");
	visit_say_data(&w, (struct spec){.text = "hop by hop", .extensions = "h"});
	visit_say_data(&w, (struct spec){.text = "destination options", .extensions = "d"});
	visit_say_data(&w, (struct spec){.text = "both", .extensions = "hd"});
	visit_say_data(&w, (struct spec){.text = "a fragment that is whole", .extensions = "f"});
	visit_hears(&w, "read");
	visit_close(&v);
	visit_close(&w);
}

/* Bytes [from, from + n) behind the IPv4 header of `in`, as a fragment. */
static void deliver_fragment(size_t from, size_t n, bool more)
{
	static struct frame f;
	uint32_t s;

	memcpy(f.bytes, in.bytes, in.l4);
	memcpy(f.bytes + in.l4, in.bytes + in.l4 + from, n);
	f.l3 = in.l3;
	f.len = in.l4 + n;
	f.bytes[f.l3 + 2] = (f.len - f.l3) >> 8;
	f.bytes[f.l3 + 3] = f.len - f.l3;
	f.bytes[f.l3 + 6] = (more ? 0x20 : 0) | from >> 11;
	f.bytes[f.l3 + 7] = from >> 3;
	memset(f.bytes + f.l3 + 10, 0, 2);
	s = internet_sum(f.bytes + f.l3, 20, 0);
	f.bytes[f.l3 + 10] = s >> 8;
	f.bytes[f.l3 + 11] = s;
	must(world_run(&f, &got).reason == REASON_fragment, "no fragment");
	visit_deliver(&f);
}

Test(bind, fragments)
{
	struct visit v = visit_bind(&full, false);

	frame_build(&in, &v, &(struct spec){.letters = 1200, .stamps = true});
	deliver_fragment(0, 600, true);
	deliver_fragment(600, in.len - in.l4 - 600, false);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said();
	visit_hears(&v, "joined");
	/* The other way round. */
	frame_build(&in, &v, &(struct spec){.letters = 1200, .stamps = true});
	deliver_fragment(600, in.len - in.l4 - 600, false);
	deliver_fragment(0, 600, true);
	visit_expect(&v, in.bytes + in.payload, said());
	visit_close(&v);
}

/* ---- a full table ---- */

#define ROOM 1024

static void begin_small(void)
{
	world_begin_small(ROOM);
	world_policy(BOUND_POLICY);
	host_listen(80, false);
}

TestSuite(room, .init = begin_small, .fini = world_end);

static uint32_t reason_of_syn(void)
{
	struct visit v = visit_make("198.18.9.9", HOST4, 80);

	frame_build(&in, &v, &full);
	return world_run(&in, &out).reason;
}

/* From 7/8 on SYNs are the kernel's; who is bound stays, and what waits is bound still. */
Test(room, full)
{
	static struct visit v[ROOM];
	struct visit waits;
	struct frame its_syn;
	unsigned int i, n = ROOM - ROOM / 8;

	for (i = 0; i < n - 1; i++)
		v[i] = visit_bind(i % 2 ? &full : &plain, i % 3 == 0);
	cr_expect(world_room().bound == n - 1 && reason_of_syn() == REASON_syn_answered);
	waits = visit_introduce(&full, false);
	its_syn = out;
	v[n - 1] = visit_bind(&plain, false);
	cr_expect(world_room().bound == n);
	cr_expect(reason_of_syn() == REASON_room_full && out.len == in.len &&
		  !memcmp(out.bytes, in.bytes, in.len));
	visit_deliver(&its_syn);
	visit_expect(&waits, NULL, 50);
	cr_expect(world_room().bound == n + 1);
	visit_close(&waits);
	for (i = 0; i < n; i++) {
		visit_say_data(&v[i], (struct spec){.text = "still here"});
		visit_close(&v[i]);
	}
	cr_expect(!world_room().bound && reason_of_syn() == REASON_syn_answered, "%lu bound",
		  (unsigned long)world_room().bound);
}

/* The next event of this kind, of whatever others stand before it. */
static bool next_event(uint32_t kind, struct event *e)
{
	uint64_t lost;

	while (world_next_event(e, &lost))
		if (e->kind == kind)
			return true;
	return false;
}

/* Told once when SYNs begin to be the kernel's, and once when they are not any more. */
Test(room, events)
{
	struct room r = world_room();
	struct event e;

	r.bound = ROOM - ROOM / 8;
	world_set_room(&r);
	cr_expect(reason_of_syn() == REASON_room_full && reason_of_syn() == REASON_room_full);
	cr_expect(next_event(EVENT_ROOM_FULL, &e) && e.figure == r.bound && !e.listener && !e.subject[0] &&
		  e.cause == SHALLOW_ROOM);
	/* There is room for a visit or two: not worth a word. */
	r = world_room();
	r.bound = ROOM - ROOM / 8 - 1;
	world_set_room(&r);
	cr_expect(reason_of_syn() == REASON_syn_answered && !next_event(EVENT_ROOM_AGAIN, &e));
	r = world_room();
	r.bound = ROOM - ROOM / 4;
	world_set_room(&r);
	cr_expect(reason_of_syn() == REASON_syn_answered && reason_of_syn() == REASON_syn_answered);
	cr_expect(next_event(EVENT_ROOM_AGAIN, &e) && e.figure == r.bound &&
		  !next_event(EVENT_ROOM_FULL, &e));
}

/* `down` lets nobody in any more, which is no lack of room. */
Test(room, no_event_of_a_drain)
{
	struct room r = world_room();
	struct event e;

	r.draining = 1;
	world_set_room(&r);
	cr_expect(reason_of_syn() == REASON_room_full && !next_event(EVENT_ROOM_FULL, &e));
}
