// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/tree.h"
#include "image/bounds.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Prefixes that are open at a point of the sweep, one inside the other. */
struct open_prefix {
	uint64_t last; /* last key inside */
	uint32_t value;
	uint32_t leaf; /* 0: none; also for subtrees, whose value is no leaf */
};

#define OPEN_MAX 400 /* equal prefixes of several rules count too */

struct sweep {
	struct cells *c;
	struct leaves *leaves;
	struct bounds b;
	struct open_prefix open[OPEN_MAX];
	size_t depth;
};

/* Lists of one rule repeat the same pair over and over. */
static int leaf_of(struct leaves *l, uint32_t rule, uint32_t parent, uint32_t *leaf)
{
	size_t room = l->room ? l->room * 2 : 64;
	void *grown;

	if (l->count && l->leaf[l->count - 1].rule == rule && l->leaf[l->count - 1].parent == parent) {
		*leaf = l->count - 1;
		return 0;
	}
	if (l->count + 1 >= l->room) {
		grown = realloc(l->leaf, room * sizeof(*l->leaf));
		if (!grown)
			return -ENOMEM;
		l->leaf = grown;
		l->room = room;
	}
	if (!l->count)
		l->leaf[l->count++] = (struct image_leaf){0};
	*leaf = l->count;
	l->leaf[l->count++] = (struct image_leaf){.rule = rule, .parent = parent};
	return 0;
}

static uint32_t sweep_leaf(const struct sweep *s)
{
	size_t i = s->depth;

	while (i-- > 0)
		if (s->open[i].leaf)
			return s->open[i].leaf;
	return 0;
}

/* Closes what ends before key; all with ~0 and `end`. */
static int sweep_close(struct sweep *s, uint64_t key, bool end)
{
	while (s->depth && (end || s->open[s->depth - 1].last < key)) {
		uint64_t last = s->open[--s->depth].last;
		uint32_t below = s->depth ? s->open[s->depth - 1].value : 0;
		int err = last == UINT64_MAX ? 0 : bounds_add(&s->b, last + 1, below);

		if (err)
			return err;
	}
	return 0;
}

static int sweep_open(struct sweep *s, uint64_t first, uint64_t last, uint32_t value, uint32_t leaf)
{
	if (s->depth == OPEN_MAX)
		return -E2BIG;
	s->open[s->depth++] = (struct open_prefix){.last = last, .value = value, .leaf = leaf};
	return bounds_add(&s->b, first, value);
}

static uint64_t half(const struct tree_item *i, int lower)
{
	uint64_t v;

	memcpy(&v, i->prefix.addr + 8 * lower, sizeof(v));
	return be64toh(v);
}

/* bits of a key of 64 are the prefix's: the keys behind it in the prefix. */
static uint64_t rest(unsigned int bits)
{
	return bits >= 64 ? 0 : UINT64_MAX >> bits;
}

static int sweep_item(struct sweep *s, const struct tree_item *i, uint64_t first, uint64_t last)
{
	uint32_t leaf = 0, value = 1;
	int err;

	err = sweep_close(s, first, false);
	if (err)
		return err;
	if (s->leaves) {
		uint32_t around = sweep_leaf(s);

		/* A list's prefix within another of its own: it expires when that does. */
		if (around && (!i->rule || s->leaves->leaf[around].rule == i->rule))
			leaf = around;
		else
			err = leaf_of(s->leaves, i->rule, around, &leaf);
		if (err)
			return err;
		value = i->around ? 0 : leaf;
	}
	return sweep_open(s, first, last, value, leaf);
}

static int sweep_begin(struct sweep *s, uint32_t base, uint32_t leaf, size_t items)
{
	int err;

	s->depth = 0;
	s->b = (struct bounds){0};
	err = bounds_reserve(&s->b, 2 * items + 2);
	if (err)
		return err;
	return base || leaf ? sweep_open(s, 0, UINT64_MAX, base, leaf) : bounds_add(&s->b, 0, 0);
}

static int sweep_end(struct sweep *s, uint32_t cell, enum bounds_kind kind, int err)
{
	if (!err)
		err = sweep_close(s, 0, true);
	if (!err)
		err = tree_write(s->c, cell, &s->b, kind);
	bounds_free(&s->b);
	return err;
}

/* Prefixes longer than /64 with the same upper half: a tree of lower halves
 * over what holds around them. */
static int subtree(struct sweep *outer, const struct tree_item *items, size_t count, uint32_t *ref)
{
	struct sweep s = {.c = outer->c, .leaves = outer->leaves};
	uint32_t base = outer->depth ? outer->open[outer->depth - 1].value : 0;
	size_t i;
	int err = sweep_begin(&s, base, sweep_leaf(outer), count);

	for (i = 0; i < count && !err; i++) {
		uint64_t key = half(&items[i], 1);

		err = sweep_item(&s, &items[i], key, key | rest(items[i].prefix.len - 64));
	}
	if (!err)
		err = sweep_close(&s, 0, true);
	if (!err)
		err = tree_write_ref(s.c, &s.b, BOUNDS6, ref);
	bounds_free(&s.b);
	return err;
}

static int build6(struct cells *c, uint32_t cell, const struct tree_item *items, size_t count,
		  struct leaves *leaves)
{
	struct sweep s = {.c = c, .leaves = leaves};
	size_t i = 0, n;
	int err = sweep_begin(&s, 0, 0, count);

	while (i < count && !err) {
		uint64_t key = half(&items[i], 0);
		uint32_t sub;

		if (items[i].prefix.len <= 64) {
			err = sweep_item(&s, &items[i], key, key | rest(items[i].prefix.len));
			i++;
			continue;
		}
		for (n = 1; i + n < count && half(&items[i + n], 0) == key; n++)
			;
		err = sweep_close(&s, key, false);
		if (!err)
			err = subtree(&s, items + i, n, &sub);
		if (!err)
			err = sweep_open(&s, key, key, sub, 0);
		i += n;
	}
	return sweep_end(&s, cell, BOUNDS6, err);
}

static int build4(struct cells *c, uint32_t cell, const struct tree_item *items, size_t count,
		  struct leaves *leaves)
{
	struct sweep s = {.c = c, .leaves = leaves};
	int err = sweep_begin(&s, 0, 0, count);
	size_t i;

	for (i = 0; i < count && !err; i++) {
		uint64_t key = half(&items[i], 1) & UINT32_MAX;

		err = sweep_item(&s, &items[i], key, key | (rest(items[i].prefix.len - 64) & UINT32_MAX));
	}
	return sweep_end(&s, cell, BOUNDS4, err);
}

static int by_place(const void *a, const void *b)
{
	const struct tree_item *x = a, *y = b;
	int order = memcmp(x->prefix.addr, y->prefix.addr, sizeof(x->prefix.addr));

	if (order)
		return order;
	if (x->prefix.len != y->prefix.len)
		return x->prefix.len < y->prefix.len ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

int tree_build(struct cells *c, uint32_t cell, struct tree_item *items, size_t count, struct leaves *leaves)
{
	size_t first = 0, n = 0;
	int err;

	for (first = 1; first < count; first++)
		if (by_place(&items[first - 1], &items[first]) > 0)
			break;
	if (first < count)
		qsort(items, count, sizeof(*items), by_place);
	/* ::ffff:0:0/96 is one stretch of the order: IPv4. */
	for (first = 0; first < count && !prefix_is_v4(&items[first].prefix); first++)
		;
	while (first + n < count && prefix_is_v4(&items[first + n].prefix))
		n++;
	err = build4(c, cell, items + first, n, leaves);
	if (err)
		return err;
	if (!n)
		return build6(c, cell + 1, items, count, leaves);
	/* Nothing else can lie inside the stretch; what is behind it moves up. */
	memmove(items + first, items + first + n, (count - first - n) * sizeof(*items));
	return build6(c, cell + 1, items, count - n, leaves);
}
