// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/name_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bpf/name_hash.h"

/* Three names a bucket of five: the fuller of two choices then never overflows
 * in practice, and a table that does is made larger. */
#define NAMES_PER_BUCKET 3

static uint32_t secret_point(uint32_t random)
{
	/* 0 and 1 would make poor polynomials. */
	return random % (HASH_PRIME - 2) + 2;
}

int name_table_begin(struct name_table *d, const uint64_t *keys)
{
	uint64_t secret[4] = {0};
	ssize_t n = sizeof(secret);

	*d = (struct name_table){0};
	if (keys)
		memcpy(secret, keys, sizeof(secret));
	if (!(secret[0] | secret[1] | secret[2] | secret[3]))
		n = getrandom(secret, sizeof(secret), 0);
	if (n != sizeof(secret))
		return n < 0 ? -errno : -EIO;
	d->head.key[0] = secret_point(secret[0]);
	d->head.key[1] = secret_point(secret[0] >> 32);
	d->head.seed[NAMES_SERVED] = secret[1];
	d->head.seed[NAMES_ZONES] = secret[2];
	d->head.below = secret[3] | 1;
	return 0;
}

/* Of the name from its end on; *labels counts them. */
static uint64_t hash_of(const struct image_names *n, enum image_namespace space, const char *name,
			unsigned int *labels)
{
	size_t i = strlen(name);
	struct name_hash h;

	*labels = 1;
	name_hash_begin(&h, n, space);
	while (i-- > 0) {
		*labels += name[i] == '.';
		name_hash_byte(&h, n, name[i]);
	}
	return name_hash_end(&h);
}

static int entry_add(struct name_table *d, uint64_t hash, uint32_t rule)
{
	size_t room = d->room ? d->room * 2 : 64;
	void *grown;

	if (d->count == d->room) {
		grown = realloc(d->entry, room * sizeof(*d->entry));
		if (!grown)
			return -ENOMEM;
		d->entry = grown;
		d->room = room;
	}
	d->entry[d->count++] = (struct name_table_entry){.hash = hash, .rule = rule, .yields = d->yields};
	return 0;
}

int name_table_add(struct name_table *d, enum image_namespace space, const struct name *n, uint32_t rule)
{
	unsigned int labels;
	uint64_t hash = hash_of(&d->head, space, n->text, &labels);
	int err = 0;

	if (n->kind & NAME_EXACT)
		err = entry_add(d, hash, rule);
	if (n->kind & NAME_BELOW && !err) {
		d->head.depths[space] |= 1ULL << (labels < 63 ? labels : 63);
		err = entry_add(d, hash ^ d->head.below, rule);
	}
	return err;
}

int name_table_add_stray(struct name_table *d, enum protocol as, const struct name *n, uint32_t rule)
{
	unsigned int labels;

	d->head.strays = (d->head.seed[NAMES_SERVED] + d->head.seed[NAMES_ZONES]) | 1ULL << 63;
	return entry_add(d, hash_of(&d->head, NAMES_SERVED, n->text, &labels) ^ d->head.strays ^ as, rule);
}

static unsigned int bucket_used(const struct image_bucket *b)
{
	unsigned int n = 0;

	while (n < IMAGE_BUCKET_NAMES && b->hash[n])
		n++;
	return n;
}

/* A name that stands twice (in a line and in a list) keeps its first rule, among those
 * that do not yield. */
static bool bucket_has(const struct image_bucket *b, uint64_t hash)
{
	unsigned int i;

	for (i = 0; i < IMAGE_BUCKET_NAMES; i++)
		if (b->hash[i] == hash)
			return true;
	return false;
}

static bool place(struct image_bucket *buckets, uint32_t count, const struct name_table_entry *e)
{
	struct image_bucket *one = &buckets[name_bucket(e->hash, count, 0)];
	struct image_bucket *two = &buckets[name_bucket(e->hash, count, 1)];
	struct image_bucket *to = bucket_used(one) <= bucket_used(two) ? one : two;
	unsigned int n = bucket_used(to);

	if (bucket_has(one, e->hash) || bucket_has(two, e->hash))
		return true;
	if (n == IMAGE_BUCKET_NAMES)
		return false;
	to->hash[n] = e->hash;
	to->rule[n] = e->rule;
	return true;
}

static bool place_all(const struct name_table *d, struct image_bucket *buckets, size_t count, bool yields)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->entry[i].yields == yields && !place(buckets, count, &d->entry[i]))
			return false;
	return true;
}

int name_table_write(struct name_table *d, struct cells *c)
{
	size_t buckets = d->count / NAMES_PER_BUCKET + 1;
	size_t before = c->count;
	uint32_t first;

	for (;;) {
		first = cells_add(c, buckets);
		if (!first)
			return -ENOMEM;
		if (place_all(d, cell_at(c, first), buckets, false) &&
		    place_all(d, cell_at(c, first), buckets, true))
			break;
		c->count = before;
		buckets += buckets / 2 + 1;
	}
	d->head.buckets = first;
	d->head.bucket_count = buckets;
	memcpy(cell_at(c, IMAGE_NAMES), &d->head, sizeof(d->head));
	return 0;
}

void name_table_free(struct name_table *d)
{
	free(d->entry);
	*d = (struct name_table){0};
}
