// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/image.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "image/name_table.h"
#include "lib/clock.h"
#include "lib/large.h"
#include "image/overlay.h"
#include "image/page.h"
#include "image/tree.h"
#include "policy/rule.h"

/* What is collected of the rules on the way to the tables. */
struct draft {
	struct cells *c;
	struct image_rule *rules; /* index 0 is none */
	size_t rule_count;
	struct tree_item *sources;
	size_t source_count;
	struct tree_item *resolvers;
	size_t resolver_count;
	struct image_listener listeners[LISTENERS_MAX + 1];
	size_t listener_count;
	struct name_table names;
	struct leaves leaves;
	struct page_text pages[PAGES_MAX]; /* number 0 is the default */
	size_t page_count;
	uint32_t busy_page; /* number of that for clients over a limit; 0: none */
	struct image_acts acts;
	struct image_learn learn; /* id 0: there is no such line */
	struct image_each each[LIMIT_EACH_MAX];
	const struct rule *each_rule[LIMIT_EACH_MAX];
	size_t each_count;
	enum posture posture;
	const struct rule *canary; /* NULL: the posture is for all */
	uint32_t addresses;
	const struct image_over *over; /* NULL: all is in this image */
};

static void draft_free(struct draft *d)
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
static void set_each(struct draft *d, struct policy *p)
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

static uint32_t add_rule(struct draft *d, const struct rule *r)
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
	uint32_t answered = add_rule(d, &answer), passed = add_rule(d, &pass);
	int i;

	for (i = 0; i < PROTO_COUNT; i++) {
		d->acts.rule[i][FINDING_STRAY] = answered;
		d->acts.rule[i][FINDING_UNNAMED] = passed;
		d->acts.rule[i][FINDING_UNREADABLE] = passed;
	}
	d->acts.unknown = add_rule(d, &limit);
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

static int draft_rule(struct draft *d, struct policy *p, size_t position)
{
	const struct rule *r = policy_rule(p, position);
	uint32_t index;

	if (is_below(d, r))
		return 0;
	index = add_rule(d, r);
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

static int draft_begin(struct draft *d, struct policy *p, const uint64_t *keys)
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

/* A port's entry, and the chain of its single addresses. */
static int write_ports(struct draft *d, struct policy *p)
{
	uint16_t *ports = cell_at(d->c, IMAGE_PORTS), *entry;
	uint8_t chain[LISTENERS_MAX + 1] = {0};
	size_t i, n = 0;

	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement != ST_LISTEN)
			continue;
		n++;
		entry = &ports[r->port + (r->l4 == IPPROTO_UDP ? 65536 : 0)];
		if (r->any) {
			*entry |= n;
			continue;
		}
		d->listeners[n].next = IMAGE_PORT_FIRST(*entry);
		chain[n] = 1 + chain[d->listeners[n].next];
		if (chain[n] > ADDRESSES_PER_PORT)
			return -E2BIG;
		*entry = (*entry & IMAGE_PORT_LISTENER) | n << 7;
	}
	return 0;
}

static uint32_t write_table(struct cells *c, const void *from, size_t count, size_t size)
{
	uint32_t first = cells_add(c, cells_for(count ? count : 1, size));

	if (first && count)
		memcpy(cell_at(c, first), from, count * size);
	return first;
}

static uint32_t write_pages(struct draft *d)
{
	uint32_t first = cells_add(d->c, d->page_count * IMAGE_PAGE_CELLS);

	for (size_t i = 0; first && i < d->page_count; i++)
		page_write(cell_at(d->c, first + i * IMAGE_PAGE_CELLS), &d->pages[i]);
	return first;
}

uint32_t image_addresses(const struct prefix *local, size_t count)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += crc32_z(0, (const unsigned char *)&local[i], sizeof(local[i]));
	return sum ? sum : 1;
}

static void write_canary(struct draft *d, const struct rule *r)
{
	struct image_canary c = {.len = IMAGE_CANARY_SHARE};

	if (r->share) {
		c.share = (uint32_t)(((uint64_t)r->share << 32) / SHARE_ALL);
	} else {
		c.len = r->prefixes->len;
		c.ipv6 = !prefix_is_v4(r->prefixes);
		memcpy(c.from, r->prefixes->addr, sizeof(c.from));
	}
	memcpy(cell_at(d->c, IMAGE_CANARY), &c, sizeof(c));
}

static int write_head(struct draft *d)
{
	struct image_head head = {.magic = IMAGE_MAGIC, .posture = d->posture, .addresses = d->addresses};

	if (d->source_count || d->over)
		head.flags |= IMAGE_HAS_SOURCES;
	for (size_t i = 0; i < d->each_count; i++)
		head.flags |= d->each[i].unit == RATE_VISITS ? IMAGE_HAS_EACH_VISITS : IMAGE_HAS_EACH_PACKETS;
	if (d->over)
		head.base = d->over->base + 1;
	if (d->resolver_count)
		head.flags |= IMAGE_HAS_RESOLVERS;
	if (d->canary) {
		write_canary(d, d->canary);
		head.flags |= IMAGE_HAS_CANARY;
	}
	head.listeners = write_table(d->c, d->listeners, d->listener_count + 1, sizeof(d->listeners[0]));
	head.rules = write_table(d->c, d->rules, d->rule_count, sizeof(d->rules[0]));
	head.leaves = write_table(d->c, d->leaves.leaf, d->leaves.count, sizeof(*d->leaves.leaf));
	head.each = write_table(d->c, d->each, LIMIT_EACH_MAX, sizeof(d->each[0]));
	head.pages = write_pages(d);
	head.page_count = d->page_count;
	if (!head.listeners || !head.rules || !head.leaves || !head.each || !head.pages)
		return -ENOMEM;
	if (d->learn.id) {
		head.learn = write_table(d->c, &d->learn, 1, sizeof(d->learn));
		head.flags |= IMAGE_LEARNS;
		if (!head.learn)
			return -ENOMEM;
	}
	head.rule_count = d->rule_count;
	head.cells = d->c->count;
	memcpy(cell_at(d->c, IMAGE_HEAD), &head, sizeof(head));
	memcpy(cell_at(d->c, IMAGE_ACTS), &d->acts, sizeof(d->acts));
	return 0;
}

static int write_local(struct draft *d, const struct prefix *local, size_t count)
{
	struct tree_item *items = calloc(count + 1, sizeof(*items));
	size_t i;
	int err;

	if (!items)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		items[i].prefix = local[i];
	err = tree_build(d->c, IMAGE_LOCAL4, items, count, NULL);
	free(items);
	return err;
}

static int draft_write(struct draft *d, struct policy *p, const struct prefix *local, size_t local_count)
{
	int err;

	/* cells_add() gives 0 for "no memory", and the fixed cells begin there. */
	cells_add(d->c, IMAGE_FIRST_FREE);
	if (d->c->count != IMAGE_FIRST_FREE)
		return -ENOMEM;
	err = write_ports(d, p);
	if (!err)
		err = write_local(d, local, local_count);
	d->addresses = image_addresses(local, local_count);
	if (!err)
		err = tree_build(d->c, IMAGE_SOURCE4, d->sources, d->source_count, &d->leaves);
	if (!err)
		err = tree_build(d->c, IMAGE_RESOLVER4, d->resolvers, d->resolver_count, &d->leaves);
	if (!err)
		err = name_table_write(&d->names, d->c);
	return err ? err : write_head(d);
}

/* The rules of what is laid over the base, as far as they are needed. */
static int draft_over(struct draft *d, struct policy *p)
{
	struct overlay o = {0};
	uint32_t *index = calloc(policy_count(p) + 1, sizeof(*index));
	int err = index ? overlay_collect(&o, p, d->over->changed, d->over->count) : -ENOMEM;

	for (size_t i = 0; i < o.count && !err; i++) {
		uint32_t rule = o.items[i].rule;

		if (rule && !index[rule])
			index[rule] = add_rule(d, policy_rule(p, rule - 1));
		o.items[i].rule = index[rule];
	}
	free(index);
	if (err) {
		overlay_free(&o);
		return err;
	}
	free(d->sources);
	d->sources = o.items;
	d->source_count = o.count;
	return 0;
}

static int build(struct cells *out, struct policy *p, const struct prefix *local, size_t local_count,
		 const uint64_t *keys, const struct image_over *over)
{
	__attribute__((cleanup(draft_free))) struct draft d = {.c = out, .over = over};
	size_t i;
	int err = draft_begin(&d, p, keys);

	*out = (struct cells){0};
	for (i = 0; i < policy_count(p) && !err; i++)
		err = draft_rule(&d, p, i);
	if (!err && over)
		err = draft_over(&d, p);
	if (!err) {
		set_each(&d, p);
		err = draft_write(&d, p, local, local_count);
	}
	if (err)
		cells_free(out);
	return err;
}

int image_build(struct cells *out, struct policy *p, const struct prefix *local, size_t local_count,
		const uint64_t *keys)
{
	return build(out, p, local, local_count, keys, NULL);
}

int image_build_over(struct cells *out, struct policy *p, const struct prefix *local, size_t local_count,
		     const uint64_t *keys, const struct image_over *over)
{
	return build(out, p, local, local_count, keys, over);
}
