// SPDX-License-Identifier: GPL-2.0-or-later
/* Headers of every shape: whole, cut, lying, damaged. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "world/world.h"

#define POLICY                                                                        \
	"posture enforce\nlisten udp/53 as dns\nlisten tcp/53 as dns handshake off\n" \
	"listen tcp/80 as http handshake off\nzone served.example\nserve served.example\n"

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
}

TestSuite(parse, .init = begin, .fini = world_end);

static struct frame in, out;

static const uint16_t tags[][TAGS_MAX] = {
	{0}, {0x8100}, {0x88a8}, {0x9100}, {0x8100, 0x8100}, {0x88a8, 0x8100}, {0x9100, 0x8100},
};

static const struct bytes ip_options[] = {
	{"", 0},
	BYTES("\x94\x04\x00\x00"),
	BYTES("\x01\x01\x01\x01\x94\x04\x00\x00"),
	BYTES("0123456789012345678901234567890123456789"), /* all that fits */
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A query that is refused shows that all offsets were found, and the tags kept. */
static void expect_refused(const struct spec *s, const char *client, const char *server)
{
	struct visit v = visit_make(client, server, 53);
	struct view a, b;
	const char *flaw;

	frame_build(&in, &v, s);
	cr_assert(world_run_only(&in, &out) == XDP_TX, "%zu bytes, extensions %s", in.len,
		  s->extensions ? s->extensions : "none");
	flaw = frame_flaw(&out, &b);
	cr_assert(!flaw, "%s", flaw);
	cr_assert(!frame_flaw(&in, &a));
	cr_assert(b.l3 == a.l3 && !memcmp(in.bytes + 12, out.bytes + 12, a.l3 - 12), "VLAN tags");
	cr_assert(b.ip_len <= a.ip_len && out.len == b.l3 + b.ip_len, "length");
	cr_assert(!memcmp(a.from, b.to, 16) && !memcmp(a.to, b.from, 16) && a.from_port == b.to_port &&
			  a.to_port == b.from_port,
		  "addresses");
	cr_assert(!memcmp(in.bytes + a.payload, out.bytes + b.payload, 2) &&
			  (out.bytes[b.payload + 3] & 15) == 5,
		  "REFUSED");
}

Test(parse, every_combination_of_headers_v4)
{
	struct spec s = {.protocol = IPPROTO_UDP, .dns = "stray.example"};
	size_t t, o, n = 0;

	for (t = 0; t < COUNT(tags); t++)
		for (o = 0; o < COUNT(ip_options); o++)
			for (s.padding = 0; s.padding < 50; s.padding += 7, n++) {
				memcpy(s.tags, tags[t], sizeof(s.tags));
				s.ip_options = ip_options[o];
				expect_refused(&s, CLIENT4, HOST4);
			}
	cr_expect(world_counted_as(REASON_stray_answered) == n && world_counted() == n);
}

/* RFC 8200 4.1: the host refuses hop-by-hop options that are not the first header. */
static void expect_malformed(const struct spec *s, const char *client, const char *server)
{
	struct visit v = visit_make(client, server, 53);

	frame_build(&in, &v, s);
	cr_assert(world_run_only(&in, &out) == XDP_PASS, "extensions %s", s->extensions);
	cr_expect(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len));
}

/* Up to four extension headers, in any order, one kind several times too. */
Test(parse, every_combination_of_headers_v6)
{
	static const char letters[] = "hrdaf";
	struct spec s = {.protocol = IPPROTO_UDP, .dns = "stray.example"};
	unsigned int combination, rest;
	size_t t, k, n = 0, malformed = 0;
	bool refused;

	for (combination = 0; combination < 6 * 6 * 6 * 6; combination++) {
		char extensions[5] = "";

		for (k = 0, rest = combination; rest; rest /= 6)
			if (rest % 6)
				extensions[k++] = letters[rest % 6 - 1];
		s.extensions = extensions;
		for (t = 0; t < COUNT(tags); t += 2, n++) {
			memcpy(s.tags, tags[t], sizeof(s.tags));
			s.padding = combination % 3;
			refused = !*extensions || !strchr(extensions + 1, 'h');
			(refused ? expect_refused : expect_malformed)(&s, n & 1 ? CLIENT6B : CLIENT6,
								      n & 2 ? HOST6B : HOST6);
			malformed += !refused;
		}
	}
	cr_expect(malformed && world_counted_as(REASON_malformed) == malformed);
	cr_expect(world_counted_as(REASON_stray_answered) == n - malformed && world_counted() == n);
}

static const struct sample {
	const char *client, *server;
	uint16_t port;
	struct spec spec;
} samples[] = {
	{CLIENT4, HOST4, 53, {.protocol = IPPROTO_UDP, .dns = "stray.example"}},
	{CLIENT4, HOST4, 53, {.protocol = IPPROTO_UDP, .dns = "stray.example", .tags = {0x88a8, 0x8100}}},
	{CLIENT4, HOST4, 53, {.protocol = IPPROTO_UDP, .dns = "x", .ip_options = BYTES("\x94\x04\0\0\1")}},
	{CLIENT6, HOST6, 53, {.protocol = IPPROTO_UDP, .dns = "stray.example"}},
	{CLIENT6, HOST6, 53, {.protocol = IPPROTO_UDP, .dns = "stray.example", .extensions = "hrdaf"}},
	{CLIENT4, HOST4, 80, {.http = "stray.example", .tcp_options = BYTES("\1\1\5\x0a\0\0\0\1\0\0\0\2")}},
	{CLIENT6, HOST6, 80, {.http = "stray.example", .tags = {0x8100}}},
	{CLIENT6, HOST6, 80, {.http = "stray.example", .extensions = "hd"}},
	{CLIENT4, HOST4, 22, {.text = "not for us"}},
};

static void build(const struct sample *s)
{
	struct visit v = visit_make(s->client, s->server, s->port);

	frame_build(&in, &v, &s->spec);
}

/* The kernel runs no frame without a whole Ethernet header. */
Test(parse, cut_at_every_byte)
{
	size_t i, n = 0;

	for (i = 0; i < COUNT(samples); i++) {
		build(&samples[i]);
		for (in.len--; in.len >= 14; in.len--, n++) {
			cr_expect(world_run_only(&in, &out) == XDP_PASS, "sample %zu cut to %zu", i, in.len);
			cr_expect(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "changed");
		}
	}
	cr_expect(world_counted_as(REASON_malformed) == n && world_counted() == n,
		  "%lu of %zu cut packets are malformed, %lu counted",
		  (unsigned long)world_counted_as(REASON_malformed), n, (unsigned long)world_counted());
}

/* Whatever a header says: a packet passes as it is, or what is sent is right
 * and no longer than what came. No listener here drops anything. */
static void run_damaged(size_t sample)
{
	uint32_t action = world_run_only(&in, &out);
	struct view a, b;
	const char *flaw;

	if (action == XDP_PASS) {
		cr_assert(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "sample %zu changed",
			  sample);
		return;
	}
	cr_assert(action == XDP_TX, "sample %zu: %s", sample, xdp_name(action));
	flaw = frame_flaw(&out, &b);
	cr_assert(!flaw, "sample %zu: %s", sample, flaw);
	frame_flaw(&in, &a);
	cr_assert(b.ip_len <= a.ip_len, "sample %zu: %zu bytes for %zu", sample, b.ip_len, a.ip_len);
}

Test(parse, every_header_byte_with_every_value)
{
	size_t i, at, n = 0;
	unsigned int value;

	for (i = 0; i < COUNT(samples); i++) {
		build(&samples[i]);
		for (at = 12; at < in.payload + 12; at++) {
			uint8_t was = in.bytes[at];

			for (value = 0; value < 256; value++, n++) {
				in.bytes[at] = value;
				run_damaged(i);
			}
			in.bytes[at] = was;
		}
	}
	cr_expect(world_counted() == n, "%lu of %zu counted", (unsigned long)world_counted(), n);
}

Test(parse, random_damage)
{
	size_t i, n, damage;

	srandom(20140121);
	for (n = 0; n < 100000; n++) {
		i = random() % COUNT(samples);
		build(&samples[i]);
		for (damage = random() % 6; damage; damage--)
			in.bytes[12 + random() % (in.len - 12)] = random();
		if (random() % 4 == 0)
			in.len = 14 + random() % (in.len - 13);
		run_damaged(i);
	}
	cr_expect(world_counted() == n, "%lu of %zu counted", (unsigned long)world_counted(), n);
}

/* {what is changed at a place behind the IP or transport header, what it is then} */
static const struct lie {
	size_t sample;
	bool l4; /* offset counts from there, else from the IP header */
	size_t at;
	uint16_t value; /* two bytes */
	uint32_t reason;
} lies[] = {
	{0, false, 2, 0, REASON_malformed},	    /* total length */
	{0, false, 2, 19, REASON_malformed},	    /* less than a header */
	{0, false, 2, 20, REASON_malformed},	    /* a header alone */
	{0, false, 2, 27, REASON_malformed},	    /* half a UDP header */
	{0, false, 2, 0xffff, REASON_malformed},    /* more than the frame */
	{0, false, 0, 0x4400, REASON_malformed},    /* IHL 4 */
	{0, false, 0, 0x4000, REASON_malformed},    /* IHL 0 */
	{0, false, 0, 0x6500, REASON_malformed},    /* version 6 */
	{0, false, 0, 0x5500, REASON_malformed},    /* version 5 */
	{0, true, 4, 0, REASON_malformed},	    /* UDP length 0: no jumbogram here */
	{0, true, 4, 7, REASON_malformed},	    /* less than a header */
	{0, true, 4, 8, REASON_unreadable_passed},  /* nothing in it */
	{0, true, 4, 20, REASON_unreadable_passed}, /* a header of DNS alone */
	{0, true, 4, 0xffff, REASON_malformed},
	{3, false, 4, 0, REASON_malformed}, /* payload length */
	{3, false, 4, 7, REASON_malformed},
	{3, false, 4, 0xffff, REASON_malformed},
	{3, false, 0, 0x4000, REASON_malformed}, /* version 4 */
	{3, true, 4, 0, REASON_malformed},
	{4, false, 40, IPPROTO_ROUTING << 8 | 200, REASON_malformed}, /* a long way to the next header */
	{4, false, 40, IPPROTO_ROUTING << 8 | 255, REASON_malformed},
	{4, false, 40, IPPROTO_NONE << 8 | 1, REASON_other_protocol},
	{4, false, 40, IPPROTO_ESP << 8 | 1, REASON_other_protocol},
	{5, true, 12, 0x0018, REASON_malformed}, /* data offset 0 */
	{5, true, 12, 0x4018, REASON_malformed}, /* 4 */
	{5, true, 12, 0x5018, REASON_no_conversation},
	{5, true, 12, 0xf018, REASON_no_conversation}, /* 15: into the data, within the packet */
	{5, false, 2, 40, REASON_malformed},	       /* as long as a header without its options */
	{5, false, 2, 52, REASON_control},	       /* as long as its header */
	{5, false, 6, 0x2000, REASON_fragment},
	{5, false, 6, 0x0001, REASON_fragment},
	{5, false, 6, 0x4000, REASON_no_conversation},
};

Test(parse, lying_headers)
{
	struct outcome o;
	size_t i, at;

	for (i = 0; i < COUNT(lies); i++) {
		build(&samples[lies[i].sample]);
		at = (lies[i].l4 ? in.l4 : in.l3) + lies[i].at;
		in.bytes[at] = lies[i].value >> 8;
		in.bytes[at + 1] = lies[i].value & 0xff;
		o = world_run(&in, &out);
		cr_expect(o.reason == lies[i].reason && o.action == XDP_PASS, "lie %zu: %s, %s instead of %s",
			  i, xdp_name(o.action), reason_name(o.reason), reason_name(lies[i].reason));
		cr_expect(out.len == in.len && !memcmp(out.bytes, in.bytes, in.len), "lie %zu: changed", i);
	}
}
