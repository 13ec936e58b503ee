// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ends a bound visit, and what does not.
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

TestSuite(end, .init = bound_begin, .fini = world_end);

/* ---- the end ---- */

/* {who closes first}: c the client, s the server, both by FIN */
static void part(char first)
{
	struct visit v;
	struct view a;

	snprintf(where, sizeof(where), "%c closes", first);
	v = visit_bind(&full, false);
	expect_bound(&v);
	if (first == 'c') {
		must(visit_say(&v, (struct spec){.flags = FIN | ACK}) == REASON_control, "FIN");
		v.seq++;
	}
	wait_for(first != 'c' || visit_info(&v).tcpi_state == 8 /* CLOSE-WAIT */);
	expect_bound(&v);
	close(v.socket);
	v.socket = -1;
	do
		must(wire_receive(&v, &got, &a, PATIENCE), "no FIN");
	while (!(a.flags & FIN));
	must(a.seq == v.ack, "its number");
	expect_bound(&v);
	v.ack++;
	if (first == 's') {
		must(visit_say(&v, (struct spec){.flags = ACK}) == REASON_control, "ACK");
		expect_bound(&v);
		must(visit_say(&v, (struct spec){.flags = FIN | ACK}) == REASON_control, "FIN");
	} else {
		must(visit_say(&v, (struct spec){.flags = ACK}) == REASON_control, "ACK");
	}
	expect_ended(&v);
	/* Late packets are translated still: no RST in numbers that nobody knows. */
	wire_drain();
	visit_say(&v, (struct spec){.flags = ACK, .ahead = -1});
	if (wire_receive(&v, &got, &a, QUIET))
		must((int32_t)(a.seq - v.ack) <= 0 && (int32_t)(a.seq - v.ack) > -100, "%d from the number",
		     (int)(a.seq - v.ack));
}

Test(end, fins)
{
	part('c');
	part('s');
}

Test(end, rsts)
{
	struct visit v = visit_bind(&full, false);

	snprintf(where, sizeof(where), "the client's RST");
	expect_bound(&v);
	visit_hears(&v, "so that all is acknowledged");
	must(visit_say(&v, (struct spec){.flags = RST}) == REASON_control, "RST");
	visit_expect_reset(&v);
	expect_ended(&v);
	snprintf(where, sizeof(where), "the server's RST");
	v = visit_bind(&plain, true);
	visit_close(&v);
	expect_ended(&v);
}

/* Whoever does not know the numbers ends nothing. */
Test(end, blind)
{
	static const struct spec shots[] = {
		{.flags = RST, .ahead = 1},
		{.flags = RST, .ahead = -1},
		{.flags = RST, .ahead = 5000},
		{.flags = RST, .ahead = 1 << 30},
		{.flags = RST | ACK, .ahead = 1},
		{.flags = SYN, .ahead = 1000},
		{.flags = SYN, .ahead = -1},
		{.flags = SYN, .ahead = 1 << 30},
		{.flags = SYN | ACK, .ahead = 1000},
		{.flags = FIN | ACK, .ahead = 100000},
		{.flags = FIN | ACK, .ahead = -100000},
		{.flags = FIN | ACK, .ack_ahead = 100000},
		{.flags = FIN | RST, .ahead = 3},
		{.flags = ACK, .ack_ahead = 1 << 30},
		{.http = "www.stray.example", .ahead = 1 << 29},
		{.http = "www.served.example", .ahead = -70, .ack_ahead = 9999},
	};
	unsigned int i, six;

	for (six = 0; six < 2; six++)
		for (i = 0; i < sizeof(shots) / sizeof(shots[0]); i++) {
			struct visit v;

			snprintf(where, sizeof(where), "shot %u, IPv%c", i, six ? '6' : '4');
			v = visit_bind(i % 2 ? &full : &plain, six);
			visit_hears(&v, "hello");
			visit_say(&v, shots[i]);
			expect_bound(&v);
			visit_say_data(&v, (struct spec){.text = "still here"});
			wire_drain();
			visit_hears(&v, "still here");
			expect_bound(&v);
			visit_close(&v);
			expect_ended(&v);
		}
}
