// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Boundaries of one tree in the making: from keys[i] on, values[i] holds. */
struct bounds {
	uint64_t *keys;
	uint32_t *values;
	size_t count;
	size_t room;
};

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

static int bounds_add(struct bounds *b, uint64_t key, uint32_t value)
{
	size_t room = b->room ? b->room * 2 : 64;
	void *grown;

	if (b->count && b->keys[b->count - 1] == key)
		b->count--; /* nothing lies between the two */
	if (b->count && b->values[b->count - 1] == value)
		return 0;
	if (b->count == b->room) {
		grown = realloc(b->keys, room * sizeof(*b->keys));
		if (!grown)
			return -ENOMEM;
		b->keys = grown;
		grown = realloc(b->values, room * sizeof(*b->values));
		if (!grown)
			return -ENOMEM;
		b->values = grown;
		b->room = room;
	}
	b->keys[b->count] = key;
	b->values[b->count++] = value;
	return 0;
}

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
		err = leaf_of(s->leaves, i->rule, sweep_leaf(s), &leaf);
		if (err)
			return err;
		value = leaf;
	}
	return sweep_open(s, first, last, value, leaf);
}

/* One level: blocks of eight. For each block below, the last key that still lies
 * before it: then the filling, all ones, is before no key, not even all ones. */
static uint32_t level_add(struct cells *c, const uint64_t *keys, size_t count, size_t blocks)
{
	uint32_t first = cells_add(c, blocks);
	uint64_t *to;
	size_t i;

	if (!first)
		return 0;
	to = cell_at(c, first);
	for (i = 0; i < blocks * IMAGE_NODE_KEYS; i++)
		to[i] = i < count ? keys[i] - 1 : UINT64_MAX;
	return first;
}

static int values_add(struct cells *c, const struct bounds *b, uint32_t *first)
{
	*first = cells_add(c, cells_for(b->count, sizeof(*b->values)));
	if (!*first)
		return -ENOMEM;
	memcpy(cell_at(c, *first), b->values, b->count * sizeof(*b->values));
	return 0;
}

/* Writes the finished boundaries as a tree whose descriptor goes to `cell`. */
static int tree_write(struct cells *c, uint32_t cell, struct bounds *b)
{
	uint32_t levels[IMAGE_TREE_DEPTH], values, depth = 0, i;
	size_t count = b->count;
	struct image_tree *t;
	int err;

	if (!count || (count == 1 && !b->values[0]))
		return 0;
	err = values_add(c, b, &values);
	if (err)
		return err;
	for (;;) {
		size_t blocks = (count + IMAGE_NODE_KEYS - 1) / IMAGE_NODE_KEYS;

		if (depth == IMAGE_TREE_DEPTH)
			return -E2BIG;
		levels[depth] = level_add(c, b->keys, count, blocks);
		if (!levels[depth++])
			return -ENOMEM;
		if (blocks == 1)
			break;
		for (i = 0; i < blocks; i++)
			b->keys[i] = b->keys[i * IMAGE_NODE_KEYS];
		count = blocks;
	}
	t = cell_at(c, cell);
	*t = (struct image_tree){.count = b->count, .depth = depth, .values = values};
	for (i = 0; i < depth; i++)
		t->level[i] = levels[depth - 1 - i];
	return 0;
}

static void bounds_free(struct bounds *b)
{
	free(b->keys);
	free(b->values);
}

static int sweep_begin(struct sweep *s, uint32_t base, uint32_t leaf)
{
	s->depth = 0;
	s->b = (struct bounds){0};
	return base ? sweep_open(s, 0, UINT64_MAX, base, leaf) : bounds_add(&s->b, 0, 0);
}

static int sweep_end(struct sweep *s, uint32_t cell, int err)
{
	if (!err)
		err = sweep_close(s, 0, true);
	if (!err)
		err = tree_write(s->c, cell, &s->b);
	bounds_free(&s->b);
	return err;
}

/* Prefixes longer than /64 with the same upper half: a tree of lower halves
 * over what holds around them. */
static int subtree(struct sweep *outer, const struct tree_item *items, size_t count, uint32_t *cell)
{
	struct sweep s = {.c = outer->c, .leaves = outer->leaves};
	uint32_t base = outer->depth ? outer->open[outer->depth - 1].value : 0;
	size_t i;
	int err;

	*cell = cells_add(s.c, 1);
	if (!*cell)
		return -ENOMEM;
	err = sweep_begin(&s, base, sweep_leaf(outer));
	for (i = 0; i < count && !err; i++) {
		uint64_t key = half(&items[i], 1);

		err = sweep_item(&s, &items[i], key, key | rest(items[i].prefix.len - 64));
	}
	return sweep_end(&s, *cell, err);
}

static int build6(struct cells *c, uint32_t cell, const struct tree_item *items, size_t count,
		  struct leaves *leaves)
{
	struct sweep s = {.c = c, .leaves = leaves};
	size_t i = 0, n;
	int err = sweep_begin(&s, 0, 0);

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
			err = sweep_open(&s, key, key, IMAGE_SUBTREE | sub, 0);
		i += n;
	}
	return sweep_end(&s, cell, err);
}

static int build4(struct cells *c, uint32_t cell, const struct tree_item *items, size_t count,
		  struct leaves *leaves)
{
	struct sweep s = {.c = c, .leaves = leaves};
	int err = sweep_begin(&s, 0, 0);
	size_t i;

	for (i = 0; i < count && !err; i++) {
		uint64_t key = half(&items[i], 1) & UINT32_MAX;

		err = sweep_item(&s, &items[i], key, key | (rest(items[i].prefix.len - 64) & UINT32_MAX));
	}
	return sweep_end(&s, cell, err);
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

static uint32_t look(const struct cells *c, uint32_t cell, uint64_t key)
{
	const struct image_tree *t = (const void *)&c->cell[cell];
	uint32_t at = 0, i, k, n;

	if (!t->count)
		return 0;
	for (i = 0; i < t->depth; i++) {
		const __u64 *keys = c->cell[t->level[i] + at].words;

		for (k = 1, n = 0; k < IMAGE_NODE_KEYS; k++)
			n += keys[k] < key;
		at = at * IMAGE_NODE_KEYS + n;
	}
	return ((const uint32_t *)&c->cell[t->values])[at];
}

uint32_t tree_look(const struct cells *c, uint32_t cell, const uint8_t addr[16])
{
	struct tree_item i = {0};
	uint32_t value;

	memcpy(i.prefix.addr, addr, 16);
	i.prefix.len = 128;
	if (prefix_is_v4(&i.prefix))
		return look(c, cell, half(&i, 1) & UINT32_MAX);
	value = look(c, cell + 1, half(&i, 0));
	return value & IMAGE_SUBTREE ? look(c, value & ~IMAGE_SUBTREE, half(&i, 1)) : value;
}
