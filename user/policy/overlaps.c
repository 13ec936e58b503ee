// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/overlaps.h"

#include <errno.h>
#include <stdlib.h>

/* One list, or all lines of their own in order. */
struct sequence {
	const struct rule *list;
	const struct rule **lines;
	size_t position; /* of the list in the policy */
	size_t at, count;
};

struct item {
	const struct prefix *prefix;
	const struct rule *rule;
	size_t position;
};

/* All sequences as one, in order: a heap of those that have not ended. */
struct merge {
	struct sequence *sequence;
	size_t count;
	const struct rule **lines;
};

static void merge_free(struct merge *m)
{
	free(m->sequence);
	free(m->lines);
}

static bool says_otherwise(const struct rule *a, const struct rule *b)
{
	return a->action != b->action ||
	       (a->action == ACT_LIMIT && (a->rate.count != b->rate.count || a->rate.unit != b->rate.unit ||
					   a->rate.burst != b->rate.burst));
}

/* Is there a list, and something that says otherwise? */
static bool worth_a_look(struct policy *p)
{
	const struct rule *first = NULL;
	bool list = false, otherwise = false;

	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement != ST_SOURCE || !r->prefix_count)
			continue;
		first = first ? first : r;
		list |= r->from != NULL;
		otherwise |= says_otherwise(first, r);
	}
	return list && otherwise;
}

static int by_prefix(const void *a, const void *b)
{
	return prefix_order((*(struct rule *const *)a)->prefixes, (*(struct rule *const *)b)->prefixes);
}

static const struct prefix *head(const struct sequence *s)
{
	return s->list ? &s->list->prefixes[s->at] : s->lines[s->at]->prefixes;
}

static bool before(const struct sequence *a, const struct sequence *b)
{
	return prefix_order(head(a), head(b)) < 0;
}

static void sift_down(struct merge *m, size_t at)
{
	for (;;) {
		size_t least = at, child = 2 * at + 1;
		struct sequence moved;

		if (child < m->count && before(&m->sequence[child], &m->sequence[least]))
			least = child;
		if (child + 1 < m->count && before(&m->sequence[child + 1], &m->sequence[least]))
			least = child + 1;
		if (least == at)
			return;
		moved = m->sequence[at];
		m->sequence[at] = m->sequence[least];
		m->sequence[least] = moved;
		at = least;
	}
}

static int merge_begin(struct merge *m, struct policy *p)
{
	size_t lists = 0, lines = 0;

	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		lists += r->statement == ST_SOURCE && r->from;
		lines += r->statement == ST_SOURCE && !r->from;
	}
	m->sequence = calloc(lists + 1, sizeof(*m->sequence));
	m->lines = calloc(lines + 1, sizeof(*m->lines));
	if (!m->sequence || !m->lines)
		return -ENOMEM;
	lines = 0;
	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement != ST_SOURCE || !r->prefix_count)
			continue;
		if (r->from)
			m->sequence[m->count++] =
				(struct sequence){.list = r, .position = i, .count = r->prefix_count};
		else
			m->lines[lines++] = r;
	}
	qsort(m->lines, lines, sizeof(*m->lines), by_prefix);
	if (lines)
		m->sequence[m->count++] = (struct sequence){.lines = m->lines, .count = lines};
	for (size_t i = m->count; i-- > 0;)
		sift_down(m, i);
	return 0;
}

static bool merge_next(struct merge *m, struct item *i)
{
	struct sequence *s = m->sequence;

	if (!m->count)
		return false;
	*i = (struct item){head(s), s->list ? s->list : s->lines[s->at], s->position};
	if (++s->at == s->count)
		*s = m->sequence[--m->count];
	sift_down(m, 0);
	return true;
}

static bool same_others(const struct rule *a, const struct rule *b)
{
	return a == b || (!a->from && !b->from);
}

static void note(struct overlaps *o, const struct item *holds, const struct item *other, bool nested)
{
	struct overlap *at;

	if (!holds->rule->from || !says_otherwise(holds->rule, other->rule))
		return;
	for (at = o->list; at < o->list + o->count; at++)
		if (at->holds == holds->rule && at->nested == nested && same_others(at->other, other->rule))
			break;
	if (at == o->list + OVERLAPS_MAX) {
		o->more++;
		return;
	}
	if (at == o->list + o->count)
		o->list[o->count++] = (struct overlap){.holds = holds->rule,
						       .other = other->rule,
						       .nested = nested,
						       .inner = *holds->prefix,
						       .outer = *other->prefix};
	at->count++;
}

/* Of equal prefixes the line of its own holds, and of lists the first. */
static bool goes_before(const struct item *a, const struct item *b)
{
	if (!a->rule->from != !b->rule->from)
		return !a->rule->from;
	return a->position < b->position;
}

int policy_overlaps(struct policy *p, struct overlaps *o)
{
	struct merge m __attribute__((cleanup(merge_free))) = {0};
	struct item open[130], i, next; /* one in the other, each length once */
	size_t depth = 0;
	bool more;

	*o = (struct overlaps){.count = 0};
	if (!worth_a_look(p))
		return 0;
	if (merge_begin(&m, p))
		return -ENOMEM;
	for (more = merge_next(&m, &i); more; i = next) {
		while ((more = merge_next(&m, &next)) && !prefix_order(i.prefix, next.prefix)) {
			struct item loses = goes_before(&next, &i) ? i : next;

			i = goes_before(&next, &i) ? next : i;
			note(o, &i, &loses, false);
		}
		while (depth && !prefix_begins(open[depth - 1].prefix, i.prefix->addr))
			depth--;
		if (depth && prefix_covers(open[depth - 1].prefix, i.prefix))
			note(o, &i, &open[depth - 1], true);
		open[depth++] = i;
	}
	return 0;
}
