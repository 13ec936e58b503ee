// SPDX-License-Identifier: GPL-2.0-or-later
/* Who looks on sees packets as they came, whole or cut, and what became of them. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>
#include <netinet/in.h>

#include "world/world.h"

#define POLICY                                                                                      \
	"posture enforce\nlisten tcp/80 as http handshake on\nlisten tcp/443 as tls handshake on\n" \
	"listen udp/53 as dns\nzone served.example\nserve www.served.example\nstray http answer\n"

static struct frame in, out;

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
}

TestSuite(tap, .init = begin, .fini = world_end);

/* ---- what is seen --------------------------------------------------------------- */

static struct seen {
	unsigned int count;
	struct tap_record record; /* the last */
	uint8_t bytes[FRAME_MAX];
} seen;

static int see(const struct tap_record *r, const uint8_t *bytes, void *arg)
{
	(void)arg;
	seen.count++;
	seen.record = *r;
	if (r->captured)
		memcpy(seen.bytes, bytes, r->captured);
	return 0;
}

/* What came since it was last asked. */
static unsigned int look(struct tap_reader *t)
{
	seen.count = 0;
	cr_assert(!tap_read(t, 0, see, NULL));
	return seen.count;
}

static struct tap_filter everything(bool packets)
{
	struct tap_filter f = {.packets = packets, .snaplen = TAP_SNAPLEN_MAX};

	memset(f.reasons, 0xff, sizeof(f.reasons));
	memset(f.judged, 0xff, sizeof(f.judged));
	return f;
}

/* A query with so many bytes of nothing behind it. */
static struct spec query(const char *name, size_t more)
{
	return (struct spec){.dns = name, .protocol = IPPROTO_UDP, .zeroes = more};
}

/* ---- whole packets ----------------------------------------------------------------- */

/* {bytes behind the question, bytes in the first piece (0: as they lie), bytes that are wanted} */
Test(tap, packets_as_they_came)
{
	static const struct {
		size_t length, first;
		uint32_t snaplen;
	} rows[] = {
		{80, 0, TAP_SNAPLEN_MAX},    {80, 0, 64},
		{3400, 0, TAP_SNAPLEN_MAX},  {8900, 0, TAP_SNAPLEN_MAX},
		{15900, 0, TAP_SNAPLEN_MAX}, {15900, 0, 5000},
		{400, 128, TAP_SNAPLEN_MAX}, {400, 200, 130},
	};
	size_t i, wanted;
	uint32_t action;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct visit v = visit_make(CLIENT4, HOST4, 53);
		struct spec s = query("www.stray.example", rows[i].length);
		struct tap_filter f = everything(true);
		struct tap_reader *t;

		f.snaplen = rows[i].snaplen;
		t = world_tap(&f);
		frame_build(&in, &v, &s);
		if (!rows[i].first)
			action = world_run_only(&in, &out);
		else if (!world_run_in_pieces(&in, &out, rows[i].first, &action))
			goto next;
		cr_expect(action == XDP_TX, "%zu: %s", i, xdp_name(action));
		cr_assert(look(t) == 1, "%zu: %u packets", i, seen.count);
		wanted = in.len < f.snaplen ? in.len : f.snaplen;
		cr_expect(seen.record.length == in.len && seen.record.captured == wanted, "%zu: %u of %u", i,
			  seen.record.captured, seen.record.length);
		cr_expect(!memcmp(seen.bytes, in.bytes, wanted), "%zu: other bytes", i);
		cr_expect(TAP_REASON(seen.record.acted) == REASON_stray_answered &&
			  TAP_ACTION(seen.record.acted) == XDP_TX);
		cr_expect(seen.record.name_len == 17 && !memcmp(seen.record.name, "www.stray.example", 17));
	next:
		tap_close(t);
		visit_close(&v);
	}
}

/* ---- filters ------------------------------------------------------------------------ */

static struct tap_filter named(const char *name, bool whole, bool below)
{
	struct tap_filter f = everything(false);

	f.name_len = strlen(name);
	f.name_whole = whole;
	f.name_below = below;
	memcpy(f.name, name, f.name_len);
	return f;
}

Test(tap, names)
{
	static const struct {
		const char *asked, *name;
		bool whole, below, seen;
	} rows[] = {
		{"www.stray.example", "www.stray.example", true, false, true},
		{"www.stray.example", "www.stray.example", false, true, false},
		{"www.stray.example", "stray.example", true, true, true},
		{"www.stray.example", "stray.example", true, false, false},
		{"www.stray.example", "tray.example", true, true, false},
		{"www.stray.example", "a.www.stray.example", true, true, false},
		{"example", "example", true, true, true},
		{"xexample", "example", true, true, false},
		{"WWW.Stray.example", "www.stray.example", true, false, true},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tap_filter f = named(rows[i].name, rows[i].whole, rows[i].below);
		struct visit v = visit_make(CLIENT4, HOST4, 53);
		struct spec s = query(rows[i].asked, 0);
		struct tap_reader *t = world_tap(&f);

		frame_build(&in, &v, &s);
		world_run_only(&in, &out);
		cr_expect(look(t) == rows[i].seen, "%zu", i);
		cr_expect(tap_counts(t).matched == rows[i].seen && tap_counts(t).sent == rows[i].seen, "%zu",
			  i);
		tap_close(t);
		visit_close(&v);
	}
}

/* 253 bytes, the longest there is. */
Test(tap, the_longest_name)
{
	char name[256];
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	struct tap_filter f;
	struct tap_reader *t;
	struct spec s;

	memset(name, 'x', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = 0;
	s = query(name, 0);
	f = named(name, true, false);
	t = world_tap(&f);
	frame_build(&in, &v, &s);
	world_run_only(&in, &out);
	cr_assert(look(t) == 1);
	cr_expect(seen.record.name_len == 253 && !memcmp(seen.record.name, name, 253));
	tap_close(t);
	visit_close(&v);
}

Test(tap, ends)
{
	static const struct {
		const char *client, *server, *from, *mask;
		uint16_t port, listener;
		bool seen;
	} rows[] = {
		{CLIENT4, HOST4, "::ffff:198.18.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:fffe:0", 53, 0, true},
		{CLIENT4, HOST4, "::ffff:198.20.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:fffe:0", 53, 0, false},
		{CLIENT4, HOST4, NULL, NULL, 53, 53, true},
		{CLIENT4, HOST4, NULL, NULL, 53, 54, false},
		{CLIENT4, HOST4, NULL, NULL, 4711, 0, true},
		{CLIENT6, HOST6, "2001:db8:c::", "ffff:ffff:ffff::", 53, 53, true},
		{CLIENT6, HOST6, "2001:db8:d::", "ffff:ffff:ffff::", 53, 53, false},
		{CLIENT6, HOST6, "::ffff:0:0", "ffff:ffff:ffff:ffff:ffff:ffff::", 53, 0, false},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct visit v = visit_make(rows[i].client, rows[i].server, rows[i].port);
		struct spec s = query("www.stray.example", 0);
		struct tap_filter f = everything(false);
		struct tap_reader *t;

		f.port = htons(rows[i].listener);
		f.protocol = rows[i].listener ? IPPROTO_UDP : 0;
		if (rows[i].from) {
			inet_pton(AF_INET6, rows[i].from, f.from);
			inet_pton(AF_INET6, rows[i].mask, f.from_mask);
			f.family = strstr(rows[i].from, "ffff") ? 4 : 6;
		}
		t = world_tap(&f);
		frame_build(&in, &v, &s);
		world_run_only(&in, &out);
		cr_expect(look(t) == rows[i].seen, "%zu", i);
		tap_close(t);
		visit_close(&v);
	}
}

/* ---- how many, and who is gone -------------------------------------------------------- */

static void ask(unsigned int times)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	struct spec s = query("www.stray.example", 0);

	frame_build(&in, &v, &s);
	while (times--)
		world_run_only(&in, &out);
	visit_close(&v);
}

/* As many as the rings take, and each of them counted. */
Test(tap, adds_up)
{
	struct tap_filter all = everything(false), few = everything(true), other = everything(true);
	struct tap_reader *a, *b, *c;
	struct tap_counts n;
	unsigned int shown;

	few.rate = 5;
	memset(other.reasons, 0, sizeof(other.reasons));
	a = world_tap(&all);
	b = world_tap(&few);
	c = world_tap(&other);
	ask(20000);
	tap_stop(a);
	shown = look(a);
	n = tap_counts(a);
	cr_expect(n.matched == 20000 && n.sent == shown && n.lost == 20000 - shown && !n.over, "%lu matched",
		  (unsigned long)n.matched);
	cr_expect(n.lost && shown > 1000, "%u shown", shown);
	n = tap_counts(b);
	cr_expect(n.matched == 20000 && n.matched == n.sent + n.over + n.lost && n.sent >= 5 && !n.lost);
	cr_expect(look(b) == n.sent);
	n = tap_counts(c);
	cr_expect(!n.matched, "what ends with a reason that is not wanted is not counted");
	tap_close(a);
	tap_close(b);
	tap_close(c);
	cr_expect(!world_tapped());
}

Test(tap, a_lease_that_is_over)
{
	struct tap_filter f = everything(false);
	struct tap_reader *t = world_tap(&f), *u;

	ask(1);
	cr_expect(look(t) == 1 && world_tapped());
	world_tap_is_left(TAP_LEASE + 1000);
	ask(1);
	cr_expect(look(t) == 0 && !world_tapped());
	/* It lives after all. */
	cr_expect(!tap_renew(t) && world_tapped());
	ask(1);
	cr_expect(look(t) == 1);
	world_tap_is_left(3 * TAP_LEASE);
	u = world_tap(&f);
	cr_expect(tap_renew(t) == -ETIME, "its place is another's");
	ask(1);
	cr_expect(look(u) == 1 && look(t) == 0);
	tap_close(t);
	ask(1);
	cr_expect(look(u) == 1, "who has no place any more takes none away");
	tap_close(u);
}
