// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/image.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "image/draft.h"
#include "image/overlay.h"

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
			index[rule] = draft_add_rule(d, policy_rule(p, rule - 1));
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
		draft_set_each(&d, p);
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
