// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"

static int add(struct overlay *o, const struct prefix *p, bool around, uint32_t rank, size_t rule)
{
	if (o->count == o->room) {
		size_t room = o->room ? 2 * o->room : 256;
		struct tree_item *items = realloc(o->items, room * sizeof(*items));

		if (o->count >= OVERLAY_ITEMS_MAX)
			return -E2BIG;
		if (!items)
			return -ENOMEM;
		o->items = items;
		o->room = room;
	}
	o->items[o->count++] = (struct tree_item){.prefix = *p, .around = around, .rank = rank, .rule = rule};
	return 0;
}

/* The changed prefixes of one family that lie in no other, in order. */
struct places {
	struct prefix *prefix;
	size_t count;
	bool v4;
};

static int by_order(const void *a, const void *b)
{
	return prefix_order(a, b);
}

static int find_places(struct places *s, const struct prefix *changed, size_t count, bool v4)
{
	size_t kept = 0;

	s->v4 = v4;
	s->prefix = malloc((count + 1) * sizeof(*s->prefix));
	if (!s->prefix)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (prefix_is_v4(&changed[i]) == v4)
			s->prefix[s->count++] = changed[i];
	qsort(s->prefix, s->count, sizeof(*s->prefix), by_order);
	for (size_t i = 0; i < s->count; i++)
		if (!kept || !prefix_covers(&s->prefix[kept - 1], &s->prefix[i]))
			s->prefix[kept++] = s->prefix[i];
	s->count = kept;
	return 0;
}

static int add_single(struct overlay *o, const struct places *s, const struct prefix *p, uint32_t rank,
		      size_t rule)
{
	size_t at = prefix_seek(s->prefix, s->count, 0, p);

	if (prefix_is_v4(p) != s->v4)
		return 0;
	if (at < s->count && prefix_covers(p, &s->prefix[at]))
		return add(o, p, prefix_order(p, &s->prefix[at]), rank, rule);
	if (at && prefix_covers(&s->prefix[at - 1], p))
		return add(o, p, false, rank, rule);
	return 0;
}

/* Around a place there is one of each length at most. */
static int add_around(struct overlay *o, const struct rule *r, const struct prefix *place, bool v4,
		      uint32_t rank, size_t rule)
{
	int err = 0;

	for (unsigned int len = v4 ? 96 : 0; len < place->len && !err; len++) {
		struct prefix p = *place;
		size_t at;

		p.len = len;
		prefix_mask(&p);
		at = prefix_seek(r->prefixes, r->prefix_count, 0, &p);
		if (at < r->prefix_count && !prefix_order(&r->prefixes[at], &p))
			err = add(o, &p, true, rank, rule);
	}
	return err;
}

static int add_list(struct overlay *o, const struct places *s, const struct rule *r, uint32_t rank,
		    size_t rule)
{
	int err = 0;

	for (size_t i = 0; i < s->count && !err; i++) {
		const struct prefix *place = &s->prefix[i];
		size_t at = prefix_seek(r->prefixes, r->prefix_count, 0, place);

		err = add_around(o, r, place, s->v4, rank, rule);
		for (; at < r->prefix_count && !err && prefix_begins(place, r->prefixes[at].addr); at++)
			if (prefix_is_v4(&r->prefixes[at]) == s->v4)
				err = add(o, &r->prefixes[at], false, rank, rule);
	}
	return err;
}

static int collect(struct overlay *o, struct policy *p, const struct places *s)
{
	int err = 0;

	/* What is left where nothing holds: that nothing does, instead of "as in
	 * the base". */
	for (size_t i = 0; i < s->count && !err; i++)
		err = add(o, &s->prefix[i], false, 0, 0);
	for (size_t i = 0; s->count && i < policy_count(p) && !err; i++) {
		const struct rule *r = policy_rule(p, i);
		uint32_t rank = source_rank(r, i);

		if (r->statement != ST_SOURCE || !r->prefix_count)
			continue;
		err = r->prefix_count == 1 ? add_single(o, s, r->prefixes, rank, i + 1)
					   : add_list(o, s, r, rank, i + 1);
	}
	return err;
}

static int by_item(const void *a, const void *b)
{
	const struct tree_item *x = a, *y = b;
	int order = prefix_order(&x->prefix, &y->prefix);

	return order ? order : (x->rank > y->rank) - (x->rank < y->rank);
}

/* What is around several places was found for each of them. */
static void unique(struct overlay *o)
{
	size_t kept = 0;

	if (o->count)
		qsort(o->items, o->count, sizeof(*o->items), by_item);
	for (size_t i = 0; i < o->count; i++)
		if (!kept || by_item(&o->items[kept - 1], &o->items[i]))
			o->items[kept++] = o->items[i];
	o->count = kept;
}

int overlay_collect(struct overlay *o, struct policy *p, const struct prefix *changed, size_t count)
{
	int err = 0;

	for (int v4 = 0; v4 < 2 && !err; v4++) {
		struct places s = {0};

		err = find_places(&s, changed, count, v4);
		if (!err)
			err = collect(o, p, &s);
		free(s.prefix);
	}
	if (!err)
		unique(o);
	return err;
}

void overlay_free(struct overlay *o)
{
	free(o->items);
	*o = (struct overlay){0};
}
