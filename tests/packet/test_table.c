// SPDX-License-Identifier: GPL-2.0-only
/* The table of packets, played in full, and the promises that hold over all of it. */
#include <criterion/criterion.h>

#include "gate/object.h"
#include "rows.h"

/* Reasons of rows that this kernel cannot play: it adopts no visits. */
static bool left_out[REASONS_MAX];

TestSuite(table, .init = world_begin, .fini = world_end);

/* See rows.c. */
static bool takes_full_table(uint32_t reason)
{
	return reason == REASON_held_forgotten;
}

static bool can_play(const struct row *row)
{
	const struct step *step;

	if (row->start.how != SHAKE || kernel_adopts())
		return true;
	for (step = row->steps; step->reason; step++)
		left_out[step->reason] = true;
	return false;
}

static void play_all(enum pass pass, struct tally *t)
{
	size_t i;

	for (i = 0; i < row_count; i++)
		if (can_play(&rows[i]))
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
#define R(nr, name, verdict, text)                                         \
	cr_expect(t.by_reason[nr] || left_out[nr] || takes_full_table(nr), \
		  "no packet of the table caused " #name);
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
