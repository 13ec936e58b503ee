// SPDX-License-Identifier: GPL-2.0-or-later
/* The trees of prefixes, against a search through all of them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "image/tree.h"
#include "image_read.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MANY	 300

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const uint8_t addr[16])
{
	return !memcmp(addr, mapped, sizeof(mapped));
}

static bool is_v4_prefix(const struct prefix *p)
{
	return p->len >= 96 && is_v4(p->addr);
}

static bool covers(const struct prefix *p, const uint8_t addr[16])
{
	unsigned int i;

	/* ::/0 is all of IPv6 and none of IPv4. */
	if (is_v4_prefix(p) != is_v4(addr))
		return false;
	for (i = 0; i < p->len; i++)
		if ((p->addr[i / 8] ^ addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

/* What rules there, what rules when that has expired, and so on. (What lies within
 * another prefix of its own rule expires with that.) */
static size_t chain_of(const struct tree_item *items, size_t count, const uint8_t addr[16], uint32_t *chain)
{
	const struct tree_item *last = NULL, *best;
	size_t n = 0, i;

	for (;;) {
		best = NULL;
		for (i = 0; i < count; i++) {
			const struct tree_item *t = &items[i];

			if (!covers(&t->prefix, addr))
				continue;
			if (last && (t->prefix.len > last->prefix.len ||
				     (t->prefix.len == last->prefix.len && t->rank >= last->rank)))
				continue;
			if (!best || t->prefix.len > best->prefix.len ||
			    (t->prefix.len == best->prefix.len && t->rank > best->rank))
				best = t;
		}
		if (!best)
			return n;
		if (!n || chain[n - 1] != best->rule)
			chain[n++] = best->rule;
		last = best;
	}
}

/* A tree in an image of its own. */
struct built {
	struct cells c;
	struct leaves leaves;
	struct tree_item items[MANY];
	size_t count;
};

static void build(struct built *b)
{
	struct tree_item sorted[MANY];

	memcpy(sorted, b->items, sizeof(sorted));
	b->c = (struct cells){0};
	b->leaves = (struct leaves){0};
	cells_add(&b->c, IMAGE_FIRST_FREE);
	cr_assert(!tree_build(&b->c, IMAGE_SOURCE4, sorted, b->count, &b->leaves));
}

static void release(struct built *b)
{
	cells_free(&b->c);
	free(b->leaves.leaf);
}

static void expect_found(const struct built *b, const uint8_t addr[16])
{
	uint32_t expected[MANY], leaf = tree_look(&b->c, IMAGE_SOURCE4, addr);
	size_t n = chain_of(b->items, b->count, addr, expected), i;

	for (i = 0; i < n; i++) {
		cr_assert(leaf && leaf < b->leaves.count, "%zu rules instead of %zu", i, n);
		cr_assert(b->leaves.leaf[leaf].rule == expected[i], "rule %u instead of %u at %zu of %zu",
			  b->leaves.leaf[leaf].rule, expected[i], i, n);
		leaf = b->leaves.leaf[leaf].parent;
	}
	cr_assert(!leaf, "more than %zu rules", n);
}

/* Adds to an address as to a number; it may run over. */
static void step(uint8_t addr[16], int by)
{
	int i, carry = by;

	for (i = 15; i >= 0 && carry; i--) {
		carry += addr[i];
		addr[i] = carry & 0xff;
		carry >>= 8;
	}
}

/* The edges of a prefix, inside and outside. */
static void expect_edges(const struct built *b, const struct prefix *p)
{
	uint8_t addr[16];
	unsigned int i;

	memcpy(addr, p->addr, 16);
	expect_found(b, addr);
	step(addr, -1);
	expect_found(b, addr);
	memcpy(addr, p->addr, 16);
	for (i = p->len; i < 128; i++)
		addr[i / 8] |= 0x80 >> i % 8;
	expect_found(b, addr);
	step(addr, 1);
	expect_found(b, addr);
}

static void expect_all(const struct built *b)
{
	static const uint8_t zero[16];
	uint8_t ones[16], four[16];
	size_t i;

	memset(ones, 0xff, sizeof(ones));
	memcpy(four, mapped, sizeof(mapped));
	memset(four + 12, 0xff, 4);
	expect_found(b, zero);
	expect_found(b, ones);
	expect_found(b, four);
	for (i = 0; i < b->count; i++)
		expect_edges(b, &b->items[i].prefix);
}

static void add(struct built *b, const char *text, uint32_t rank)
{
	struct tree_item *t = &b->items[b->count++];

	cr_assert(!prefix_parse(text, &t->prefix), "%s", text);
	t->rank = rank;
	t->rule = b->count;
}

static const char *const sets[][12] = {
	{NULL},
	{"0.0.0.0/0"},
	{"::/0"},
	{"0.0.0.0/0", "::/0"},
	{"255.255.255.255", "0.0.0.0"},
	{"0.0.0.0/0", "255.255.255.255", "0.0.0.0", "128.0.0.0/1"},
	{"10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/10", "10.0.0.0/32", "10.127.255.255", "10.255.255.255"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::", "::1"},
	{"::/0", "ffff::/16", "ffff:ffff:ffff:ffff::/64", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"::/0", "2001:db8::/32", "2001:db8::/64", "2001:db8::/65", "2001:db8::/128",
	 "2001:db8:0:0:8000::/65"},
	{"2001:db8::/65", "2001:db8:0:1::/65", "2001:db8:0:1:8000::/66"},
	{"2001:db8::1", "2001:db8::2", "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"},
	{"2001:db8::/63", "2001:db8:0:1::/64", "2001:db8:0:1::/127"},
	{"0.0.0.0/0", "::/0", "::/64", "::/96", "::1:0:0:0/80", "::fffe:0:0/96", "::1:0:0/96"},
	{"0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"},
};

Test(tree, by_hand)
{
	struct built b;
	size_t i, k;

	for (i = 0; i < COUNT(sets); i++) {
		b.count = 0;
		for (k = 0; sets[i][k]; k++)
			add(&b, sets[i][k], 1);
		build(&b);
		expect_all(&b);
		release(&b);
	}
}

/* Several rules for one prefix: the rank says which rules, and which comes next. */
Test(tree, equal_prefixes)
{
	struct built b = {.count = 0};

	add(&b, "10.0.0.0/8", 5);
	add(&b, "10.0.0.0/8", 9);
	add(&b, "10.0.0.0/8", 7);
	add(&b, "10.1.0.0/16", 1);
	add(&b, "2001:db8::/80", 2);
	add(&b, "2001:db8::/80", 1);
	add(&b, "2001:db8::/48", 4);
	add(&b, "2001:db8::/48", 6);
	build(&b);
	expect_all(&b);
	cr_expect(b.leaves.leaf[tree_look(&b.c, IMAGE_SOURCE4, b.items[0].prefix.addr)].rule == 2);
	release(&b);
}

/* Few different bytes, so that prefixes lie within each other and side by side. */
static void random_address(uint8_t addr[16], bool four)
{
	static const uint8_t bytes[] = {0, 0, 0, 1, 0x7f, 0x80, 0xfe, 0xff, 0xff};
	int i;

	for (i = 0; i < 16; i++)
		addr[i] = bytes[random() % (long)sizeof(bytes)];
	if (four)
		memcpy(addr, mapped, sizeof(mapped));
}

static void random_item(struct tree_item *t, size_t number)
{
	static const uint8_t lengths[] = {0, 1, 31, 32, 63, 64, 65, 66, 95, 96, 127, 128};
	bool four = random() % 3 == 0;
	unsigned int i;

	random_address(t->prefix.addr, four);
	t->prefix.len = four	       ? 96 + random() % 33
			: random() & 1 ? lengths[random() % (long)sizeof(lengths)]
				       : random() % 129;
	for (i = t->prefix.len; i < 128; i++)
		t->prefix.addr[i / 8] &= ~(0x80 >> i % 8);
	t->rank = number;
	t->rule = number + 1;
}

Test(tree, random)
{
	static struct built b;
	uint8_t addr[16];
	size_t round, i;

	srandom(20150120);
	for (round = 0; round < 150; round++) {
		b.count = random() % (round < 100 ? 20 : MANY);
		for (i = 0; i < b.count; i++)
			random_item(&b.items[i], i);
		build(&b);
		expect_all(&b);
		for (i = 0; i < 300; i++) {
			random_address(addr, i & 1);
			expect_found(&b, addr);
		}
		release(&b);
	}
}

/* Addresses of `count` prefixes side by side with gaps, in a place of `bits` bits
 * somewhere, of one rule or of as many as there are. */
static void fill(struct built *b, size_t count, bool four, unsigned int bits, bool one_rule)
{
	static const uint8_t place[16] = {0x24, 0x09, 0x80, 0x5c, 0x12, 0x77, 0x90};
	unsigned int width = four ? 32 : 64, from = four ? 96 : 0, k;

	b->count = count;
	for (size_t i = 0; i < count; i++) {
		struct tree_item *t = &b->items[i];

		*t = (struct tree_item){.rank = 1, .rule = one_rule ? 1 : i + 1};
		memcpy(t->prefix.addr, four ? mapped : place, four ? sizeof(mapped) : sizeof(place));
		if (four)
			memcpy(t->prefix.addr + 12, place, 4);
		t->prefix.len = from + width;
		/* Two steps each: every prefix has a gap behind it. */
		for (k = 0; k < bits; k++) {
			uint8_t bit = 0x80 >> (from + width - 1 - k) % 8;
			uint8_t *byte = &t->prefix.addr[(from + width - 1 - k) / 8];

			*byte = 2 * i >> k & 1 ? *byte | bit : *byte & ~bit;
		}
	}
}

/* All sizes around those of leaves, nodes and windows, close together and not. */
Test(tree, sizes)
{
	static struct built b;
	static const unsigned int bits[] = {10, 17, 30};

	for (size_t n = 1; n <= MANY; n += n < 40 ? 1 : 13)
		for (size_t k = 0; k < COUNT(bits); k++)
			for (int kind = 0; kind < 4; kind++) {
				fill(&b, n, kind & 1, bits[k], kind & 2);
				build(&b);
				expect_all(&b);
				release(&b);
			}
}

/* Many near each other, and some far from them: before and behind the window. */
Test(tree, window)
{
	static struct built b;

	for (int kind = 0; kind < 4; kind++) {
		fill(&b, MANY - 8, kind & 1, 12, kind & 2);
		add(&b, "1.2.3.0/24", 1);
		add(&b, "223.255.255.255", 1);
		add(&b, "255.255.255.255", 1);
		add(&b, "0.0.0.0/8", 1);
		add(&b, "::/16", 1);
		add(&b, "2001:db8::1:0/112", 1);
		add(&b, "ffff::/16", 1);
		add(&b, "fe80::1", 1);
		build(&b);
		expect_all(&b);
		release(&b);
	}
}

/* Random prefixes of a list, spread evenly, so that all parts of a window are
 * different: against the search through all of them. */
static void expect_spread(bool four, uint32_t rules)
{
	size_t n = 3000, i, k;
	struct tree_item *items = calloc(n, sizeof(*items)), *sorted = calloc(n, sizeof(*items));
	struct leaves leaves = {0};
	struct cells c = {0};
	uint32_t chain[MANY];

	for (i = 0; i < n; i++) {
		struct tree_item *t = &items[i];

		for (k = 0; k < 16; k++)
			t->prefix.addr[k] = random() >> 8;
		if (four)
			memcpy(t->prefix.addr, mapped, sizeof(mapped));
		else
			t->prefix.addr[0] = 0x20 | (t->prefix.addr[0] & 0x1f);
		t->prefix.len = four ? 104 + random() % 25 : 16 + random() % 113;
		for (k = t->prefix.len; k < 128; k++)
			t->prefix.addr[k / 8] &= ~(0x80 >> k % 8);
		t->rank = i;
		t->rule = 1 + i % rules;
	}
	memcpy(sorted, items, n * sizeof(*items));
	cells_add(&c, IMAGE_FIRST_FREE);
	cr_assert(!tree_build(&c, IMAGE_SOURCE4, sorted, n, &leaves));
	for (i = 0; i < 600; i++) {
		uint8_t addr[16];
		uint32_t leaf;
		size_t count;

		memcpy(addr, items[i].prefix.addr, 16);
		for (k = items[i].prefix.len; i % 3 && k < 128; k++)
			addr[k / 8] |= i % 3 == 1 ? 0x80 >> k % 8 : random() & 0x80 >> k % 8;
		if (i % 5 == 0)
			step(addr, i % 2 ? 1 : -1);
		count = chain_of(items, n, addr, chain);
		leaf = tree_look(&c, IMAGE_SOURCE4, addr);
		for (k = 0; k < count; k++, leaf = leaves.leaf[leaf].parent)
			cr_assert(leaves.leaf[leaf].rule == chain[k], "%u rules, address %zu", rules, i);
		cr_assert(!leaf);
	}
	cells_free(&c);
	free(leaves.leaf);
	free(items);
	free(sorted);
}

Test(tree, spread)
{
	srandom(20140121);
	for (int four = 0; four < 2; four++) {
		expect_spread(four, 1);
		expect_spread(four, 2);
		expect_spread(four, 3000);
	}
}

/* Of local addresses only whether they are there is asked. */
Test(tree, without_leaves)
{
	static const char *const here[] = {"192.0.2.1", "127.0.0.0/8", "2001:db8::1", "::1"};
	static const struct {
		const char *address;
		uint32_t value;
	} rows[] = {
		{"192.0.2.0", 0},   {"192.0.2.1", 1},
		{"192.0.2.2", 0},   {"127.255.255.255", 1},
		{"128.0.0.0", 0},   {"255.255.255.255", 0},
		{"2001:db8::1", 1}, {"2001:db8::2", 0},
		{"::1", 1},	    {"::", 0},
		{"ffff::", 0},
	};
	struct tree_item items[COUNT(here)] = {0};
	struct cells c = {0};
	struct prefix p;
	size_t i;

	for (i = 0; i < COUNT(here); i++)
		cr_assert(!prefix_parse(here[i], &items[i].prefix));
	cells_add(&c, IMAGE_FIRST_FREE);
	cr_assert(!tree_build(&c, IMAGE_LOCAL4, items, COUNT(here), NULL));
	for (i = 0; i < COUNT(rows); i++) {
		cr_assert(!prefix_parse(rows[i].address, &p));
		cr_expect(tree_look(&c, IMAGE_LOCAL4, p.addr) == rows[i].value, "%s", rows[i].address);
	}
	cells_free(&c);
}

/* A list as long as real ones: every boundary of 100,000 prefixes. */
Test(tree, a_long_list)
{
	size_t n = 100000, i;
	struct tree_item *items = calloc(n, sizeof(*items));
	struct leaves leaves = {0};
	struct cells c = {0};
	uint8_t addr[16];

	memcpy(addr, mapped, sizeof(mapped));
	for (i = 0; i < n; i++) { /* every second /24 from 1.0.0.0 on */
		memcpy(items[i].prefix.addr, mapped, sizeof(mapped));
		items[i].prefix.addr[12] = 1 + (i >> 15);
		items[i].prefix.addr[13] = i >> 7;
		items[i].prefix.addr[14] = i << 1;
		items[i].prefix.len = 120;
		items[i].rule = i + 1;
	}
	cells_add(&c, IMAGE_FIRST_FREE);
	cr_assert(!tree_build(&c, IMAGE_SOURCE4, items, n, &leaves));
	for (i = 0; i < n; i++) {
		memcpy(addr + 12, items[i].prefix.addr + 12, 4);
		addr[15] = i;
		cr_assert(leaves.leaf[tree_look(&c, IMAGE_SOURCE4, addr)].rule == i + 1, "prefix %zu", i);
		addr[14] |= 1;
		cr_assert(!tree_look(&c, IMAGE_SOURCE4, addr), "behind prefix %zu", i);
	}
	/* Where a cell is not there, nothing is found, and nothing else happens. */
	for (; c.count; c.count /= 2) {
		size_t found = 0;

		for (i = 0; i < n; i += 97) {
			uint32_t leaf;

			memcpy(addr + 12, items[i].prefix.addr + 12, 4);
			leaf = tree_look(&c, IMAGE_SOURCE4, addr);
			cr_assert(!leaf || leaves.leaf[leaf].rule == i + 1, "prefix %zu", i);
			found += !!leaf;
		}
		cr_expect(c.count > IMAGE_SOURCE4 || !found);
	}
	cells_free(&c);
	free(leaves.leaf);
	free(items);
}
