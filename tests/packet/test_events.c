// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rings of events, as commands write them and readers find them: overwritten ones are
 * counted, what was announced counts once it came true, and a writer that was killed
 * stands in nobody's way.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gate/events.h"
#include "world/world.h"

TestSuite(events, .init = world_begin, .fini = world_end);

static struct events_place place;

/* Reads all that is there: how many of this kind, and how many were lost. */
static unsigned int read_all(uint32_t kind, uint64_t *lost)
{
	unsigned int n = 0;
	struct event e;
	uint64_t missed;

	for (*lost = 0; world_read_event(EVENTS_OF_COMMANDS, &place, &e, &missed); n += e.kind == kind)
		*lost += missed;
	*lost += missed;
	return n;
}

Test(events, overwritten)
{
	uint64_t lost;
	unsigned int i;

	read_all(0, &lost);
	for (i = 0; i < EVENTS_MAX; i++)
		world_write_event(EVENT_REPLACED, "v0");
	cr_expect(read_all(EVENT_REPLACED, &lost) == EVENTS_MAX && !lost);
	for (i = 0; i < EVENTS_MAX + 17; i++)
		world_write_event(EVENT_REPLACED, "v0");
	cr_expect(read_all(EVENT_REPLACED, &lost) == EVENTS_MAX && lost == 17, "%lu lost",
		  (unsigned long)lost);
	for (i = 0; i < 3 * EVENTS_MAX; i++)
		world_write_event(EVENT_DETACHED, "v0");
	cr_expect(read_all(EVENT_DETACHED, &lost) == EVENTS_MAX && lost == 2 * EVENTS_MAX);
}

/* What was announced and did not come is not told, whatever comes after it. */
Test(events, announced)
{
	uint64_t lost;

	world_policy("listen tcp/80 as http\nserve www.served.example\n");
	cr_expect(read_all(EVENT_POLICY, &lost) == 1 && !lost);
	world_announce_only(EVENT_POLICY);
	cr_expect(read_all(EVENT_POLICY, &lost) == 0);
	world_write_event(EVENT_DETACHED, "v0");
	cr_expect(read_all(EVENT_POLICY, &lost) == 0 && !lost);
	world_announce_only(EVENT_POLICY);
	world_policy("listen tcp/81 as http\nserve www.served.example\n");
	cr_expect(read_all(EVENT_POLICY, &lost) == 1 && !lost);
	world_announce_only(EVENT_POLICY);
	world_write_event(EVENT_DETACHED, "v0");
	world_policy("listen tcp/82 as http\nserve www.served.example\n");
	cr_expect(read_all(EVENT_POLICY, &lost) == 1 && !lost);
}

/* A number that was taken and never written is waited for, and then lost. */
Test(events, killed)
{
	struct events_place before;
	uint64_t lost;
	int i;

	read_all(0, &lost);
	world_take_number(EVENTS_OF_COMMANDS);
	world_write_event(EVENT_DETACHED, "v0");
	before = place;
	cr_expect(read_all(EVENT_DETACHED, &lost) == 0 && !lost && before.read[1] == place.read[1]);
	for (i = 0; i < 100 && !read_all(EVENT_DETACHED, &lost); i++)
		usleep(50000);
	cr_expect(i < 100 && lost == 1, "%lu lost", (unsigned long)lost);
}
