// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy as a container: its rules in order, and by their subject. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "policy/internal.h"
#include "lib/clock.h"
#include "lib/large.h"

struct policy *policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	free(p->rules);
	index_clear(&p->index);
	arena_free(&p->memory);
	policy_free(p->of);
	if (p->mapped)
		munmap(p->mapped, p->mapped_size);
	free(p);
}

struct policy *policy_clone(struct policy *of)
{
	struct policy *p = policy_new();

	if (!p)
		return NULL;
	p->rules = large_alloc((of->count + 1) * sizeof(*p->rules));
	p->index.slots = large_alloc(of->index.size * sizeof(*p->index.slots));
	if (!p->rules || !p->index.slots) {
		policy_free(p);
		return NULL;
	}
	if (of->count)
		memcpy(p->rules, of->rules, of->count * sizeof(*p->rules));
	if (of->index.size)
		memcpy(p->index.slots, of->index.slots, of->index.size * sizeof(*p->index.slots));
	p->count = of->count;
	p->room = of->count + 1;
	p->index.size = of->index.size;
	p->indexed = of->indexed;
	p->unlooked = of->unlooked;
	p->unlooked_size = of->unlooked_size;
	return p;
}

void policy_adopt(struct policy *clone, struct policy *of)
{
	clone->of = of;
}

void policy_keep(struct policy *p, void *mapped, size_t size)
{
	p->mapped = mapped;
	p->mapped_size = size;
}

size_t policy_count(const struct policy *p)
{
	return p->count;
}

struct rule *policy_rule(struct policy *p, size_t i)
{
	return p->rules[i];
}

size_t policy_lines(const struct policy *p)
{
	const struct rule *last = NULL;
	size_t lines = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct rule *r = p->rules[i];

		/* each command is a line 1 of "-" */
		if (!last || last->origin.line != r->origin.line ||
		    strcmp(last->origin.file, r->origin.file) || !strcmp(r->origin.file, "-"))
			lines++;
		last = r;
	}
	return lines;
}

size_t policy_entries(const struct policy *p, enum statement s)
{
	size_t entries = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct rule *r = p->rules[i];

		if (r->statement == s && rule_takes_prefixes(s))
			entries += r->prefix_count;
		else if (r->statement == s && rule_takes_names(s))
			entries += r->name_count;
		else
			entries += r->statement == s;
	}
	return entries;
}

struct arena *policy_memory(struct policy *p)
{
	return &p->memory;
}

const char *policy_file_name(struct policy *p, const char *file)
{
	if (!p->last_file || strcmp(p->last_file, file)) {
		const char *copy = arena_text(&p->memory, file, strlen(file));

		if (!copy)
			return NULL;
		p->last_file = copy;
	}
	return p->last_file;
}

struct rule *policy_rule_new(struct policy *p, enum statement s)
{
	struct rule *r = arena_alloc(&p->memory, sizeof(*r));

	if (r)
		r->statement = s;
	return r;
}

int policy_set_subject(struct policy *p, struct rule *r)
{
	char text[SUBJECT_SIZE];
	int len = rule_subject(r, text, sizeof(text));

	if (len >= (int)sizeof(text))
		return -ENAMETOOLONG;
	r->subject = arena_text(&p->memory, text, (size_t)len);
	return r->subject ? 0 : -ENOMEM;
}

enum posture policy_posture(struct policy *p)
{
	const struct rule *r = policy_find(p, ST_POSTURE, "");

	return r ? r->posture : POSTURE_OBSERVE;
}

static bool is_canary(const struct rule *r)
{
	return r && (r->share || r->prefix_count);
}

const struct rule *policy_canary(struct policy *p)
{
	const struct rule *r = policy_find(p, ST_POSTURE, "");

	return is_canary(r) ? r : NULL;
}

bool policy_same_posture(struct policy *a, struct policy *b)
{
	const struct rule *x = policy_canary(a), *y = policy_canary(b);

	if (x && y)
		return rule_says_same(x, y);
	return !x && !y && policy_posture(a) == policy_posture(b);
}

enum posture policy_posture_of(struct policy *p, const struct rule *listener)
{
	enum posture posture = policy_posture(p);

	if (posture == POSTURE_OBSERVE || listener->observe)
		return POSTURE_OBSERVE;
	return listener->sleeps ? POSTURE_AUTO : posture;
}

void policy_print(struct policy *p, FILE *out)
{
	char line[RULE_LINE_MAX];

	for (size_t i = 0; i < policy_count(p); i++) {
		rule_print(policy_rule(p, i), line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
}

/* -- by subject */

static uint32_t rule_hash(const struct rule *r)
{
	return index_hash(r->subject, strlen(r->subject), r->statement);
}

static bool is_rule(const void *things, uint32_t at, const void *key)
{
	struct rule *const *rules = things;
	const struct rule *k = key;

	return rules[at]->statement == k->statement && !strcmp(rules[at]->subject, k->subject);
}

/* Room in the index for all rules and some more. */
static int index_ready(struct policy *p, size_t more)
{
	if (p->indexed > p->count) {
		index_clear(&p->index);
		p->indexed = 0;
	}
	return index_reserve(&p->index, p->count + more);
}

/* The slot of a rule with k's statement and subject, whose hash this is, after the
 * index has caught up with the rules; NULL without memory. */
static struct index_slot *slot_for(struct policy *p, const struct rule *k, uint32_t k_hash)
{
	if (index_ready(p, 1))
		return NULL;
	while (p->indexed < p->count) {
		const struct rule *r = p->rules[p->indexed];
		uint32_t hash = rule_hash(r);
		struct index_slot *s = index_find(&p->index, hash, is_rule, p->rules, r);

		p->indexed++;
		if (!s->at)
			*s = (struct index_slot){.hash = hash, .at = (uint32_t)p->indexed};
	}
	return index_find(&p->index, k_hash, is_rule, p->rules, k);
}

static struct index_slot *slot_of(struct policy *p, const struct rule *k)
{
	return slot_for(p, k, rule_hash(k));
}

/* After anything but an append. Larger than any count. */
static void index_stale(struct policy *p)
{
	p->indexed = SIZE_MAX;
}

int policy_reserve(struct policy *p, size_t more)
{
	size_t room = p->room ? p->room : 64;
	struct rule **rules;
	int err;

	if (more > POLICY_RULES_MAX - p->count)
		return -E2BIG;
	while (room < p->count + more)
		room *= 2;
	err = index_ready(p, more);
	if (err || room == p->room)
		return err;
	rules = realloc(p->rules, room * sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	p->rules = rules;
	p->room = room;
	return 0;
}

int policy_append(struct policy *p, struct rule *r, struct rule **there)
{
	uint32_t hash = rule_hash(r);
	struct index_slot *s;
	int err = policy_reserve(p, 1);

	if (err)
		return err;
	s = slot_for(p, r, hash);
	if (!s)
		return -ENOMEM;
	if (s->at) {
		*there = p->rules[s->at - 1];
		return -EEXIST;
	}
	p->rules[p->count++] = r;
	p->indexed = p->count;
	*s = (struct index_slot){.hash = hash, .at = (uint32_t)p->count};
	return 0;
}

int policy_take(struct policy *p, const struct rule *r)
{
	struct rule *copy = policy_rule_new(p, r->statement), *there;

	if (!copy)
		return -ENOMEM;
	*copy = *r;
	if (r->prefix_count == 1) {
		copy->prefixes = arena_alloc(&p->memory, sizeof(*copy->prefixes));
		if (!copy->prefixes)
			return -ENOMEM;
		*copy->prefixes = *r->prefixes;
	}
	copy->subject = arena_text(&p->memory, r->subject, strlen(r->subject));
	return copy->subject ? policy_append(p, copy, &there) : -ENOMEM;
}

int policy_put(struct policy *p, struct rule *r)
{
	struct rule *there;
	struct index_slot *s = slot_of(p, r);

	if (!s)
		return -ENOMEM;
	if (!s->at)
		return policy_append(p, r, &there);
	p->rules[s->at - 1] = r;
	return 0;
}

void policy_truncate(struct policy *p, size_t count)
{
	if (count == p->count)
		return;
	p->count = count;
	index_stale(p);
}

struct rule *policy_find(struct policy *p, enum statement s, const char *subject)
{
	const struct rule key = {.statement = s, .subject = (char *)subject};
	struct index_slot *slot = slot_of(p, &key);

	return slot && slot->at ? p->rules[slot->at - 1] : NULL;
}

/* -- what policy_add() and policy_del() do with a parsed line */

static bool has_expired(const struct rule *r)
{
	return r->expires && r->expires <= monotonic_ns();
}

/* Takes the place of `old`. Returns whether anything is different then. */
static bool replace(struct rule **old, struct rule *r)
{
	if (rule_same(*old, r)) {
		/* A limit in time that is over is no reason to do nothing when
		 * its line is typed again. */
		if (!has_expired(*old))
			return false;
		r->origin = (*old)->origin;
	}
	r->id = (*old)->id;
	r->restart = has_expired(*old);
	*old = r;
	return true;
}

int policy_merge(struct policy *p, struct policy *line)
{
	bool changed = false;
	int err = policy_reserve(p, line->count);

	if (err)
		return err;
	/* There is room for all: nothing fails half-way from here. */
	for (size_t i = 0; i < line->count; i++) {
		struct index_slot *s = slot_of(p, line->rules[i]);
		struct rule *there;

		if (s->at)
			changed |= replace(&p->rules[s->at - 1], line->rules[i]);
		else
			changed |= !policy_append(p, line->rules[i], &there);
	}
	arena_splice(&p->memory, &line->memory);
	line->count = 0;
	return changed;
}

int policy_remove(struct policy *p, struct policy *line, const struct rule **missing)
{
	size_t kept = 0;

	for (size_t i = 0; i < line->count; i++) {
		struct index_slot *s = slot_of(p, line->rules[i]);

		*missing = line->rules[i];
		if (!s || !s->at)
			return s ? -ENOENT : -ENOMEM;
		line->rules[i] = p->rules[s->at - 1];
	}
	for (size_t i = 0; i < line->count; i++)
		line->rules[i]->gone = true;
	for (size_t i = 0; i < p->count; i++)
		if (!p->rules[i]->gone)
			p->rules[kept++] = p->rules[i];
	policy_truncate(p, kept);
	return 1;
}
