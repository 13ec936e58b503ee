// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which names are served no more? Lines alone do not tell: a list may have
 * lost some, and a name that lost its line may be below one that stays.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/internal.h"
#include "policy/name.h"
#include "lib/large.h"

/* All names of one statement by their text, with what is served of each. */
struct served {
	struct name *names;
	size_t count;
	struct index index;
};

static void served_free(struct served *s)
{
	free(s->names);
	index_clear(&s->index);
}

static bool has_text(const void *things, uint32_t at, const void *key)
{
	const struct name *names = things;

	return !strcmp(names[at].text, key);
}

static struct index_slot *slot_of(struct served *s, const char *text, uint32_t *hash)
{
	*hash = index_hash(text, strlen(text), 0);
	return index_find(&s->index, *hash, has_text, s->names, text);
}

static uint8_t kinds_of(struct served *s, const char *text)
{
	uint32_t hash;
	struct index_slot *slot = slot_of(s, text, &hash);

	return slot->at ? s->names[slot->at - 1].kind : 0;
}

static void add(struct served *s, const struct name *n)
{
	uint32_t hash;
	struct index_slot *slot = slot_of(s, n->text, &hash);

	if (slot->at) {
		s->names[slot->at - 1].kind |= n->kind;
		return;
	}
	s->names[s->count++] = *n;
	*slot = (struct index_slot){.hash = hash, .at = (uint32_t)s->count};
}

/* Of a zone whose names are known, it alone: what is not among them is unknown, and no
 * stray. */
static size_t names_of(const struct rule *r)
{
	return r->statement == ST_ZONE && r->listed ? 1 : r->name_count;
}

static int collect(struct served *s, struct policy *p, enum statement statement)
{
	size_t count = policy_entries(p, statement);

	s->names = large_alloc(count * sizeof(*s->names));
	if (!s->names || index_reserve(&s->index, count + 1))
		return -ENOMEM;
	for (size_t i = 0; i < p->count; i++)
		for (size_t n = 0; p->rules[i]->statement == statement && n < names_of(p->rules[i]); n++)
			add(s, &p->rules[i]->names[n]);
	return 0;
}

static bool is_served(struct served *s, const struct name *n)
{
	const char *parent = n->text;

	if (!(n->kind & ~kinds_of(s, n->text)))
		return true;
	if (name_is_address(n->text))
		return false;
	while ((parent = strchr(parent, '.')))
		if (kinds_of(s, ++parent) & NAME_BELOW)
			return true;
	return false;
}

static uint64_t mixed(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15;
	x ^= x >> 32;
	return x * 0xd6e8feb86659fd93;
}

uint64_t policy_served_sum(struct policy *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct rule *r = p->rules[i];
		uint64_t line = (uint64_t)r->statement << 40;

		if (r->statement == ST_STRAY && r->action == ACT_PASS)
			sum += mixed(line | index_hash(r->subject, strlen(r->subject), 0));
		for (size_t n = 0; (r->statement == ST_SERVE || r->statement == ST_ZONE) && n < names_of(r);
		     n++)
			sum += mixed(line | (uint64_t)r->names[n].kind << 32 | name_hash(&r->names[n]));
	}
	return sum;
}

long policy_forgotten(struct policy *before, struct policy *now, enum statement statement,
		      void (*fn)(const struct name *n, const struct rule *of, void *arg), void *arg)
{
	struct served s __attribute__((cleanup(served_free))) = {0};
	long forgotten = 0;

	if (collect(&s, now, statement))
		return -ENOMEM;
	for (size_t i = 0; i < before->count; i++) {
		const struct rule *r = before->rules[i];

		for (size_t n = 0; r->statement == statement && n < names_of(r); n++) {
			if (is_served(&s, &r->names[n]))
				continue;
			forgotten++;
			fn(&r->names[n], r, arg);
		}
	}
	return forgotten;
}
