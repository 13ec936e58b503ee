// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of packets, played in full, and the promises that hold over all of it. */
#include <criterion/criterion.h>

#include "rows.h"

TestSuite(table, .init = world_begin, .fini = world_end);

/* See rows.c. */
static bool takes_more(uint32_t reason)
{
	return reason == REASON_held_forgotten || reason == REASON_room_full ||
	       reason == REASON_stray_familiar || reason == REASON_unknown_familiar ||
	       reason == REASON_learned_dropped || reason == REASON_cannot_introduce;
}

static void play_all(enum pass pass, struct tally *t)
{
	size_t i;

	for (i = 0; i < row_count; i++)
		play(&rows[i], pass, t);
	/* Promise 1: every run of the program is counted, once. */
	cr_expect(world_counted() == t->packets, "%lu counted of %lu", (unsigned long)world_counted(),
		  (unsigned long)t->packets);
	cr_expect(world_runs() == t->packets, "%lu runs of %lu", (unsigned long)world_runs(),
		  (unsigned long)t->packets);
}

Test(table, enforced)
{
	struct tally t = {0};

	play_all(ENFORCED, &t);
#define R(nr, name, verdict, sends, counts, text) \
	cr_expect(t.by_reason[nr] || takes_more(nr), "no packet of the table caused " #name);
	STRAYGATE_REASONS(R)
#undef R
	cr_expect(t.unproved, "promise 7 was not put to the test");
}

Test(table, observed)
{
	struct tally t = {0};

	play_all(OBSERVED, &t);
}

Test(table, observed_by_listener)
{
	struct tally t = {0};

	play_all(LISTENER_OBSERVED, &t);
}
