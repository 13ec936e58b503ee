// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the programs at tc make of a visit that was introduced to its server: it is
 * bound, and translated from then on, by the kernel's own TCP over the wire; or it is
 * refused, or the server still holds its ports. And what ends it.
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
#include <linux/tcp.h>

#include "world/wire.h"
#include "world/world.h"

#define POLICY	 "posture enforce\nlisten tcp/80 as http handshake on\nserve www.served.example\n"
#define PATIENCE 3000 /* ms */
#define QUIET	 50   /* ms: nothing came */

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
	host_listen(80, false);
}

TestSuite(bind, .init = begin, .fini = world_end);

static struct frame in, out, got;
static const struct spec plain = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};
static const struct spec full = {
	.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07"), .stamps = true};

/* ---- a visit ---- */

static const char *clients[] = {CLIENT4, CLIENT6B}, *servers[] = {HOST4, HOST6B};

/* Up to its introduction: its SYN for the server is in `out`, its first data in `in`. */
static struct visit introduce_as(const struct spec *syn, bool ipv6, struct spec first)
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

static struct visit introduce(const struct spec *syn, bool ipv6)
{
	return introduce_as(syn, ipv6, (struct spec){0});
}

static size_t said(void)
{
	return in.len - in.payload;
}

static struct visit bind_visit(const struct spec *syn, bool ipv6)
{
	struct visit v = introduce(syn, ipv6);

	wire_drain();
	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said();
	must(world_knows(GATE_BOUND, &v, NULL) && !world_knows(GATE_INTRODUCED, &v, NULL), "not bound");
	return v;
}

/* Through the gate to the server, as a packet of the client's. */
static uint32_t say(struct visit *v, struct spec s)
{
	struct outcome o;

	s.stamps = v->stamps;
	frame_build(&in, v, &s);
	o = world_run(&in, &out);
	if (o.action == XDP_PASS)
		visit_deliver(&out);
	return o.reason;
}

static void say_data(struct visit *v, struct spec s)
{
	uint32_t reason = say(v, s);

	must(reason == REASON_established, "%s", reason_name(reason));
	visit_expect(v, in.bytes + in.payload, said() - s.padding);
	v->seq += said() - s.padding;
}

/* The server says this, and its client hears it in its own numbers. */
static void hears(struct visit *v, const char *text)
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

static struct tcp_info info_of(const struct visit *v)
{
	struct tcp_info i = {0};
	socklen_t size = sizeof(i);

	cr_assert(!getsockopt(v->socket, IPPROTO_TCP, TCP_INFO, &i, &size));
	return i;
}

#define wait_for(condition)                                                 \
	do {                                                                \
		int waited = 0;                                             \
		while (!(condition) && waited++ < PATIENCE)                 \
			usleep(1000);                                       \
		must(condition, "not within %d ms: " #condition, PATIENCE); \
	} while (0)

/* Nothing of the host's has come to the client. */
static void expect_quiet(const struct visit *v)
{
	struct view a;

	must(!wire_receive(v, &got, &a, QUIET), "the client heard flags %02x", a.flags);
}

/* ---- bound ---- */

Test(bind, both_talk)
{
	const struct spec *syns[] = {&plain, &full};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "%s, IPv%c", i & 1 ? "all options" : "none",
			 i & 2 ? '6' : '4');
		v = bind_visit(syns[i & 1], i & 2);
		hears(&v, "HTTP/1.1 200 OK\r\n\r\n");
		say_data(&v, (struct spec){.http = "www.stray.example"});
		hears(&v, "once more");
		must(say(&v, (struct spec){.flags = ACK}) == REASON_control, "its acknowledgement");
		wait_for(!info_of(&v).tcpi_unacked);
		say_data(&v, (struct spec){.letters = 1400});
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
			v = introduce_as(&syn, n & 2, (struct spec){.letters = lengths[i]});
			visit_deliver(&out);
			visit_expect(&v, in.bytes + in.payload, said());
			v.seq += said();
			hears(&v, "so much");
			visit_close(&v);
		}
}

/* The client's small segments make small pieces. */
Test(bind, small_segments)
{
	struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x02\x18")}; /* 536 */
	struct visit v = introduce_as(&syn, false, (struct spec){.letters = 2000});

	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said();
	hears(&v, "small");
	visit_close(&v);
}

/* With a FIN: the server has all of it, and the end. */
Test(bind, with_fin)
{
	struct visit v = introduce_as(&full, false, (struct spec){.flags = FIN | DATA, .letters = 3000});
	char byte;

	visit_deliver(&out);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said() + 1;
	cr_expect(recv(v.socket, &byte, 1, 0) == 0, "no end");
	hears(&v, "bye");
	visit_close(&v);
}

/* ---- options ---- */

static void put32(uint8_t *to, uint32_t v)
{
	to[0] = v >> 24, to[1] = v >> 16, to[2] = v >> 8, to[3] = v;
}

/* RFC 2018: blocks are in the client's numbers; the server must know what it need not
 * send again. */
Test(bind, sack_blocks)
{
	static char data[1448 * 4];
	uint8_t options[12] = {1, 1, 5, 10};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "IPv%c", i ? '6' : '4');
		v = bind_visit(&full, i);
		must(write(v.socket, data, sizeof(data)) == sizeof(data), "write");
		/* The second and third segment have come, the first has not. */
		put32(options + 4, v.ack + info_of(&v).tcpi_snd_mss);
		put32(options + 8, v.ack + 3 * info_of(&v).tcpi_snd_mss);
		must(say(&v, (struct spec){.flags = ACK, .tcp_options = {options, sizeof(options)}}) ==
			     REASON_control,
		     "its acknowledgement");
		wait_for(info_of(&v).tcpi_sacked == 2);
		visit_close(&v);
	}
}

/* {options of a segment, where in them SACK numbers stand and where TSecr does: 0 nowhere} */
static const struct {
	struct bytes options;
	int sacks[4];
	int tsecr;
} segments[] = {
	{BYTES("\1\1\x08\x0a....TTTT"), {0}, 8},
	{BYTES("\x08\x0a....TTTT\1\1"), {0}, 6},
	{BYTES("\1\x08\x0a....TTTT\1"), {0}, 7},
	{BYTES("\1\1\1\1\1\x08\x0a....TTTT\1"), {0}, 11},
	{BYTES("\1\1\5\x0a"
	       "aaaabbbb"),
	 {4, 8},
	 0},
	{BYTES("\1\5\x0a"
	       "aaaabbbb\1"),
	 {3, 7},
	 0},
	{BYTES("\5\x0a"
	       "aaaabbbb\0\0"),
	 {2, 6},
	 0},
	{BYTES("\1\1\x08\x0a....TTTT\1\1\5\x12"
	       "aaaabbbbccccdddd"),
	 {16, 20, 24, 28},
	 8},
	{BYTES("\x1e\4..\1\1\x08\x0a....TTTT"), {0}, 12},
	{BYTES("\0\1\x08\x0a....TTTT"), {0}, 0}, /* behind the end of the list */
	{BYTES("\1\1\x08\x09....TTT\1"), {0}, 0},
	{BYTES(""), {0}, 0},
};

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* By the program alone, byte by byte. */
static void check_options(const struct visit *v, const struct bound *b, size_t row, const struct spec *s)
{
	uint32_t delta = b->cookie - b->server_isn;
	size_t at = 20, i;
	struct view a;

	frame_build(&in, v, s);
	must(world_run_filter(DIRECTION_IN, &in, &out) == -1, "the next filter does not run");
	must(!frame_flaw(&out, &a), "%s", frame_flaw(&out, &a));
	must(out.len == in.len, "%zu bytes", out.len);
	must(a.ack == v->ack - delta, "acknowledgement");
	put32(in.bytes + in.l4 + 8, v->ack - delta);
	for (i = 0; i < 4 && segments[row].sacks[i]; i++) {
		uint8_t *to = in.bytes + in.l4 + at + segments[row].sacks[i];

		put32(to, get32(to) - delta);
	}
	if (segments[row].tsecr) {
		uint8_t *to = in.bytes + in.l4 + at + segments[row].tsecr;

		put32(to, get32(to) - b->ts_delta);
	}
	memcpy(in.bytes + in.l4 + 16, out.bytes + in.l4 + 16, 2); /* its checksum is right */
	must(!memcmp(in.bytes, out.bytes, in.len), "other bytes");
}

Test(bind, every_option)
{
	struct visit v[2] = {bind_visit(&full, false), bind_visit(&full, true)};
	size_t row, i;

	for (i = 0; i < 2; i++) {
		struct bound b;

		cr_assert(world_knows(GATE_BOUND, &v[i], &b) && b.ts_delta && b.cookie != b.server_isn);
		for (row = 0; row < sizeof(segments) / sizeof(segments[0]); row++) {
			struct spec s = {.flags = ACK, .tcp_options = segments[row].options};

			snprintf(where, sizeof(where), "options %zu, IPv%c", row, i ? '6' : '4');
			check_options(&v[i], &b, row, &s);
			s.text = "odd";
			check_options(&v[i], &b, row, &s);
			s.ip_options = (struct bytes)BYTES("\x94\x04\0\0\1");
			s.extensions = "hrd";
			check_options(&v[i], &b, row, &s);
			s.tags[0] = 0x8100;
			check_options(&v[i], &b, row, &s);
		}
		visit_close(&v[i]);
	}
}

/* The same from the server, whose TSval and number change, and nothing else. */
static void check_answer(const struct visit *v, const struct bound *b, size_t row, const struct spec *s)
{
	struct visit back = *v;
	struct view a, was;

	memcpy(back.client, v->server, 16);
	memcpy(back.server, v->client, 16);
	back.client_port = v->server_port;
	back.server_port = v->client_port;
	back.seq = b->server_isn + 1 + 5000;
	back.ack = v->seq;
	frame_build(&in, &back, s);
	must(!frame_flaw(&in, &was), "built wrong");
	must(world_run_filter(DIRECTION_OUT, &in, &out) == -1, "the next filter does not run");
	must(!frame_flaw(&out, &a), "%s", frame_flaw(&out, &a));
	must(a.seq == v->ack - 1 + 1 + 5000 && a.ack == v->seq, "numbers");
	put32(in.bytes + in.l4 + 4, a.seq);
	if (segments[row].tsecr) {
		uint8_t *to = in.bytes + in.l4 + 20 + segments[row].tsecr - 4;

		put32(to, get32(to) + b->ts_delta);
	}
	memcpy(in.bytes + in.l4 + 16, out.bytes + in.l4 + 16, 2);
	must(out.len == in.len && !memcmp(in.bytes, out.bytes, in.len), "other bytes");
}

Test(bind, every_option_of_the_server)
{
	struct visit v[2] = {bind_visit(&full, false), bind_visit(&full, true)};
	size_t row, i;

	for (i = 0; i < 2; i++) {
		struct bound b;

		cr_assert(world_knows(GATE_BOUND, &v[i], &b));
		for (row = 0; row < sizeof(segments) / sizeof(segments[0]); row++) {
			struct spec s = {.flags = ACK, .tcp_options = segments[row].options};

			/* It says no such nonsense. */
			if (memchr(s.tcp_options.at, 0, 1) && s.tcp_options.len)
				continue;
			snprintf(where, sizeof(where), "options %zu of the server, IPv%c", row,
				 i ? '6' : '4');
			check_answer(&v[i], &b, row, &s);
			s.text = "odd";
			check_answer(&v[i], &b, row, &s);
			s.ip_options = (struct bytes)BYTES("\x94\x04\0\0");
			s.extensions = "hd";
			check_answer(&v[i], &b, row, &s);
		}
		visit_close(&v[i]);
	}
}

/* ---- a server that does less than was promised ---- */

Test(bind, without_scaling)
{
	struct visit v;
	struct view a;

	sysctl_set("net/ipv4/tcp_window_scaling", "0");
	v = bind_visit(&full, false);
	hears(&v, "one");
	/* The client's window, which it scales by 7. */
	say(&v, (struct spec){.flags = ACK, .window = 10});
	wait_for(info_of(&v).tcpi_snd_wnd == 1280);
	say(&v, (struct spec){.flags = ACK, .window = 60000});
	wait_for(info_of(&v).tcpi_snd_wnd == 65535);
	/* The server's, which it does not scale, in the units that the client was told. */
	say_data(&v, (struct spec){.text = "two"});
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
	v = bind_visit(&full, false);
	say_data(&v, (struct spec){.text = "two"});
	cr_assert(wire_receive(&v, &got, &a, PATIENCE));
	window = a.window << world_shake().scale;
	cr_expect(info_of(&v).tcpi_rcv_wscale != world_shake().scale, "nothing was shown");
	cr_expect(window && window <= 262144 && window > 20000, "window %u", window);
	visit_close(&v);
}

/* ---- refused ---- */

static void expect_refused(struct visit *v)
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

Test(bind, closed_port)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "closed, IPv%c", i & 1 ? '6' : '4');
		host_listen(80, false);
		v = introduce(i & 2 ? &full : &plain, i & 1);
		host_closes(80);
		wire_drain();
		visit_deliver(&out);
		expect_refused(&v);
	}
	cr_expect(world_engagement("tcp/80").refused == 4 && !world_room().bound);
	cr_expect(world_crossed(DIRECTION_OUT, CROSSED_REFUSED) == 4);
}

/* ---- ICMP ---- */

static uint16_t sum(const uint8_t *at, size_t n, uint32_t s)
{
	size_t i;

	for (i = 0; i < n; i++)
		s += i & 1 ? at[i] : at[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}

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
	i = sum(body, 8 + n, pseudo);
	body[2] = i >> 8;
	body[3] = i;
	frame_build(f, &v, &s);
}

/* A firewall of the host's says no. */
Test(bind, unreachable)
{
	static struct frame error;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v;

		snprintf(where, sizeof(where), "unreachable, IPv%c", i ? '6' : '4');
		v = introduce(&full, i);
		icmp(&error, servers[i], clients[i], i ? 1 : 3, i ? 1 : 13, 0, &out, i ? 60 : 40);
		wire_drain();
		host_sends(&error);
		expect_refused(&v);
	}
	cr_expect(world_engagement("tcp/80").refused == 2);
}

/* What quotes another number, or another visit, refuses nothing. */
Test(bind, unreachable_of_another)
{
	static struct frame error;
	struct visit v = introduce(&full, false);
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
	return info_of(v).tcpi_pmtu;
}

/* A router quotes what it has seen, which is in the client's numbers: without
 * translation the host does not know that segment, and its visits hang. */
Test(bind, fragmentation_needed)
{
	static struct frame error, segment;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v, back = {0};

		snprintf(where, sizeof(where), "too long, IPv%c", i ? '6' : '4');
		v = bind_visit(&full, i);
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
		say_data(&v, (struct spec){.text = "go on"});
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

Test(bind, late_syn_ack)
{
	static struct frame late;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct visit v;
		struct view a;
		struct bound b;
		uint64_t bound = world_crossed(DIRECTION_OUT, CROSSED_BOUND);

		snprintf(where, sizeof(where), "late, IPv%c", i ? '6' : '4');
		v = bind_visit(&full, i);
		world_knows(GATE_BOUND, &v, &b);
		hears(&v, "early");
		wire_drain();
		syn_ack(&late, &v, b.server_isn, b.isn + 1);
		host_sends(&late);
		wait_for(world_crossed(DIRECTION_OUT, CROSSED_BOUND) == bound + 2);
		/* The server has all that before, and says so: nothing but that leaves. */
		if (wire_receive(&v, &got, &a, QUIET))
			must(a.flags == ACK && a.seq == v.ack && a.ack == v.seq, "flags %02x, %d, %d",
			     a.flags, (int)(a.seq - v.ack), (int)(a.ack - v.seq));
		say_data(&v, (struct spec){.text = "go on"});
		hears(&v, "go on");
		visit_close(&v);
		/* Of one that has ended nobody hears. */
		wire_drain();
		host_sends(&late);
		expect_quiet(&v);
	}
}

/* While a visit waits, a SYN-ACK to another SYN is not its own. */
Test(bind, syn_ack_of_another)
{
	static struct frame other;
	struct visit v = introduce(&full, false);

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
Test(bind, syn_ack_with_a_new_number)
{
	static struct frame other;
	struct visit v = bind_visit(&full, false);
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

Test(bind, established_before)
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
		hears(&v, "the new one");
		must(world_crossed(DIRECTION_OUT, CROSSED_RETRIED) == i + 1, "retried");
		visit_close(&v);
		visit_close(&w);
	}
}

Test(bind, time_wait_before)
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
	hears(&v, "the new one");
	cr_expect(world_crossed(DIRECTION_OUT, CROSSED_RETRIED) == 1, "it was not in TIME-WAIT");
	visit_close(&v);
}

/* ---- what is hard to read ---- */

Test(bind, headers)
{
	struct visit v = bind_visit(&full, false), w = bind_visit(&full, true);

	say_data(&v, (struct spec){.text = "options", .ip_options = BYTES("\x94\x04\0\0")});
	say_data(&v, (struct spec){.text = "padded", .padding = 9});
	hears(&v, "read");
	say_data(&w, (struct spec){.text = "hop by hop", .extensions = "h"});
	say_data(&w, (struct spec){.text = "destination options", .extensions = "d"});
	say_data(&w, (struct spec){.text = "both", .extensions = "hd"});
	say_data(&w, (struct spec){.text = "a fragment that is whole", .extensions = "f"});
	hears(&w, "read");
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
	s = sum(f.bytes + f.l3, 20, 0);
	f.bytes[f.l3 + 10] = s >> 8;
	f.bytes[f.l3 + 11] = s;
	must(world_run(&f, &got).reason == REASON_fragment, "no fragment");
	visit_deliver(&f);
}

Test(bind, fragments)
{
	struct visit v = bind_visit(&full, false);

	frame_build(&in, &v, &(struct spec){.letters = 1200, .stamps = true});
	deliver_fragment(0, 600, true);
	deliver_fragment(600, in.len - in.l4 - 600, false);
	visit_expect(&v, in.bytes + in.payload, said());
	v.seq += said();
	hears(&v, "joined");
	/* The other way round. */
	frame_build(&in, &v, &(struct spec){.letters = 1200, .stamps = true});
	deliver_fragment(600, in.len - in.l4 - 600, false);
	deliver_fragment(0, 600, true);
	visit_expect(&v, in.bytes + in.payload, said());
	visit_close(&v);
}

/* ---- the end ---- */

static void expect_ended(const struct visit *v)
{
	wait_for(!world_knows(GATE_BOUND, v, NULL));
	must(world_knows(GATE_ENDED, v, NULL), "its end is not known");
	must(!world_room().bound, "%lu bound", (unsigned long)world_room().bound);
}

static void expect_bound(const struct visit *v)
{
	must(world_knows(GATE_BOUND, v, NULL) && world_room().bound == 1, "not bound any more");
}

/* {who closes first}: c the client, s the server, both by FIN */
static void part(char first)
{
	struct visit v;
	struct view a;

	snprintf(where, sizeof(where), "%c closes", first);
	v = bind_visit(&full, false);
	expect_bound(&v);
	if (first == 'c') {
		must(say(&v, (struct spec){.flags = FIN | ACK}) == REASON_control, "FIN");
		v.seq++;
	}
	wait_for(first != 'c' || info_of(&v).tcpi_state == 8 /* CLOSE-WAIT */);
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
		must(say(&v, (struct spec){.flags = ACK}) == REASON_control, "ACK");
		expect_bound(&v);
		must(say(&v, (struct spec){.flags = FIN | ACK}) == REASON_control, "FIN");
	} else {
		must(say(&v, (struct spec){.flags = ACK}) == REASON_control, "ACK");
	}
	expect_ended(&v);
	/* Late packets are translated still: no RST in numbers that nobody knows. */
	wire_drain();
	say(&v, (struct spec){.flags = ACK, .ahead = -1});
	if (wire_receive(&v, &got, &a, QUIET))
		must((int32_t)(a.seq - v.ack) <= 0 && (int32_t)(a.seq - v.ack) > -100, "%d from the number",
		     (int)(a.seq - v.ack));
}

Test(bind, fins)
{
	part('c');
	part('s');
}

Test(bind, rsts)
{
	struct visit v = bind_visit(&full, false);

	snprintf(where, sizeof(where), "the client's RST");
	expect_bound(&v);
	hears(&v, "so that all is acknowledged");
	must(say(&v, (struct spec){.flags = RST}) == REASON_control, "RST");
	visit_expect_reset(&v);
	expect_ended(&v);
	snprintf(where, sizeof(where), "the server's RST");
	v = bind_visit(&plain, true);
	visit_close(&v);
	expect_ended(&v);
}

/* Whoever does not know the numbers ends nothing. */
Test(bind, blind)
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
			v = bind_visit(i % 2 ? &full : &plain, six);
			hears(&v, "hello");
			say(&v, shots[i]);
			expect_bound(&v);
			say_data(&v, (struct spec){.text = "still here"});
			wire_drain();
			hears(&v, "still here");
			expect_bound(&v);
			visit_close(&v);
			expect_ended(&v);
		}
}

/* Each packet at tc is counted once, whatever became of it. */
static void expect_conserved(void)
{
	uint64_t sums[2] = {0};
	unsigned int d, i;

	for (d = 0; d < 2; d++)
		for (i = 0; i < CROSSINGS; i++)
			sums[d] += world_crossed(d, i);
	must(sums[0] == world_filter_runs(DIRECTION_IN) && sums[1] == world_filter_runs(DIRECTION_OUT),
	     "%lu of %lu in, %lu of %lu out", (unsigned long)sums[0],
	     (unsigned long)world_filter_runs(DIRECTION_IN), (unsigned long)sums[1],
	     (unsigned long)world_filter_runs(DIRECTION_OUT));
}

Test(bind, conservation)
{
	struct visit v = bind_visit(&full, false), w = introduce(&full, true), x;

	host_closes(80);
	wire_drain();
	visit_deliver(&out);
	expect_refused(&w);
	hears(&v, "hello");
	say_data(&v, (struct spec){.text = "hello"});
	host_listen(80, false);
	x = introduce_as(&full, false, (struct spec){.letters = 3500});
	visit_deliver(&out);
	visit_expect(&x, in.bytes + in.payload, said());
	x.seq += said();
	hears(&x, "hello");
	visit_close(&v);
	visit_close(&x);
	cr_expect(world_crossed(DIRECTION_OUT, CROSSED_BOUND) == 2);
	cr_expect(world_crossed(DIRECTION_IN, CROSSED_INJECTED) >= 2);
	cr_expect(!world_crossed(DIRECTION_IN, CROSSED_FAILED) &&
		  !world_crossed(DIRECTION_OUT, CROSSED_FAILED));
	expect_conserved();
}

/* ---- a full table ---- */

#define ROOM 1024

static void begin_small(void)
{
	world_begin_small(ROOM);
	world_policy(POLICY);
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
		v[i] = bind_visit(i % 2 ? &full : &plain, i % 3 == 0);
	cr_expect(world_room().bound == n - 1 && reason_of_syn() == REASON_syn_answered);
	waits = introduce(&full, false);
	its_syn = out;
	v[n - 1] = bind_visit(&plain, false);
	cr_expect(world_room().bound == n);
	cr_expect(reason_of_syn() == REASON_room_full && out.len == in.len &&
		  !memcmp(out.bytes, in.bytes, in.len));
	visit_deliver(&its_syn);
	visit_expect(&waits, NULL, 50);
	cr_expect(world_room().bound == n + 1);
	visit_close(&waits);
	for (i = 0; i < n; i++) {
		say_data(&v[i], (struct spec){.text = "still here"});
		visit_close(&v[i]);
	}
	cr_expect(!world_room().bound && reason_of_syn() == REASON_syn_answered, "%lu bound",
		  (unsigned long)world_room().bound);
}
