// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "bound.h"
#include "wire.h"

struct frame in, out, got;
const struct spec plain = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};
const struct spec full = {
	.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07"), .stamps = true};

void bound_begin(void)
{
	world_begin();
	world_policy(BOUND_POLICY);
	host_listen(80, false);
}

const char *const clients[2] = {CLIENT4, CLIENT6B}, *const servers[2] = {HOST4, HOST6B};

struct visit visit_introduce_as(const struct spec *syn, bool ipv6, struct spec first)
{
	struct visit v = visit_make(clients[ipv6], servers[ipv6], 80);
	struct outcome o;

	visit_shake_with(&v, syn);
	v.stamps = syn->stamps;
	first.http = "www.served.example";
	first.stamps = syn->stamps;
	frame_build(&in, &v, &first);
	o = world_run(&in, &out);
	must(o.reason == REASON_served && o.action == XDP_PASS, "%s", reason_name(o.reason));
	return v;
}

struct visit visit_introduce(const struct spec *syn, bool ipv6)
{
	return visit_introduce_as(syn, ipv6, (struct spec){0});
}

size_t said(void)
{
	return in.len - in.payload;
}

struct visit visit_bind(const struct spec *syn, bool ipv6)
{
	struct visit v = visit_introduce(syn, ipv6);

	wire_drain();
	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said();
	must(world_knows(GATE_BOUND, &v, NULL) && !world_knows(GATE_INTRODUCED, &v, NULL), "not bound");
	return v;
}

uint32_t visit_say(struct visit *v, struct spec s)
{
	struct outcome o;

	s.stamps = v->stamps;
	frame_build(&in, v, &s);
	o = world_run(&in, &out);
	if (o.action == XDP_PASS)
		visit_deliver(&out);
	return o.reason;
}

void visit_say_data(struct visit *v, struct spec s)
{
	uint32_t reason = visit_say(v, s);

	must(reason == REASON_established, "%s", reason_name(reason));
	visit_expect(v, in.bytes + in.payload, said() - s.padding);
	v->seq += said() - s.padding;
}

void visit_hears(struct visit *v, const char *text)
{
	struct view a;

	must(write(v->socket, text, strlen(text)) == (ssize_t)strlen(text), "write: %s", strerror(errno));
	do
		must(wire_receive(v, &got, &a, PATIENCE), "the client heard nothing");
	while (!a.payload_len);
	must(!(a.flags & SYN), "a SYN-ACK");
	must(a.seq == v->ack && a.payload_len == strlen(text), "%zu bytes, %d from the right number",
	     a.payload_len, (int)(a.seq - v->ack));
	must(!memcmp(got.bytes + a.payload, text, a.payload_len), "other bytes");
	must(a.ack == v->seq, "acknowledges %d too much", (int)(a.ack - v->seq));
	must(a.stamps == v->stamps, "timestamps");
	if (a.stamps) {
		must((int32_t)(a.tsval - v->stamp) >= 0 && a.tsval - v->stamp < 100000, "time jumps by %d",
		     (int)(a.tsval - v->stamp));
		v->stamp = a.tsval;
	}
	v->ack += a.payload_len;
}

struct tcp_info visit_info(const struct visit *v)
{
	struct tcp_info i = {0};
	socklen_t size = sizeof(i);

	cr_assert(!getsockopt(v->socket, IPPROTO_TCP, TCP_INFO, &i, &size));
	return i;
}

void expect_quiet(const struct visit *v)
{
	struct view a;

	must(!wire_receive(v, &got, &a, QUIET), "the client heard flags %02x", a.flags);
}

void expect_refused(struct visit *v)
{
	struct view a;

	must(wire_receive(v, &got, &a, PATIENCE), "nothing");
	must(a.flags == (RST | ACK) && a.seq == v->ack && a.ack == v->seq, "flags %02x, %d, %d", a.flags,
	     (int)(a.seq - v->ack), (int)(a.ack - v->seq));
	must(!frame_flaw(&got, &a) || got.len, "unreadable");
	must(!world_knows(GATE_INTRODUCED, v, NULL) && !world_knows(GATE_BOUND, v, NULL), "still known");
	/* And so for what its client sends again. */
	must(world_run(&in, &out).reason == REASON_tail_reset, "again");
}

void expect_ended(const struct visit *v)
{
	wait_for(!world_knows(GATE_BOUND, v, NULL));
	must(world_knows(GATE_ENDED, v, NULL), "its end is not known");
	must(!world_room().bound, "%lu bound", (unsigned long)world_room().bound);
}

void expect_bound(const struct visit *v)
{
	must(world_knows(GATE_BOUND, v, NULL) && world_room().bound == 1, "not bound any more");
}

void put32(uint8_t *to, uint32_t v)
{
	to[0] = v >> 24, to[1] = v >> 16, to[2] = v >> 8, to[3] = v;
}

uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

uint16_t internet_sum(const uint8_t *at, size_t n, uint32_t s)
{
	size_t i;

	for (i = 0; i < n; i++)
		s += i & 1 ? at[i] : at[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}
