// SPDX-License-Identifier: GPL-2.0-or-later
/* `learn`, of whole networks and of many: when one stands for its members, what is told, and
 * what happens when the table is full. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "learn_helpers.h"

TestSuite(learn_network, .init = begin, .fini = world_end);

/* The next event of the programs of these kinds. */
static struct event next_event(void)
{
	struct event e = {0};
	uint64_t lost;

	do
		must(world_next_event(&e, &lost) && !lost, "no event");
	while (e.kind < EVENT_LEARNED || e.kind > EVENT_LIFTED);
	return e;
}

static void members(unsigned int first, unsigned int n, const char *format)
{
	char client[64];

	for (; n; n--) {
		snprintf(client, sizeof(client), format, first++);
		strays(client, 5);
	}
}

Test(learn_network, widened)
{
	members(1, 7, "198.18.7.%u");
	members(1, 7, "2001:db8:c:7%02x::1");
	cr_expect(!refused("198.18.7.99") && world_learned("198.18.7.0/24") == 7);
	members(8, 1, "198.18.7.%u");
	members(8, 1, "2001:db8:c:7%02x::1");
	cr_expect(refused("198.18.7.99") && world_learned("198.18.7.0/24") == 1);
	cr_expect(refused("2001:db8:c:7ff::9") && world_learned("2001:db8:c:700::/56") == 1);
	cr_expect(!refused("198.18.6.99") && !refused("198.18.8.99") && !refused("2001:db8:c:800::1"));
	/* One served visit frees all of it, and makes it a regular. */
	cr_expect(insist("198.18.7.200", SERVED) == REASON_served);
	cr_expect(!refused("198.18.7.1") && !refused("198.18.7.200") && !world_learned("198.18.7.0/24"));
	/* Members whose time is over do not count. */
	members(1, 7, "198.18.9.%u");
	seconds(700);
	members(8, 1, "198.18.9.%u");
	cr_expect(!refused("198.18.9.99") && refused("198.18.9.8") && !refused("198.18.9.1"));
}

/* For as long as one of its members would be, and twice as long the next time. */
Test(learn_network, widened_for)
{
	members(1, 8, "198.18.7.%u");
	seconds(599);
	cr_expect(refused("198.18.7.99"));
	seconds(2);
	cr_expect(!refused("198.18.7.99") && !refused("198.18.7.8"));
	members(20, 8, "198.18.7.%u");
	seconds(1199);
	cr_expect(refused("198.18.7.99"));
	seconds(2);
	cr_expect(!refused("198.18.7.99"));
	/* Members that were learned more often make it longer. */
	for (unsigned int i = 0; i < 2; i++) {
		members(1, 7, "198.18.8.%u");
		seconds(i ? 60 : 601);
	}
	members(8, 1, "198.18.8.%u");
	seconds(1199);
	cr_expect(refused("198.18.8.99"));
	seconds(2);
	cr_expect(!refused("198.18.8.99"));
}

/* With a served visit all of a network is a regular: nobody of it would be learned then,
 * so nobody stays refused. */
Test(learn_network, served_frees_neighbours)
{
	struct event e;

	members(1, 5, "198.18.7.%u");
	members(1, 5, "2001:db8:c:7%02x::1");
	strays("198.18.8.1", 5);
	must(ask("198.18.7.200", SERVED) == REASON_served, "served");
	must(ask("2001:db8:c:799::1", SERVED) == REASON_served, "served");
	cr_expect(!refused("198.18.7.1") && !refused("198.18.7.5") && !refused("2001:db8:c:701::1"));
	cr_expect(world_learned(NULL) == 1 && refused("198.18.8.1"));
	do
		e = next_event();
	while (e.kind != EVENT_LIFTED);
	cr_expect(e.cause == EVENT_LEARN(LEARN_NET4, 0) && e.figure == 0xc6120700);
	e = next_event();
	cr_expect(e.cause == EVENT_LEARN(LEARN_NET6, 0) && e.figure == 0x20010db8000c0700);
}

/* A policy that goes back by itself may serve what was astray meanwhile. */
Test(learn_network, unconfirmed)
{
	strays("198.18.0.2", 5);
	world_try_policy(ENFORCED LEARN, 3600);
	strays(CLIENT4, 30);
	cr_expect(!refused(CLIENT4));
	cr_expect(refused("198.18.0.2"), "what was learned before holds");
}

Test(learn_network, events)
{
	struct event e;

	strays(CLIENT4, 5);
	e = next_event();
	cr_expect(e.kind == EVENT_LEARNED && e.figure == 0xc6120001 && !strcmp(e.subject, "tcp/80") &&
		  e.cause == EVENT_LEARN(LEARN_HOST4, 600));
	insist(CLIENT4, SERVED);
	e = next_event();
	cr_expect(e.kind == EVENT_LIFTED && e.figure == 0xc6120001 && e.cause == EVENT_LEARN(LEARN_HOST4, 0));
	members(0, 40, "198.19.%u.1");
	e = next_event();
	cr_expect(e.kind == EVENT_LEARNED && e.figure == 0xc6130001);
}

/* A million sources: as many as there is room for are counted, and all are served. */
Test(learn_network, full)
{
	uint64_t memory = world_memory();
	char client[64];
	unsigned int i;

	for (i = 0; i < 3000; i++) {
		snprintf(client, sizeof(client), "10.%u.%u.1", i / 250, i % 250);
		strays(client, 5);
		must(refused(client), "%s", client);
	}
	cr_expect(world_learned("10.0.0.0/8") == 3000);
	cr_expect(ask("10.77.0.1", SERVED) == REASON_served);
	cr_expect(world_memory() == memory);
}
