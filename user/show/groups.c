// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/groups.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/suffix.h"
#include "show/served.h"

/* A name with less than this part of its group is not shown by itself. */
#define GROUP_PART 100

/* Where the label before `at` begins; text[at - 1] is a dot. */
static size_t label_before(const uint8_t *text, size_t at)
{
	for (at--; at && text[at - 1] != '.'; at--)
		;
	return at;
}

size_t suffix_at(const uint8_t *text, size_t length)
{
	size_t top = length, second;
	uint32_t bytes = 0;

	for (; top && text[top - 1] != '.'; top--)
		;
	if (!top)
		return 0;
	second = label_before(text, top);
	for (size_t i = 0; i < SUFFIX_SORT_MAX && second + i < length; i++)
		bytes |= (uint32_t)text[second + i] << 8 * i;
	if (!second || suffix_labels(length - top, top - 1 - second, bytes) == 2)
		return second;
	return label_before(text, second);
}

static bool is_suffix(const struct heavy *h)
{
	return h->length > 2 && h->key[0] == '*' && h->key[1] == '.';
}

/* The registered part of a row's name. */
static const uint8_t *part_of(const struct heavy *h, size_t *length)
{
	size_t all = h->length < sizeof(h->key) ? h->length : sizeof(h->key);
	size_t at = is_suffix(h) ? 2 : suffix_at(h->key, all);

	*length = all - at;
	return h->key + at;
}

static int by_part(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;
	size_t x_len, y_len, least;
	const uint8_t *x_part = part_of(x, &x_len), *y_part = part_of(y, &y_len);
	int order;

	if (x->protocol != y->protocol)
		return x->protocol - y->protocol;
	least = x_len < y_len ? x_len : y_len;
	order = memcmp(x_part, y_part, least);
	return order ? order : (x_len > y_len) - (x_len < y_len);
}

static int by_count(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

/* One group, whose rows come one after another; returns how many are left of it. */
static size_t fold(struct heavy *rows, size_t count)
{
	struct heavy rest = {.protocol = rows[0].protocol};
	size_t kept = 0, folded = 0, length, i;
	const uint8_t *part = part_of(rows, &length);
	struct heavy last = {0};
	uint64_t all = 0;

	for (i = 0; i < count; i++)
		all += rows[i].count;
	length = length < sizeof(rest.key) - 2 ? length : sizeof(rest.key) - 2;
	memcpy(rest.key, "*.", 2);
	memcpy(rest.key + 2, part, length);
	rest.length = 2 + length;
	for (i = 0; i < count; i++) {
		if (is_suffix(&rows[i]) || rows[i].count < all / GROUP_PART) {
			rest.count += rows[i].count;
			last = rows[i];
			folded++;
		} else {
			rows[kept++] = rows[i];
		}
	}
	if (folded) /* one alone is better shown as what it is */
		rows[kept++] = folded == 1 ? last : rest;
	return kept;
}

size_t group_names(struct heavy *rows, size_t count)
{
	size_t kept = 0, from, to, n;

	if (count)
		qsort(rows, count, sizeof(*rows), by_part);
	for (from = 0; from < count; from = to) {
		for (to = from + 1; to < count && !by_part(&rows[from], &rows[to]); to++)
			;
		n = fold(rows + from, to - from);
		memmove(rows + kept, rows + from, n * sizeof(*rows));
		kept += n;
	}
	if (kept)
		qsort(rows, kept, sizeof(*rows), by_count);
	return kept;
}

static int by_name(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;

	return x->length != y->length ? x->length - y->length : memcmp(x->key, y->key, sizeof(x->key));
}

size_t join_protocols(struct heavy *rows, size_t count)
{
	size_t kept = 0, i;

	if (!count)
		return 0;
	qsort(rows, count, sizeof(*rows), by_name);
	for (i = 1; i < count; i++)
		if (by_name(&rows[kept], &rows[i]))
			rows[++kept] = rows[i];
		else
			rows[kept].count += rows[i].count;
	qsort(rows, ++kept, sizeof(*rows), by_count);
	return kept;
}

int strays_read(struct gate *g, struct policy *p, struct heavy **names, size_t *count)
{
	struct heavy *suffixes = NULL, *all;
	size_t suffix_count, name_count;
	int err = gate_heavy(g, GATE_STRAY_NAMES, names, &name_count);

	if (err)
		return err;
	err = gate_heavy(g, GATE_STRAY_SUFFIXES, &suffixes, &suffix_count);
	all = err ? NULL : realloc(*names, (name_count + suffix_count + 1) * sizeof(*all));
	if (!all) {
		free(*names);
		free(suffixes);
		*names = NULL;
		return err ? err : -ENOMEM;
	}
	memcpy(all + name_count, suffixes, suffix_count * sizeof(*all));
	free(suffixes);
	*names = all;
	*count = group_names(all, strays_only(all, name_count + suffix_count, p));
	return 0;
}
