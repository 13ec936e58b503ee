// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of prefixes in one order, so that equal lists are equal bytes. A radix
 * sort, a byte at a time from the last: bytes in which all agree (twelve of
 * sixteen for IPv4) cost nothing, and qsort() would take longer than reading.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"
#include "lib/large.h"

#define KEY_SIZE sizeof(struct prefix)

_Static_assert(sizeof(struct prefix) == 17, "address and length, compared as bytes in this order");

int prefix_order(const struct prefix *a, const struct prefix *b)
{
	return memcmp(a, b, KEY_SIZE);
}

static bool is_sorted(const struct prefix *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (prefix_order(&list[i - 1], &list[i]) >= 0)
			return false;
	return true;
}

static void scatter(const struct prefix *from, struct prefix *to, size_t count, size_t byte,
		    const uint32_t counts[256])
{
	size_t at[256], sum = 0;

	for (int v = 0; v < 256; v++) {
		at[v] = sum;
		sum += counts[v];
	}
	for (size_t i = 0; i < count; i++)
		to[at[((const uint8_t *)&from[i])[byte]]++] = from[i];
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
	struct prefix *from = list, *to;
	uint32_t(*counts)[256];

	if (is_sorted(list, count))
		return count;
	to = large_alloc(count * sizeof(*to));
	counts = calloc(KEY_SIZE, sizeof(*counts));
	if (!to || !counts) {
		free(to);
		free(counts);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		for (size_t byte = 0; byte < KEY_SIZE; byte++)
			counts[byte][((const uint8_t *)&list[i])[byte]]++;
	for (size_t byte = KEY_SIZE; byte-- > 0;) {
		struct prefix *swap = from;

		if (counts[byte][((const uint8_t *)list)[byte]] == count)
			continue;
		scatter(from, to, count, byte, counts[byte]);
		from = to;
		to = swap;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
	free(from != list ? from : to);
	free(counts);
	return unique(list, count);
}
