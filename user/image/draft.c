// SPDX-License-Identifier: GPL-2.0-or-later
/* What is collected of the rules, before it is written in the image's form. */
#include "image/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/large.h"

void draft_free(struct draft *d)
{
	free(d->rules);
	free(d->sources);
	free(d->resolvers);
	free(d->leaves.leaf);
	name_table_free(&d->names);
}

/* Longer than the rate's burst a bucket is never in debt. */
static void set_limit(struct image_rule *to, const struct rate *rate)
{
	const double second = 1e9 * (1 << IMAGE_TIME_SHIFT);

	to->unit = rate->unit;
	if (rate->unit == RATE_MBIT) {
		to->cost = second * 8 / (rate->count * 1e3) * (1 << IMAGE_BYTE_SHIFT) + 0.5;
		to->burst = second * rate->burst / rate->count;
		return;
	}
	to->cost = second / rate->count + 0.5;
	to->burst = to->cost * rate->burst;
}

/* A `limit each` line. */
static int add_each(struct draft *d, const struct rule *r)
{
	struct image_rule limit = {0};

	if (d->each_count == LIMIT_EACH_MAX)
		return -E2BIG;
	set_limit(&limit, &r->rate);
	if (r->over == ACT_ANSWER && !d->busy_page) {
		d->busy_page = d->page_count;
		d->pages[d->page_count++] = (struct page_text){.status = HTTP_ANSWER_429};
	}
	d->each_rule[d->each_count] = r;
	d->each[d->each_count++] = (struct image_each){
		.id = r->id,
		.unit = limit.unit,
		.over = r->over ? r->over : ACT_DROP,
		.bits4 = r->bits4,
		.bits6 = r->bits6,
		.cost = limit.cost,
		.burst = limit.burst,
		.page = r->over == ACT_ANSWER ? d->busy_page : 0,
	};
	return 0;
}

/* Which of them count what comes for each listener. */
void draft_set_each(struct draft *d, struct policy *p)
{
	size_t n = 0;

	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement != ST_LISTEN)
			continue;
		n++;
		for (size_t k = 0; k < d->each_count; k++)
			if (rule_limits(d->each_rule[k], r))
				d->rules[d->listeners[n].rule].each |= 1U << k;
	}
}

uint32_t draft_add_rule(struct draft *d, const struct rule *r)
{
	struct image_rule *to = &d->rules[d->rule_count];

	*to = (struct image_rule){.id = r->id, .action = r->action, .over = ACT_DROP, .expires = r->expires};
	if (r->action == ACT_LIMIT)
		set_limit(to, &r->rate);
	return d->rule_count++;
}

/* The number of a page, which lines that say the same share. */
static uint8_t add_page(struct draft *d, const struct page_text *page)
{
	size_t i = 0;

	while (i < d->page_count &&
	       (d->pages[i].status != page->status || d->pages[i].content || page->content))
		i++;
	if (i == d->page_count)
		d->pages[d->page_count++] = *page;
	return i;
}

/* What a line about strays or unnamed visits answers. */
static void set_answer(struct draft *d, const struct rule *r, uint32_t index)
{
	struct image_rule *to = &d->rules[index];

	to->answer = r->answer;
	if (r->over)
		to->over = r->over;
	if (r->as == PROTO_HTTP)
		to->answer = add_page(d, &(struct page_text){
						 .status = r->answer,
						 .content = r->from ? r->names[0].text : NULL,
					 });
}

/* For all strays of a protocol, or for those that ask for one name. */
static int add_stray(struct draft *d, const struct rule *r, uint32_t index)
{
	set_answer(d, r, index);
	if (!rule_is_for_name(r)) {
		d->acts.rule[r->as][FINDING_STRAY] = index;
		return 0;
	}
	return d->over ? 0 : name_table_add_stray(&d->names, r->as, r->names, index);
}

/* What holds where no line says otherwise: strays are answered, unknown names are
 * limited, the rest passes. Such rules have no id, so they are not counted; but 0 has a
 * bucket as all ids have, which is that of the one limit among them. */
static void add_defaults(struct draft *d)
{
	struct rule answer = {.action = ACT_ANSWER}, pass = {.action = ACT_PASS};
	struct rule limit = {.action = ACT_LIMIT,
			     .rate = {.count = UNKNOWN_VISITS, .burst = UNKNOWN_VISITS, .unit = RATE_VISITS}};
	uint32_t answered = draft_add_rule(d, &answer), passed = draft_add_rule(d, &pass);
	int i;

	for (i = 0; i < PROTO_COUNT; i++) {
		d->acts.rule[i][FINDING_STRAY] = answered;
		d->acts.rule[i][FINDING_UNNAMED] = passed;
		d->acts.rule[i][FINDING_UNREADABLE] = passed;
	}
	d->acts.unknown = draft_add_rule(d, &limit);
}

static void add_prefixes(struct tree_item *items, size_t *count, const struct rule *r, size_t position,
			 uint32_t index)
{
	uint32_t rank = source_rank(r, position);
	size_t i;

	for (i = 0; i < r->prefix_count; i++)
		items[(*count)++] = (struct tree_item){
			.prefix = r->prefixes[i],
			.rank = rank,
			.rule = index,
		};
}

static int add_names(struct draft *d, const struct rule *r, enum image_namespace space, uint32_t index)
{
	size_t i;
	int err = 0;

	for (i = 0; i < r->name_count && !err; i++)
		err = name_table_add(&d->names, space, &r->names[i], index);
	return err;
}

/* Does the zone itself have a wildcard? Then no name is unknown in it. */
static bool has_all(const struct rule *zone)
{
	for (size_t i = 1; i < zone->name_count; i++)
		if (zone->names[i].kind & NAME_BELOW && !strcmp(zone->names[i].text, zone->names->text))
			return true;
	return false;
}

/* A zone whose names are known: all below it is unknown but for these. They yield to
 * zones, which may have lists of their own where this one has a delegation. */
static int add_zone(struct draft *d, const struct rule *r, uint32_t index)
{
	struct name exact = {.text = r->names->text, .kind = NAME_EXACT};
	struct name below = {.text = r->names->text, .kind = NAME_BELOW};
	int err = name_table_add(&d->names, NAMES_ZONES, &exact, index);

	if (!err)
		err = name_table_add(&d->names, NAMES_ZONES, &below,
				     has_all(r) ? index : index | IMAGE_UNKNOWN);
	d->names.yields = true;
	for (size_t i = 1; i < r->name_count && !err; i++)
		err = name_table_add(&d->names, NAMES_ZONES, &r->names[i], index);
	d->names.yields = false;
	return err;
}

static enum alarm_mode alarm_mode(struct policy *p, const struct rule *r)
{
	switch (policy_posture_of(p, r)) {
	case POSTURE_AUTO:
		return ALARM_ON;
	case POSTURE_OBSERVE:
		return ALARM_LEARNS;
	default:
		return ALARM_OFF;
	}
}

/* QUIC hides its names: it is in trouble when TLS is, at the same address, and if there
 * are several, on the same port. */
static uint32_t tls_beside(struct policy *p, const struct rule *r)
{
	const struct rule *found = NULL;

	for (size_t i = 0; i < policy_count(p); i++) {
		const struct rule *tls = policy_rule(p, i);

		if (tls->statement != ST_LISTEN || tls->as != PROTO_TLS || memcmp(tls->addr, r->addr, 16))
			continue;
		if (!found || tls->port == r->port)
			found = tls;
	}
	return found ? found->id : 0;
}

static int add_listener(struct draft *d, struct policy *p, const struct rule *r, uint32_t index)
{
	struct image_listener *to;

	if (d->listener_count == LISTENERS_MAX || !r->id || r->id > LISTENERS_MAX)
		return -E2BIG;
	to = &d->listeners[++d->listener_count];
	*to = (struct image_listener){
		.rule = index,
		.id = r->id,
		.protocol = r->as,
		.depth = r->depth,
		.observe = r->observe,
		.alarm = alarm_mode(p, r),
		.proxy = r->proxy,
		.follows = r->as == PROTO_QUIC ? tls_beside(p, r) : 0,
		.above = r->rate.above,
	};
	memcpy(to->addr, r->addr, sizeof(to->addr));
	return 0;
}

/* Stands in the base. */
static bool is_below(const struct draft *d, const struct rule *r)
{
	return d->over && (r->statement == ST_SOURCE || r->statement == ST_SERVE || r->statement == ST_ZONE);
}

int draft_rule(struct draft *d, struct policy *p, size_t position)
{
	const struct rule *r = policy_rule(p, position);
	uint32_t index;

	if (is_below(d, r))
		return 0;
	index = draft_add_rule(d, r);
	switch (r->statement) {
	case ST_POSTURE:
		d->posture = r->posture;
		d->canary = r->share || r->prefix_count ? r : NULL;
		return 0;
	case ST_LISTEN:
		return add_listener(d, p, r, index);
	case ST_SERVE:
		return add_names(d, r, NAMES_SERVED, index);
	case ST_ZONE:
		return r->listed ? add_zone(d, r, index) : add_names(d, r, NAMES_ZONES, index);
	case ST_STRAY:
		return add_stray(d, r, index);
	case ST_UNNAMED:
		set_answer(d, r, index);
		d->acts.rule[r->as][FINDING_UNNAMED] = index;
		return 0;
	case ST_UNREADABLE:
		set_answer(d, r, index);
		d->acts.rule[r->as][FINDING_UNREADABLE] = index;
		return 0;
	case ST_UNKNOWN:
		set_answer(d, r, index);
		d->acts.unknown = index;
		return 0;
	case ST_SOURCE:
		add_prefixes(d->sources, &d->source_count, r, position, index);
		return 0;
	case ST_LEARN:
		d->learn = (struct image_learn){
			.strays = r->learn.strays,
			.within = r->learn.within * SECOND_NS,
			.refused = r->learn.time * SECOND_NS,
			.most = r->learn.most * SECOND_NS,
			.id = r->id,
		};
		return 0;
	case ST_RESOLVER:
		add_prefixes(d->resolvers, &d->resolver_count, r, position, index);
		return 0;
	case ST_LIMIT:
		return add_each(d, r);
	default:
		return 0;
	}
}

int draft_begin(struct draft *d, struct policy *p, const uint64_t *keys)
{
	d->rules = large_zeroed(policy_count(p) + 4, sizeof(*d->rules));
	d->sources = large_alloc((d->over ? 1 : policy_entries(p, ST_SOURCE) + 1) * sizeof(*d->sources));
	d->resolvers = large_alloc((policy_entries(p, ST_RESOLVER) + 1) * sizeof(*d->resolvers));
	if (!d->rules || !d->sources || !d->resolvers)
		return -ENOMEM;
	d->rule_count = 1;
	d->page_count = 1;
	add_defaults(d);
	return name_table_begin(&d->names, keys);
}
