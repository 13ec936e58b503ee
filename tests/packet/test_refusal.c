// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Visits that were introduced and not taken: refused by the server, a firewall or a
 * router; answered late, or for another visit; or from ports that the server still holds.
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

TestSuite(refusal, .init = bound_begin, .fini = world_end);

/* ---- refused ---- */

Test(refusal, closed_port)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "closed, IPv%c", i & 1 ? '6' : '4');
		host_listen(80, false);
		v = visit_introduce(i & 2 ? &full : &plain, i & 1);
		host_closes(80);
		wire_drain();
		visit_deliver(&out);
		expect_refused(&v);
	}
	cr_expect(world_engagement("tcp/80").refused == 4 && !world_room().bound);
	cr_expect(world_crossed(DIRECTION_OUT, CROSSED_REFUSED) == 4);
}

/* ---- ICMP ---- */

/* An ICMP error from `from` to `to`, with so many bytes of this frame's IP packet. */
static void icmp(struct frame *f, const char *from, const char *to, uint8_t type, uint8_t code, uint32_t rest,
		 const struct frame *about, size_t n)
{
	struct visit v = {0};
	uint8_t body[8 + 128] = {type, code};
	struct spec s = {.data = {body, 8 + n}};
	uint32_t pseudo = 0;
	size_t i;

	address_read(from, v.client);
	address_read(to, v.server);
	s.protocol = address_is_v4(v.client) ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	put32(body + 4, rest);
	memcpy(body + 8, about->bytes + about->l3, n);
	if (s.protocol == IPPROTO_ICMPV6) {
		for (i = 0; i < 16; i++)
			pseudo += i & 1 ? v.client[i] + v.server[i] : (v.client[i] + v.server[i]) << 8;
		pseudo += 8 + n + IPPROTO_ICMPV6;
	}
	i = internet_sum(body, 8 + n, pseudo);
	body[2] = i >> 8;
	body[3] = i;
	frame_build(f, &v, &s);
}

/* A firewall of the host's says no. */
Test(refusal, unreachable)
{
	static struct frame error;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "unreachable, IPv%c", i ? '6' : '4');
		v = visit_introduce(&full, i);
		icmp(&error, servers[i], clients[i], i ? 1 : 3, i ? 1 : 13, 0, &out, i ? 60 : 40);
		wire_drain();
		host_sends(&error);
		expect_refused(&v);
	}
	cr_expect(world_engagement("tcp/80").refused == 2);
}

/* What quotes another number, or another visit, refuses nothing. */
Test(refusal, unreachable_of_another)
{
	static struct frame error;
	struct visit v = visit_introduce(&full, false);
	struct frame quoted = out;

	quoted.bytes[in.l4 + 7] ^= 1;
	icmp(&error, HOST4, CLIENT4, 3, 13, 0, &quoted, 40);
	host_sends(&error);
	quoted = out;
	quoted.bytes[in.l4 + 1] ^= 1;
	icmp(&error, HOST4, CLIENT4, 3, 13, 0, &quoted, 40);
	host_sends(&error);
	cr_expect(world_knows(GATE_INTRODUCED, &v, NULL) && !world_engagement("tcp/80").refused);
	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	visit_close(&v);
}

static int mtu_of(const struct visit *v)
{
	return visit_info(v).tcpi_pmtu;
}

/* A router quotes what it has seen, which is in the client's numbers: without
 * translation the host does not know that segment, and its visits hang. */
Test(refusal, fragmentation_needed)
{
	static struct frame error, segment;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v, back = {0};

		snprintf(where, sizeof(where), "too long, IPv%c", i ? '6' : '4');
		v = visit_bind(&full, i);
		must(write(v.socket, "unacknowledged", 14) == 14, "write");
		memcpy(back.client, v.server, 16);
		memcpy(back.server, v.client, 16);
		back.client_port = v.server_port;
		back.server_port = v.client_port;
		back.seq = v.ack;
		back.ack = v.seq;
		frame_build(&segment, &back, &(struct spec){.letters = 1400, .stamps = true});
		icmp(&error, i ? "2001:db8:c::fe" : "198.18.0.254", servers[i], i ? 2 : 3, i ? 0 : 4, 1300,
		     &segment, i ? 100 : 28); /* with IPv4 no more than has to be */
		visit_deliver(&error);
		wait_for(mtu_of(&v) == 1300);
		visit_say_data(&v, (struct spec){.text = "go on"});
		visit_close(&v);
	}
}

/* ---- SYN-ACKs that come late, or are another's ---- */

/* As the server would say it again. */
static void syn_ack(struct frame *f, const struct visit *v, uint32_t seq, uint32_t ack)
{
	struct visit back = *v;

	memcpy(back.client, v->server, 16);
	memcpy(back.server, v->client, 16);
	back.client_port = v->server_port;
	back.server_port = v->client_port;
	back.seq = seq;
	back.ack = ack;
	frame_build(f, &back,
		    &(struct spec){.flags = SYN | ACK, .tcp_options = full.tcp_options, .stamps = true});
}

Test(refusal, late_syn_ack)
{
	static struct frame late;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v;
		struct view a;
		struct bound b;
		uint64_t bound = world_crossed(DIRECTION_OUT, CROSSED_BOUND);

		snprintf(where, sizeof(where), "late, IPv%c", i ? '6' : '4');
		v = visit_bind(&full, i);
		world_knows(GATE_BOUND, &v, &b);
		visit_hears(&v, "early");
		wire_drain();
		syn_ack(&late, &v, b.server_isn, b.isn + 1);
		host_sends(&late);
		wait_for(world_crossed(DIRECTION_OUT, CROSSED_BOUND) == bound + 2);
		/* The server has all that before, and says so: nothing but that leaves. */
		if (wire_receive(&v, &got, &a, QUIET))
			must(a.flags == ACK && a.seq == v.ack && a.ack == v.seq, "flags %02x, %d, %d",
			     a.flags, (int)(a.seq - v.ack), (int)(a.ack - v.seq));
		visit_say_data(&v, (struct spec){.text = "go on"});
		visit_hears(&v, "go on");
		visit_close(&v);
		/* Of one that has ended nobody hears. */
		wire_drain();
		host_sends(&late);
		expect_quiet(&v);
	}
}

/* While a visit waits, a SYN-ACK to another SYN is not its own. */
Test(refusal, syn_ack_of_another)
{
	static struct frame other;
	struct visit v = visit_introduce(&full, false);

	wire_drain();
	syn_ack(&other, &v, 4711, v.seq + 77);
	host_sends(&other);
	expect_quiet(&v);
	cr_expect(world_knows(GATE_INTRODUCED, &v, NULL) && !world_knows(GATE_BOUND, &v, NULL));
	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	visit_close(&v);
}

/* A new number, and no introduction of ours: the ports are another visit's. */
Test(refusal, syn_ack_with_a_new_number)
{
	static struct frame other;
	struct visit v = visit_bind(&full, false);
	struct view a;

	wire_drain();
	syn_ack(&other, &v, 4711, v.seq + 77);
	host_sends(&other);
	cr_assert(wire_receive(&v, &got, &a, PATIENCE));
	cr_expect(a.flags == (SYN | ACK) && a.seq == 4711, "flags %02x, %u", a.flags, a.seq);
	cr_expect(!world_knows(GATE_BOUND, &v, NULL) && !world_room().bound);
}

/* ---- ports that the server still holds ---- */

/* Another connection from the same ports, straight to the server. */
static struct visit older(const struct visit *v, uint32_t seq)
{
	struct visit w = *v;

	w.seq = seq;
	w.stamps = false;
	w.socket = -1;
	visit_open(&w);
	return w;
}

Test(refusal, established_before)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct visit v = visit_make(clients[i & 1], servers[i & 1], 80), w;
		struct spec served = {.http = "www.served.example"};

		snprintf(where, sizeof(where), "established, %u", i);
		visit_shake_with(&v, i & 2 ? &full : &plain);
		served.stamps = v.stamps = i & 2;
		w = older(&v, v.seq + (i & 2 ? 5000 : -500000));
		frame_build(&in, &v, &served);
		must(world_run(&in, &out).reason == REASON_served, "served");
		wire_drain();
		visit_deliver(&out);
		visit_expect_reset(&w);
		visit_expect(&v, in.bytes + in.payload, said());
		v.seq += said();
		visit_hears(&v, "the new one");
		must(world_crossed(DIRECTION_OUT, CROSSED_RETRIED) == i + 1, "retried");
		visit_close(&v);
		visit_close(&w);
	}
}

Test(refusal, time_wait_before)
{
	static const struct spec fin = {.flags = FIN | ACK}, ack = {.flags = ACK};
	struct visit v = visit_make(CLIENT4, HOST4, 80), w;
	struct spec served = {.http = "www.served.example"};

	visit_shake_with(&v, &plain);
	w = older(&v, v.seq + 500000);
	close(w.socket);
	frame_build(&in, &w, &fin);
	w.ack++;
	frame_build(&in, &w, &fin);
	visit_deliver(&in);
	w.seq++;
	frame_build(&in, &w, &ack);
	visit_deliver(&in);
	frame_build(&in, &v, &served);
	must(world_run(&in, &out).reason == REASON_served, "served");
	wire_drain();
	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said();
	visit_hears(&v, "the new one");
	cr_expect(world_crossed(DIRECTION_OUT, CROSSED_RETRIED) == 1, "it was not in TIME-WAIT");
	visit_close(&v);
}
