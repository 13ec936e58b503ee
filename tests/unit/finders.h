/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of {bytes, what they ask for}. Each row is also cut at every place,
 * and into pieces of one byte: how a request is segmented must never matter.
 */
#ifndef STRAYGATE_TESTS_FINDERS_H
#define STRAYGATE_TESTS_FINDERS_H

#include <criterion/criterion.h>

#include "tests/finders/feeder.h"

struct row {
	const char *bytes;
	size_t len;
	enum find expected;
	const char *name;
};

#define FOUND(bytes, name)                                 \
	{                                                  \
		bytes, sizeof(bytes) - 1, FIND_FOUND, name \
	}
#define NONE(bytes)                                     \
	{                                               \
		bytes, sizeof(bytes) - 1, FIND_NONE, "" \
	}
#define BAD(bytes)                                            \
	{                                                     \
		bytes, sizeof(bytes) - 1, FIND_UNREADABLE, "" \
	}
#define MORE(bytes)                                       \
	{                                                 \
		bytes, sizeof(bytes) - 1, FIND_MORE, NULL \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Feeds one row in one way. */
static inline void check(const char *table, size_t i, const struct row *row, feeder_begin begin,
			 feeder_feed feed, size_t first, size_t step)
{
	struct finder f;
	enum find r = feeder_run(&f, begin, feed, row->bytes, row->len, first, step);

	cr_assert_eq(r, row->expected, "%s[%zu] cut %zu+%zu: got %d, expected %d: %.60s", table, i, first,
		     step, r, row->expected, row->bytes);
	if (row->name) {
		cr_assert_eq(f.name_len, strlen(row->name), "%s[%zu] cut %zu+%zu: name is %.*s", table, i,
			     first, step, f.name_len, f.name);
		cr_assert_arr_eq(f.name, row->name, f.name_len, "%s[%zu] cut %zu+%zu: name is %.*s", table, i,
				 first, step, f.name_len, f.name);
	}
}

static inline void check_all(const char *table, const struct row *rows, size_t count, feeder_begin begin,
			     feeder_feed feed)
{
	size_t i, cut;

	for (i = 0; i < count; i++) {
		check(table, i, &rows[i], begin, feed, rows[i].len, 1);
		for (cut = 1; cut < rows[i].len; cut++)
			check(table, i, &rows[i], begin, feed, cut, rows[i].len);
		for (cut = 1; cut < 10; cut++)
			check(table, i, &rows[i], begin, feed, cut, cut);
	}
}

/* The longest labels, and the longest name. */
#define L63  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define L61  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"
#define L253 L63 "." L63 "." L63 "." L61

#endif
