// SPDX-License-Identifier: GPL-2.0-or-later
/* Served names and zones, against a search through all of them; and the image. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/name_hash.h"
#include "image/name_table.h"
#include "image/image.h"
#include "image/tree.h"
#include "image_read.h"
#include "policy_helpers.h"

#define MANY 400

struct entry {
	char text[256];
	struct name name;
	enum image_namespace space;
	uint32_t rule;
};

/* The nearest line: the name itself, else what covers all below the longest
 * suffix; of the same twice the first. */
static uint32_t naive(const struct entry *all, size_t count, enum image_namespace space, const char *name)
{
	const char *suffix = name;
	size_t i;

	for (i = 0; i < count; i++)
		if (all[i].space == space && all[i].name.kind & NAME_EXACT && !strcmp(all[i].text, name))
			return all[i].rule;
	while ((suffix = strchr(suffix, '.'))) {
		suffix++;
		for (i = 0; i < count; i++)
			if (all[i].space == space && all[i].name.kind & NAME_BELOW &&
			    !strcmp(all[i].text, suffix))
				return all[i].rule;
	}
	return 0;
}

static void write_all(struct cells *c, const struct entry *all, size_t count)
{
	struct name_table d;
	size_t i;

	*c = (struct cells){0};
	cells_add(c, IMAGE_FIRST_FREE);
	cr_assert(!name_table_begin(&d, NULL));
	for (i = 0; i < count; i++)
		cr_assert(!name_table_add(&d, all[i].space, &all[i].name, all[i].rule));
	cr_assert(!name_table_write(&d, c));
	name_table_free(&d);
}

static void entry_set(struct entry *e, const char *text, uint8_t kind, enum image_namespace space,
		      uint32_t rule)
{
	*e = (struct entry){.name = {.text = e->text, .kind = kind}, .space = space, .rule = rule};
	snprintf(e->text, sizeof(e->text), "%s", text);
}

static const struct {
	const char *name;
	uint32_t served, zone;
} rows[] = {
	{"www.example.com", 1, 5},
	{"example.com", 0, 5},
	{"a.www.example.com", 0, 5},
	{"shop.example.org", 0, 0},
	{"a.shop.example.org", 2, 0},
	{"a.b.c.shop.example.org", 2, 0},
	{"xshop.example.org", 0, 0},
	{"both.example.net", 3, 0},
	{"x.both.example.net", 3, 0},
	{"x.y.both.example.net", 4, 0},
	{"y.both.example.net", 3, 0},
	{"com", 0, 0},
	{"", 0, 0},
	{"www.example.co", 0, 0},
	{"ww.example.com", 0, 5},
	{"192.0.2.1", 6, 0},
	{"[2001:db8::1]", 7, 0},
};

Test(name_table, by_hand)
{
	static struct entry all[8];
	struct cells c;
	size_t i;

	entry_set(&all[0], "www.example.com", NAME_EXACT, NAMES_SERVED, 1);
	entry_set(&all[1], "shop.example.org", NAME_BELOW, NAMES_SERVED, 2);
	entry_set(&all[2], "both.example.net", NAME_TREE, NAMES_SERVED, 3);
	entry_set(&all[3], "y.both.example.net", NAME_BELOW, NAMES_SERVED, 4);
	entry_set(&all[4], "example.com", NAME_TREE, NAMES_ZONES, 5);
	entry_set(&all[5], "192.0.2.1", NAME_EXACT, NAMES_SERVED, 6);
	entry_set(&all[6], "[2001:db8::1]", NAME_EXACT, NAMES_SERVED, 7);
	entry_set(&all[7], "www.example.com", NAME_EXACT, NAMES_SERVED, 8);
	write_all(&c, all, 8);
	for (i = 0; i < COUNT(rows); i++) {
		uint32_t served = name_look(&c, NAMES_SERVED, rows[i].name);
		uint32_t zone = name_look(&c, NAMES_ZONES, rows[i].name);

		cr_expect(served == rows[i].served, "%s: served %u", rows[i].name, served);
		cr_expect(zone == rows[i].zone, "%s: zone %u", rows[i].name, zone);
		cr_expect(naive(all, 8, NAMES_SERVED, rows[i].name) == rows[i].served, "the test itself");
	}
	cells_free(&c);
}

/* Few labels, so that names lie below each other. */
static void random_name(char *to, size_t size)
{
	static const char *const labels[] = {"a", "b", "ab", "com", "x-y", "_z", "0"};
	int n = 1 + random() % 6;

	*to = '\0';
	while (n--)
		snprintf(to + strlen(to), size - strlen(to), "%s%s", labels[random() % (long)COUNT(labels)],
			 n ? "." : "");
}

Test(name_table, random)
{
	static struct entry all[MANY];
	char name[256];
	struct cells c;
	size_t round, count, i;

	srandom(19791);
	for (round = 0; round < 200; round++) {
		count = random() % (round < 100 ? 10 : MANY);
		for (i = 0; i < count; i++) {
			random_name(name, sizeof(name));
			entry_set(&all[i], name, 1 + random() % 3, random() & 1, i + 1);
		}
		write_all(&c, all, count);
		for (i = 0; i < 500; i++) {
			enum image_namespace space = i & 1;

			random_name(name, sizeof(name));
			cr_assert(name_look(&c, space, name) == naive(all, count, space, name), "%s of %zu",
				  name, count);
		}
		cells_free(&c);
	}
}

/* More labels than a word has bits: deep suffixes share a bit. */
Test(name_table, many_labels)
{
	static struct entry all[3];
	char deep[256] = "", below[256] = "";
	struct cells c;
	int i;

	for (i = 0; i < 100; i++)
		strcat(deep, i ? ".a" : "a");
	for (i = 0; i < 90; i++)
		strcat(below, i ? ".a" : "a");
	entry_set(&all[0], below, NAME_BELOW, NAMES_SERVED, 1);
	write_all(&c, all, 1);
	cr_expect(name_look(&c, NAMES_SERVED, deep) == 1);
	cr_expect(name_look(&c, NAMES_SERVED, below) == 0);
	cr_expect(name_look(&c, NAMES_SERVED, deep + 20) == 0, "not below it");
	cells_free(&c);
}

/* As many as a provider serves: all are found, others are not. */
Test(name_table, many_names)
{
	const uint32_t n = 50000;
	struct name_table d;
	struct cells c = {0};
	char text[64];
	struct name name = {.text = text, .kind = NAME_TREE};
	uint32_t i;

	cells_add(&c, IMAGE_FIRST_FREE);
	cr_assert(!name_table_begin(&d, NULL));
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "customer%u.example", i);
		cr_assert(!name_table_add(&d, NAMES_SERVED, &name, i + 1));
	}
	cr_assert(!name_table_write(&d, &c));
	name_table_free(&d);
	for (i = 0; i < 2 * n; i++) {
		snprintf(text, sizeof(text), "%scustomer%u.example", i & 1 ? "www." : "", i);
		cr_assert(name_look(&c, NAMES_SERVED, text) == (i < n ? i + 1 : 0), "%s", text);
	}
	cells_free(&c);
}

/* ---- secret points ---- */

static bool has_hash(const struct cells *c, uint64_t hash)
{
	const struct image_names *n = (const void *)&c->cell[IMAGE_NAMES];
	const struct image_bucket *b = (const void *)&c->cell[n->buckets];
	uint32_t i;

	for (i = 0; i < n->bucket_count * IMAGE_BUCKET_NAMES; i++)
		if (b[i / IMAGE_BUCKET_NAMES].hash[i % IMAGE_BUCKET_NAMES] == hash)
			return true;
	return false;
}

/* The same policy twice: all that its names are hashed with is another, and none
 * of the hashes stands in both images. */
Test(name_table, points_are_drawn_anew)
{
	static struct entry all[MANY];
	const struct image_names *n[2];
	struct cells c[2];
	unsigned int i, used = 0, same = 0;

	for (i = 0; i < MANY; i++) {
		entry_set(&all[i], "", NAME_TREE, i & 1, i + 1);
		snprintf(all[i].text, sizeof(all[i].text), "customer%u.example", i);
	}
	for (i = 0; i < 2; i++) {
		write_all(&c[i], all, MANY);
		n[i] = (const void *)&c[i].cell[IMAGE_NAMES];
	}
	cr_expect(n[0]->key[0] != n[1]->key[0] && n[0]->key[1] != n[1]->key[1], "points");
	cr_expect(n[0]->key[0] != n[0]->key[1], "two points that are one");
	cr_expect(n[0]->seed[0] != n[1]->seed[0] && n[0]->seed[1] != n[1]->seed[1], "seeds");
	cr_expect(n[0]->below != n[1]->below, "what tells a name from all below it");
	for (i = 0; i < n[0]->bucket_count * IMAGE_BUCKET_NAMES; i++) {
		const struct image_bucket *b = (const void *)&c[0].cell[n[0]->buckets];
		uint64_t hash = b[i / IMAGE_BUCKET_NAMES].hash[i % IMAGE_BUCKET_NAMES];

		used += !!hash;
		same += hash && has_hash(&c[1], hash);
	}
	cr_expect(used == 2 * MANY && !same, "%u of %u hashes in both", same, used);
	cells_free(&c[0]);
	cells_free(&c[1]);
}

/* Of the table that these names make with these points. */
static uint32_t buckets_for(const struct image_names *points, char (*names)[32], uint32_t count)
{
	struct name_table d;
	struct cells c = {0};
	uint32_t i, buckets;

	cells_add(&c, IMAGE_FIRST_FREE);
	cr_assert(!name_table_begin(&d, NULL));
	if (points)
		d.head = *points;
	for (i = 0; i < count; i++)
		cr_assert(!name_table_add(&d, NAMES_SERVED,
					  &(struct name){.text = names[i], .kind = NAME_EXACT}, i + 1));
	cr_assert(!name_table_write(&d, &c));
	buckets = d.head.bucket_count;
	name_table_free(&d);
	cells_free(&c);
	return buckets;
}

/* Customers who knew the points could choose names that all lie in a tenth of
 * the buckets, however many there are, and make the table grow without end.
 * With points of another policy the same names lie like any others. */
Test(name_table, collisions_do_not_outlive_their_points)
{
	enum { COLLIDING = 3000, PART = 10 };
	static char names[COLLIDING][32];
	const uint32_t least = COLLIDING / 3 + 1;
	struct name_table known;
	uint32_t found = 0, n, buckets;

	cr_assert(!name_table_begin(&known, NULL));
	for (n = 0; found < COLLIDING; n++) {
		struct name_hash h;
		uint64_t hash;
		size_t i = snprintf(names[found], sizeof(names[found]), "n%u.example", n);

		name_hash_begin(&h, &known.head, NAMES_SERVED);
		while (i-- > 0)
			name_hash_byte(&h, &known.head, names[found][i]);
		hash = name_hash_end(&h);
		found += name_bucket(hash, PART, 0) == 0 && name_bucket(hash, PART, 1) == 0;
	}
	buckets = buckets_for(&known.head, names, COLLIDING);
	cr_expect(buckets > 4 * least, "the test itself: %u buckets with the points that were known",
		  buckets);
	buckets = buckets_for(NULL, names, COLLIDING);
	cr_expect(buckets <= least + least / 2 + 1, "%u buckets with new points, %u are enough", buckets,
		  least);
	name_table_free(&known);
}

/* ---- the image as a whole ---- */

static const char policy[] =
	"posture enforce\nlisten tcp/80 as http\nlisten tcp/80 on 192.0.2.1 as tls observe\n"
	"listen udp/65535 as dns\nserve www.example.com\nzone example.com\n"
	"stray http drop\nsource 10.0.0.0/8 drop\nsource 10.1.0.0/16 trust\n"
	"resolver 192.0.2.53\n";

static uint32_t port_entry(struct cells *c, uint32_t port)
{
	return ((const uint16_t *)cell_at(c, IMAGE_PORTS))[port];
}

static const struct image_listener *image_listener(struct cells *c, uint32_t index)
{
	const struct image_head *h = cell_at(c, IMAGE_HEAD);

	return (const struct image_listener *)cell_at(c, h->listeners) + index;
}

static const struct image_rule *image_rule(struct cells *c, uint32_t index)
{
	const struct image_head *h = cell_at(c, IMAGE_HEAD);

	return (const struct image_rule *)cell_at(c, h->rules) + index;
}

static const struct image_rule *source_rule(struct cells *c, const char *address)
{
	const struct image_head *h = cell_at(c, IMAGE_HEAD);
	struct prefix p;
	uint32_t leaf;

	cr_assert(!prefix_parse(address, &p));
	leaf = tree_look(c, IMAGE_SOURCE4, p.addr);
	return image_rule(c, ((const struct image_leaf *)cell_at(c, h->leaves))[leaf].rule);
}

Test(image, of_a_policy)
{
	struct policy *p = parsed(policy);
	struct prefix local;
	struct cells c;
	struct image_head *h;
	const struct image_acts *acts;
	uint32_t one, all;

	cr_assert(!prefix_parse("192.0.2.1", &local));
	cr_assert(!policy_inherit(p, NULL, 1));
	cr_assert(!image_build(&c, p, &local, 1, NULL));
	h = cell_at(&c, IMAGE_HEAD);
	cr_expect(h->magic == IMAGE_MAGIC && h->posture == POSTURE_ENFORCE && h->cells == c.count);
	cr_expect(h->flags == (IMAGE_HAS_SOURCES | IMAGE_HAS_RESOLVERS));
	all = port_entry(&c, 80) & IMAGE_PORT_LISTENER;
	one = IMAGE_PORT_FIRST(port_entry(&c, 80));
	cr_assert(all && one && all != one);
	cr_expect(image_listener(&c, all)->protocol == PROTO_HTTP && !image_listener(&c, all)->observe);
	cr_expect(image_listener(&c, one)->protocol == PROTO_TLS && image_listener(&c, one)->observe == 1);
	cr_expect(!memcmp(image_listener(&c, one)->addr, local.addr, 16) && !image_listener(&c, one)->next);
	cr_expect(!port_entry(&c, 79) && !port_entry(&c, 81) && !port_entry(&c, 65536 + 80));
	cr_expect(image_listener(&c, port_entry(&c, 65536 + 65535))->protocol == PROTO_DNS);
	cr_expect(image_rule(&c, name_look(&c, NAMES_SERVED, "www.example.com"))->id ==
		  policy_find(p, ST_SERVE, "www.example.com")->id);
	cr_expect(image_rule(&c, name_look(&c, NAMES_ZONES, "a.example.com"))->id ==
		  policy_find(p, ST_ZONE, "example.com")->id);
	cr_expect(source_rule(&c, "10.2.0.1")->action == ACT_DROP);
	cr_expect(source_rule(&c, "10.1.0.1")->action == ACT_TRUST);
	acts = cell_at(&c, IMAGE_ACTS);
	cr_expect(image_rule(&c, acts->rule[PROTO_HTTP][FINDING_STRAY])->action == ACT_DROP);
	cr_expect(image_rule(&c, acts->rule[PROTO_TLS][FINDING_STRAY])->action == ACT_ANSWER);
	cr_expect(image_rule(&c, acts->rule[PROTO_TLS][FINDING_UNNAMED])->action == ACT_PASS);
	cells_free(&c);
	policy_free(p);
}

/* A zone with names beside one that its list delegates, which has names of its own. */
Test(image, zones_with_names, .init = scratch_enter, .fini = scratch_leave)
{
	static const struct {
		const char *name, *zone; /* NULL: none; unknown: with a ! before it */
	} rows[] = {
		{"example.com", "example.com"},
		{"a.example.com", "example.com"},
		{"b.example.com", "!example.com"},
		{"y.star.example.com", "example.com"}, /* a wildcard without records */
		{"y.y.star.example.com", "example.com"},
		{"star.example.com", "example.com"},
		{"sub.example.com", "sub.example.com"},
		{"a.sub.example.com", "sub.example.com"},
		{"b.sub.example.com", "!sub.example.com"},
		{"x.all.example.net", "all.example.net"}, /* it has a wildcard itself */
		{"com", NULL},
	};
	struct policy *p;
	struct cells c;
	size_t i;

	write_file("one", "a.example.com .sub.example.com x.*.star.example.com\n");
	write_file("two", "a.sub.example.com\n");
	write_file("three", "*.all.example.net\n");
	p = parsed("zone example.com names from one\nzone sub.example.com names from two\n"
		   "zone all.example.net names from three\n");
	cr_assert(!policy_inherit(p, NULL, 1) && !image_build(&c, p, NULL, 0, NULL));
	for (i = 0; i < COUNT(rows); i++) {
		uint32_t got = name_look(&c, NAMES_ZONES, rows[i].name);
		const char *zone = rows[i].zone;
		bool unknown = zone && *zone == '!';

		cr_expect(!!got == !!zone, "%s", rows[i].name);
		if (!got || !zone)
			continue;
		cr_expect(!!(got & IMAGE_UNKNOWN) == unknown, "%s", rows[i].name);
		cr_expect(image_rule(&c, got & ~IMAGE_UNKNOWN)->id ==
				  policy_find(p, ST_ZONE, zone + unknown)->id,
			  "%s", rows[i].name);
	}
	cells_free(&c);
	policy_free(p);
}

/* {rate, cost of one, burst}: in 1/16 ns; Mbit/s: 1/2^20 ns a byte */
Test(image, rates)
{
	static const struct {
		const char *line;
		uint64_t cost, burst;
	} limits[] = {
		{"source 10.0.0.0/8 limit 1 visits/s", 16000000000, 16000000000},
		{"source 10.0.0.0/8 limit 1000 packets/s burst 5", 16000000, 80000000},
		{"source 10.0.0.0/8 limit 1000000000 packets/s burst 1", 16, 16},
		{"source 10.0.0.0/8 limit 8 Mbit/s burst 1", 16000ULL << 16, 2000000000},
		{"source 10.0.0.0/8 limit 0.5 Mbit/s", 256000ULL << 16, 16000000000},
		{"source 10.0.0.0/8 limit 1000000 Mbit/s burst 1000000", 8389, 16000000000},
	};
	const struct image_rule *r;
	struct policy *p;
	struct cells c;
	size_t i;

	for (i = 0; i < COUNT(limits); i++) {
		p = parsed(limits[i].line);
		cr_assert(!policy_inherit(p, NULL, 1) && !image_build(&c, p, NULL, 0, NULL));
		r = source_rule(&c, "10.0.0.1");
		cr_expect(r->cost == limits[i].cost && r->burst == limits[i].burst, "%s: %llu, %llu",
			  limits[i].line, (unsigned long long)r->cost, (unsigned long long)r->burst);
		cells_free(&c);
		policy_free(p);
	}
}
