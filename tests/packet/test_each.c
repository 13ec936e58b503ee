// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `limit each` against many: a million networks, one that is over its limit among them,
 * and a table whose places all owe something.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "bpf/client_table.h"
#define SUITE each
#include "memory_helpers.h"

#define LISTENERS                                                                                   \
	"posture enforce\nlisten udp/53 as dns\nlisten tcp/80 as http\nzone served.example\nserve " \
	"served.example\n"

static struct frame in, out;

static void begin(void)
{
	world_begin();
	world_policy(LISTENERS);
	memory = world_memory();
}

TestSuite(each, .init = begin, .fini = world_end);

/* A query for a served name. */
static void build_query(const char *from, const char *to)
{
	struct visit v = visit_make(from, to, 53);
	struct spec s = {.protocol = IPPROTO_UDP, .dns = "a.served.example"};

	frame_build(&in, &v, &s);
}

/* From the n-th /64 of 2001:db8::/32. UDP sums are not looked at on the way. */
static bool passes_from(uint32_t n)
{
	uint8_t *source = in.bytes + in.l3 + 8;

	source[4] = n >> 24;
	source[5] = n >> 16;
	source[6] = n >> 8;
	source[7] = n;
	return world_run_only(&in, &out) == XDP_PASS;
}

static unsigned int passed_of(unsigned int offered, const char *from)
{
	unsigned int passed = 0, i;

	build_query(from, strchr(from, ':') ? HOST6 : HOST4);
	for (i = 0; i < offered; i++)
		passed += world_run_only(&in, &out) == XDP_PASS;
	return passed;
}

/* Each comes once: all pass, none takes another's place, and nothing grows. */
Case(a_million_networks)
{
	uint32_t n, turned = 0, over = 0;

	world_policy(LISTENERS "limit each /24 /64 to 200 visits/s burst 400\n"
			       "limit each /32 /128 to 1 packets/s burst 2000\n");
	memory = world_memory();
	cr_expect(passed_of(3000, CLIENT4) >= 400, "the burst of one");
	build_query(CLIENT6, HOST6);
	for (n = 0; n < 1000000; n++) {
		turned += !passes_from(n);
		/* One network goes on and on, among them. */
		over += n % 4 == 0 && !passes_from(0xfffffff0);
	}
	cr_expect(!turned, "%u served visits were turned away", turned);
	cr_expect(over > 200000, "only %u of one that is over its limit", over);
}

/* The n-th network whose cell is in the same set as those before it. */
static uint32_t same_set(uint32_t after, uint32_t line, uint32_t set)
{
	struct shake secrets = world_shake();
	struct client_key k = {.line = CLIENT_LINE(line, 64)};
	uint8_t *at = (uint8_t *)k.network;
	uint32_t n = after;

	do {
		n++;
		memcpy(at, "\x20\x01\x0d\xb8", 4);
		at[4] = n >> 24;
		at[5] = n >> 16;
		at[6] = n >> 8;
		at[7] = n;
	} while (client_set_index(secrets.flow_keys, &k) != set);
	return n;
}

/* All places of a set owe something: who has one is limited, and who has none passes, and
 * is counted. */
Case(more_than_there_is_room_for)
{
	uint32_t networks[CLIENT_WAYS + 4], n = 0, line, i, k, turned = 0;

	world_policy(LISTENERS "limit each /24 /64 to 1 visits/s burst 1000\n");
	memory = world_memory();
	build_query(CLIENT6, HOST6);
	line = world_explain(&in).limit[0].rule;
	for (i = 0; i < CLIENT_WAYS + 4; i++)
		networks[i] = n = same_set(n, line, 77);
	for (i = 0; i < CLIENT_WAYS + 4; i++)
		for (k = 0; k < 30; k++)
			turned += !passes_from(networks[i]);
	cr_expect(!turned && world_unplaced() == 4 * 30, "%lu had no place", (unsigned long)world_unplaced());
	for (k = 0; k < 2000; k++) {
		turned += !passes_from(networks[0]);
		turned += !passes_from(networks[CLIENT_WAYS - 1]) << 16;
		cr_assert(passes_from(networks[CLIENT_WAYS]), "without a place");
	}
	cr_expect((turned & 0xffff) > 1000 && turned >> 16 > 1000, "%x", turned);
	cr_expect(world_unplaced() == 4 * 30 + 2000, "%lu had no place", (unsigned long)world_unplaced());
}

/* One address of a carrier, far over its limit, and the addresses beside it. */
Case(a_carrier_and_its_neighbours)
{
	static const char *const neighbours[] = {"198.18.4.255", "198.18.6.0", "198.18.21.7", "198.19.5.7",
						 "10.18.5.7"};
	size_t i;

	world_policy(LISTENERS "limit each /24 /56 to 1 visits/s burst 10\n");
	memory = world_memory();
	cr_expect(passed_of(1000, "198.18.5.7") < 100);
	cr_expect(passed_of(5, "198.18.5.8") < 5, "the same network");
	for (i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++)
		cr_expect(passed_of(5, neighbours[i]) == 5, "%s", neighbours[i]);
	cr_expect(passed_of(1000, "2001:db8:c:100::1") < 100);
	cr_expect(passed_of(5, "2001:db8:c:1ff::1") < 5, "the same /56");
	cr_expect(passed_of(5, "2001:db8:c:200::1") == 5, "the next /56");
	cr_expect(passed_of(5, "2001:db8:c:ff::1") == 5, "the one before");
	cr_expect(world_counted_as(REASON_client_limited) > 1800);
}

/* What `explain` is told, which spends nothing. */
Case(explained)
{
	struct explanation e;
	unsigned int i;

	world_policy(LISTENERS "limit each /24 /56 to 1 visits/s burst 1000\nsource 198.18.9.0/24 trust\n"
			       "limit each /32 /64 to 5 packets/s burst 2000 for udp/53\n"
			       "limit each /16 /48 to 5 packets/s for tcp/80\n");
	memory = world_memory();
	passed_of(100, "198.18.5.7");
	for (i = 0; i < 20; i++)
		e = world_explain(&in);
	cr_assert(e.limits == 2, "%u lines", e.limits);
	cr_expect(e.reason == REASON_served);
	cr_expect(e.limit[0].bits == 128 && e.limit[1].bits == 120, "packets first, as the program asks");
	cr_expect(e.limit[1].ahead > 60 * 16 * SECOND_NS && e.limit[1].ahead <= 100 * 16 * SECOND_NS, "%llu",
		  (unsigned long long)e.limit[1].ahead);
	build_query("198.18.6.7", HOST4);
	e = world_explain(&in);
	cr_expect(e.limits == 2 && !e.limit[0].ahead && !e.limit[1].ahead, "a neighbour");
	build_query("198.18.9.7", HOST4);
	e = world_explain(&in);
	cr_expect(e.reason == REASON_source_trusted && !e.limits, "a trusted source comes under none");
}

/* What was spent is known to the same line of another policy, and to no other line. */
Case(outlives_policies)
{
	world_policy(LISTENERS "limit each /24 /56 to 1 visits/s burst 10\n");
	cr_expect(passed_of(20, CLIENT4) <= 11);
	world_add("source 10.0.0.0/8 drop");
	cr_expect(passed_of(20, CLIENT4) <= 1, "another line");
	world_policy(LISTENERS "serve more.example\nlimit each /24 /56 to 1 visits/s burst 10\n");
	cr_expect(passed_of(20, CLIENT4) <= 1, "another policy with the same line");
	world_policy(LISTENERS "limit each /24 /56 to 1 visits/s burst 10 for udp/53\n");
	cr_expect(passed_of(20, CLIENT4) >= 10, "another line");
	world_policy(LISTENERS);
	cr_expect(passed_of(20, CLIENT4) == 20, "none");
	memory = world_memory();
}

/* First data with urgent bytes is not judged by name, but comes from somebody all the same. */
Case(urgent)
{
	static const char *const policies[] = {
		LISTENERS "limit each /24 /56 to 1 visits/s burst 3\n",
		LISTENERS "source 198.18.0.0/16 limit 1 visits/s burst 3\n",
	};
	unsigned int i, n, urgent;
	struct visit v;

	for (i = 0; i < 2; i++) {
		world_policy(policies[i]);
		host_listen(80, false);
		for (n = urgent = 0; n < 60; n++) {
			v = visit_make(CLIENT4, HOST4, 80);
			visit_shake(&v);
			frame_build(
				&in, &v,
				&(struct spec){.flags = ACK | PSH | URG, .urgent = 3, .http = "x.example"});
			urgent += world_run(&in, &out).reason == REASON_urgent;
		}
		cr_expect(urgent >= 3 && urgent < 30, "%u of policy %u pass", urgent, i);
	}
	world_policy(LISTENERS);
	memory = world_memory();
}
