// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies that are stored as changes of another, and images laid over another's:
 * the same as if all had been stored and built anew.
 */
#include <errno.h>

#include "image/image.h"
#include "image/tree.h"
#include "image_read.h"
#include "policy_helpers.h"

TestSuite(overlay, .init = scratch_enter, .fini = scratch_leave);

#define CHAIN 64

/* The ids of the rules for an address: which holds, which when that has expired, ... */
static size_t chain_of(const struct cells *c, uint32_t leaf, uint32_t ids[CHAIN])
{
	const struct image_head *head = (const void *)c->cell;
	const struct image_rule *rules = (const void *)&c->cell[head->rules];
	const struct image_leaf *leaves = (const void *)&c->cell[head->leaves];
	size_t n = 0;

	for (; leaf; leaf = leaves[leaf].parent)
		if (leaves[leaf].rule && n < CHAIN)
			ids[n++] = rules[leaves[leaf].rule].id;
	return n;
}

struct pair {
	struct cells over, base, whole;
};

static void expect_same(const struct pair *x, const uint8_t addr[16])
{
	uint32_t leaf = tree_look(&x->over, IMAGE_SOURCE4, addr), got[CHAIN], expected[CHAIN];
	size_t n, m = chain_of(&x->whole, tree_look(&x->whole, IMAGE_SOURCE4, addr), expected);

	n = leaf ? chain_of(&x->over, leaf, got)
		 : chain_of(&x->base, tree_look(&x->base, IMAGE_SOURCE4, addr), got);
	cr_assert(n == m, "%zu rules instead of %zu at %u.%u.%u.%u", n, m, addr[12], addr[13], addr[14],
		  addr[15]);
	for (size_t i = 0; i < n; i++)
		cr_assert(got[i] == expected[i], "rule %u instead of %u", got[i], expected[i]);
}

/* Few different addresses and lengths, so that much lies within each other. */
static void random_prefix(char *text, size_t size)
{
	static const unsigned int six[] = {0, 3, 16, 32, 48, 63, 64, 65, 96, 127, 128};
	struct prefix p = {.addr = {0x20, 0x01}};

	if (random() & 1) {
		p = (struct prefix){.addr = {[10] = 0xff, [11] = 0xff}, .len = 96 + random() % 33};
		p.addr[12] = random() % 3 * 0x7f;
		p.addr[13] = random() % 3;
		p.addr[14] = random();
		p.addr[15] = random();
	} else {
		p.addr[5] = random() % 2;
		p.addr[7] = random() % 3;
		p.addr[8] = random() % 3 * 0x80;
		p.addr[15] = random() % 4;
		p.len = six[random() % (long)(sizeof(six) / sizeof(*six))];
	}
	prefix_mask(&p);
	prefix_print(&p, text, size);
}

static void random_address(uint8_t addr[16])
{
	struct prefix p;
	char text[64];

	random_prefix(text, sizeof(text));
	cr_assert(!prefix_parse(text, &p));
	memcpy(addr, p.addr, 16);
	if (random() & 1)
		for (unsigned int i = p.len; i < 128; i++)
			addr[i / 8] |= 0x80 >> i % 8 & random();
}

static void write_list(const char *name, unsigned int count)
{
	char text[32768] = "", prefix[64];

	while (count--) {
		random_prefix(prefix, sizeof(prefix));
		strcat(strcat(text, prefix), "\n");
	}
	write_file(name, text);
}

static struct policy *random_base(void)
{
	struct policy *p;
	struct policy_error err = {.count = 0};
	char line[128], prefix[64];

	write_list("one", random() % 2 ? 200 : 3);
	write_list("two", random() % 60);
	p = parsed("posture enforce\nlisten tcp/80 as http\nserve a\nsource from one drop\n");
	cr_assert(policy_add(p, "source from two limit 5 visits/s for 1h", &err) == 1, "%s", err.text);
	for (int i = random() % 40; i > 0; i--) {
		random_prefix(prefix, sizeof(prefix));
		snprintf(line, sizeof(line), "source %s drop%s", prefix, random() & 1 ? " for 1m" : "");
		cr_assert(policy_add(p, line, &err) >= 0, "%s", err.text);
	}
	policy_inherit(p, NULL, 1000);
	return p;
}

static void change(struct policy *p, int times)
{
	struct policy_error err = {.count = 0};
	char line[128], prefix[64];

	while (times--) {
		const struct rule *r = policy_rule(p, random() % policy_count(p));

		random_prefix(prefix, sizeof(prefix));
		if (random() % 3) {
			snprintf(line, sizeof(line), "source %s %s", prefix, random() & 1 ? "trust" : "drop");
			cr_assert(policy_add(p, line, &err) >= 0, "%s", err.text);
		} else if (r->statement == ST_SOURCE && !r->from) {
			snprintf(line, sizeof(line), "source %s", r->subject);
			cr_assert(policy_del(p, line, &err) == 1, "%s", err.text);
		}
	}
}

static void *stored(struct policy *p, size_t *len)
{
	void *bytes;

	cr_assert(!policy_store(p, &bytes, len));
	return bytes;
}

static struct policy *viewed(const void *bytes, size_t len, enum load_care care)
{
	struct policy *p = NULL;

	cr_assert(!policy_view(&p, bytes, len, care));
	return p;
}

static void expect_make(const void *bytes, size_t len, struct policy *now, struct policy *changed,
			struct policy *gone)
{
	struct policy *again = viewed(bytes, len, LOAD_ALL), *more = NULL, *less = NULL;
	char *text = printed(now);
	size_t more_len, less_len;
	void *more_bytes = stored(changed, &more_len), *less_bytes = stored(gone, &less_len);

	cr_assert(!policy_load(&more, more_bytes, more_len) && !policy_load(&less, less_bytes, less_len));
	cr_assert(!policy_make(again, more, less));
	assert_prints(again, text);
	for (size_t i = 0; i < policy_count(now); i++)
		cr_assert(policy_rule(again, i)->id == policy_rule(now, i)->id &&
			  policy_rule(again, i)->expires == policy_rule(now, i)->expires);
	free(text);
	free(more_bytes);
	free(less_bytes);
	policy_free(more);
	policy_free(less);
	policy_free(again);
}

static size_t prefixes_of(struct policy *p, struct prefix *out)
{
	for (size_t i = 0; i < policy_count(p); i++)
		out[i] = policy_rule(p, i)->prefixes[0];
	return policy_count(p);
}

static void expect_image(struct policy *base, struct policy *now, struct policy *changed, struct policy *gone)
{
	struct prefix prefixes[200];
	struct image_over over = {.base = 3, .changed = prefixes};
	struct pair x;
	uint8_t addr[16];

	over.count = prefixes_of(changed, prefixes);
	over.count += prefixes_of(gone, prefixes + over.count);
	cr_assert(!image_build(&x.base, base, NULL, 0, NULL) && !image_build(&x.whole, now, NULL, 0, NULL));
	cr_assert(!image_build_over(&x.over, now, NULL, 0, NULL, &over));
	cr_assert(((struct image_head *)x.over.cell)->base == 4);
	for (size_t i = 0; i < over.count; i++) {
		expect_same(&x, prefixes[i].addr);
		memcpy(addr, prefixes[i].addr, 16);
		for (unsigned int bit = prefixes[i].len; bit < 128; bit++)
			addr[bit / 8] |= 0x80 >> bit % 8;
		expect_same(&x, addr);
	}
	for (int i = 0; i < 400; i++) {
		random_address(addr);
		expect_same(&x, addr);
	}
	cells_free(&x.over);
	cells_free(&x.base);
	cells_free(&x.whole);
}

Test(overlay, random)
{
	srandom(20150120);
	for (int round = 0; round < 200; round++) {
		struct policy *first = random_base(), *changed, *gone;
		size_t len;
		void *bytes = stored(first, &len);
		struct policy *base = viewed(bytes, len, LOAD_LINES);
		struct policy *now = round & 1 ? policy_clone(base) : viewed(bytes, len, LOAD_LINES);

		change(now, round % 30);
		policy_inherit(now, base, 2000);
		cr_assert(!policy_changes(base, now, &changed, &gone));
		expect_make(bytes, len, now, changed, gone);
		expect_image(base, now, changed, gone);
		policy_free(changed);
		policy_free(gone);
		policy_free(now);
		policy_free(base);
		policy_free(first);
		free(bytes);
	}
}

/* A clone's changes are not those of what it was made of; a time that is over and
 * starts anew is one, too. */
Test(overlay, clone)
{
	struct policy *p = parsed("source 10.0.0.0/8 drop for 1s\nsource 10.1.0.0/16 drop\nserve a\n"), *now;
	struct policy *changed, *gone;
	struct policy_error err;
	char *text = printed(p);

	policy_inherit(p, NULL, 1);
	now = policy_clone(p);
	cr_assert(policy_add(now, "source 10.0.0.0/8 drop for 1s", &err) == 1, "it has expired");
	cr_assert(policy_add(now, "source 10.1.0.0/16 drop", &err) == 0);
	cr_assert(policy_add(now, "source 10.2.0.0/16 drop", &err) == 1);
	cr_assert(policy_del(now, "serve a", &err) == 1);
	policy_inherit(now, p, 5);
	assert_prints(p, text);
	cr_expect(policy_rule(p, 0)->expires == 1 + SECOND_NS &&
		  policy_rule(now, 0)->expires == 5 + SECOND_NS);
	cr_expect(policy_rule(p, 0)->id == policy_rule(now, 0)->id);
	cr_expect(policy_rule(now, 2)->id && policy_rule(now, 2)->id != policy_rule(p, 2)->id);
	cr_assert(!policy_changes(p, now, &changed, &gone));
	cr_expect(policy_count(changed) == 2 && policy_count(gone) == 1);
	free(text);
	policy_free(changed);
	policy_free(gone);
	policy_free(now);
	policy_free(p);
}

/* What is deleted and added again stands in the end, as without a base. */
Test(overlay, order)
{
	struct policy *p = parsed("posture enforce\nsource 10.0.0.0/8 drop\nsource 10.1.0.0/16 drop\n");
	struct policy *base, *now, *changed, *gone;
	struct policy_error err;
	size_t len;
	void *bytes;

	policy_inherit(p, NULL, 1);
	bytes = stored(p, &len);
	base = viewed(bytes, len, LOAD_ALL);
	now = viewed(bytes, len, LOAD_ALL);
	cr_assert(policy_del(now, "source 10.0.0.0/8", &err) == 1);
	cr_assert(policy_add(now, "source 10.0.0.0/8 drop", &err) == 1);
	policy_inherit(now, base, 1);
	cr_assert(!policy_changes(base, now, &changed, &gone));
	cr_expect(policy_count(changed) == 1 && policy_count(gone) == 1);
	expect_make(bytes, len, now, changed, gone);
	policy_free(changed);
	policy_free(gone);
	policy_free(base);
	policy_free(now);
	policy_free(p);
	free(bytes);
}

/* A list that was not looked into is, before it is used. */
Test(overlay, lists_are_checked)
{
	struct policy *p, *again = NULL;
	size_t len, skip;
	char *bytes;

	write_file("one", "10.0.0.0/8\n192.0.2.0/24\n");
	p = parsed("source from one drop\n");
	policy_inherit(p, NULL, 1);
	bytes = stored(p, &len);
	skip = 64 + 96;
	bytes[skip + 12] ^= 1;
	cr_expect(policy_view(&again, bytes, len, LOAD_ALL) == -EINVAL);
	cr_assert(!policy_view(&again, bytes, len, LOAD_LINES));
	cr_expect(policy_check_lists(again) == -EINVAL);
	bytes[skip + 12] ^= 1;
	cr_expect(!policy_check_lists(again));
	policy_free(again);
	policy_free(p);
	free(bytes);
}
