// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of `learn`, which programs and controller share. */
#include <criterion/criterion.h>

#include "bpf/learn_table.h"

static struct tally_set set;

/* CPUs read their clocks one after the other: what one counts in a quarter that has just
 * ended takes nothing from the others. */
Test(learn_table, clocks_apart)
{
	struct stray_tally *t = tally_take(&set, 7, LEARN_HOST4, 100, 0);
	unsigned int i;

	cr_assert(t && tally_find(&set, 7, LEARN_HOST4) == t);
	for (i = 0; i < 5; i++) {
		tally_turn(t, 100 + i % 2);
		tally_count(t, 100 + i % 2, TALLY_STRAY);
	}
	cr_expect(tally_strays(t) == 5);
	tally_turn(t, 104);
	cr_expect(tally_strays(t) == 2, "those of 101");
	tally_turn(t, 105);
	cr_expect(!tally_strays(t));
	/* Of a line with longer quarters. */
	tally_count(t, 105, TALLY_STRAY);
	tally_turn(t, 20);
	cr_expect(!tally_strays(t) && t->quarter == 20);
}

/* The number of a quarter wraps around. */
Test(learn_table, wraps)
{
	struct stray_tally *t = tally_take(&set, 7, LEARN_HOST4, 0xfffffffe, 0);
	unsigned int i;

	cr_assert(t);
	for (i = 0; i < 6; i++) {
		tally_turn(t, 0xfffffffe + i);
		tally_count(t, 0xfffffffe + i, TALLY_STRAY);
		cr_expect(tally_strays(t) == (i < 3 ? i + 1 : 4), "quarter %u", i);
	}
}

/* While a cell is taken over by one CPU it is nobody's: what stood there is another's. */
Test(learn_table, taken_over)
{
	struct stray_tally *t = tally_take(&set, 7, LEARN_HOST4, 9, 0);
	unsigned int i;

	cr_assert(t);
	for (i = 0; i < 40; i++)
		tally_count(t, 9, TALLY_STRAY);
	for (i = 0; i < LEARN_TALLY_WAYS; i++)
		if (&set.of[i] != t)
			set.of[i] = (struct stray_tally){
				.key = 50 + i, .kind = LEARN_HOST4, .quarter = 9, .counts[1] = 41};
	t->kind = LEARN_BEING_WRITTEN;
	cr_expect(!tally_find(&set, 7, LEARN_HOST4));
	cr_expect(!tally_take(&set, 8, LEARN_HOST4, 9, 0));
	t->kind = LEARN_HOST4;
	t = tally_take(&set, 8, LEARN_HOST4, 9, 0);
	cr_expect(t && t->key == 8 && t->kind == LEARN_HOST4 && !tally_strays(t));
}
