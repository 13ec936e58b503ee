// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of prefixes in one order, so that equal lists are equal bytes. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"

static uint64_t half(const struct prefix *p, int lower)
{
	uint64_t bits;

	memcpy(&bits, p->addr + 8 * lower, sizeof(bits));
	return be64toh(bits);
}

int prefix_order(const struct prefix *a, const struct prefix *b)
{
	uint64_t x = half(a, 0), y = half(b, 0);

	if (x == y) {
		x = half(a, 1);
		y = half(b, 1);
	}
	if (x == y)
		return a->len - b->len;
	return x < y ? -1 : 1;
}

static bool is_sorted(const struct prefix *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (prefix_order(&list[i - 1], &list[i]) >= 0)
			return false;
	return true;
}

static int by_order(const void *a, const void *b)
{
	return prefix_order(a, b);
}

static size_t unique(struct prefix *list, size_t count)
{
	size_t kept = 1;

	for (size_t i = 1; i < count; i++)
		if (prefix_order(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	return kept;
}

size_t prefix_sort(struct prefix *list, size_t count)
{
	if (is_sorted(list, count))
		return count;
	qsort(list, count, sizeof(*list), by_order);
	return unique(list, count);
}

size_t prefix_seek(const struct prefix *list, size_t count, size_t from, const struct prefix *p)
{
	size_t low = from, step = 1;

	/* first in steps that double, then by halves */
	while (low < count && prefix_order(&list[low], p) < 0) {
		from = low + 1;
		low += step;
		step *= 2;
	}
	low = low < count ? low : count;
	while (from < low) {
		size_t middle = from + (low - from) / 2;

		if (prefix_order(&list[middle], p) < 0)
			from = middle + 1;
		else
			low = middle;
	}
	return from;
}
