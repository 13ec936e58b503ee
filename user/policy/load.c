// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes to a policy. Nothing is believed: what is loaded could have come from
 * the parser, or it is refused. So all who use a policy may rely on the same
 * things, wherever it is from.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "policy/internal.h"
#include "policy/name.h"
#include "policy/rate.h"
#include "policy/bytes.h"
#include "policy/valid.h"
#include "lib/large.h"

struct loader {
	struct policy *policy; /* NULL: rules are looked at, none is kept */
	enum load_care care;
	struct bytes_head head;
	const char *rules;		    /* not aligned */
	struct prefix *prefix, *prefix_end; /* the next to give away */
	const char *name, *name_end;
	const char *strings;
	uint8_t *ids; /* a bit for each that is taken; NULL: nobody asks */
	/* of the one that is not kept: */
	struct name last_name;
	struct name listeners[LIMIT_LISTENERS_MAX];
	char subject[SUBJECT_SIZE];
};

static bool sizes_fit(const struct bytes_head *head, size_t len)
{
	uint64_t left = len - sizeof(*head);

	if (head->size != len || head->rules > POLICY_RULES_MAX ||
	    head->rules > left / sizeof(struct bytes_rule))
		return false;
	left -= head->rules * sizeof(struct bytes_rule);
	if (head->prefixes > left / sizeof(struct prefix))
		return false;
	left -= head->prefixes * sizeof(struct prefix);
	return head->names <= left && head->strings && head->strings == left - head->names;
}

/* Lists and strings stay where they are: the policy points into the bytes. */
static int find_lists(struct loader *l, const char *bytes)
{
	size_t skip = sizeof(l->head) + l->head.rules * sizeof(struct bytes_rule);

	l->rules = bytes + sizeof(l->head);
	l->prefix = (struct prefix *)(bytes + skip); /* bytes only: needs no alignment */
	l->prefix_end = l->prefix + l->head.prefixes;
	l->name = (const char *)l->prefix_end;
	l->name_end = l->name + l->head.names;
	l->strings = l->name_end;
	return l->strings[0] || l->strings[l->head.strings - 1] ? -EINVAL : 0;
}

/* -- lists */

static int load_prefixes(struct loader *l, struct rule *r, uint32_t count)
{
	if (count > (size_t)(l->prefix_end - l->prefix))
		return -EINVAL;
	/* Of a list that is not looked into, the sum will do. */
	for (uint32_t i = 0; i < count && (l->care == LOAD_ALL || count == 1); i++) {
		struct prefix p = l->prefix[i];

		if (p.len > 128 || prefix_mask(&p) || (i && prefix_order(&l->prefix[i - 1], &p) >= 0))
			return -EINVAL;
	}
	r->prefixes = count ? l->prefix : NULL;
	r->prefix_count = count;
	l->prefix += count;
	return 0;
}

/* zone: NULL, or the one that is to have it. */
static int load_name(struct loader *l, const struct rule *r, const char *zone, struct name *n)
{
	size_t left = (size_t)(l->name_end - l->name);
	const char *end = left > 1 ? memchr(l->name + 1, '\0', left - 1) : NULL;
	char normal[NAME_SIZE_MAX + 1];
	const char *why;

	if (!end)
		return -EINVAL;
	*n = (struct name){.kind = (uint8_t)*l->name, .text = l->name + 1};
	l->name += end + 1 - l->name;
	if (n->kind < NAME_EXACT || n->kind > NAME_TREE)
		return -EINVAL;
	if (zone)
		return name_owner_valid(n->text) && name_in_zone(n->text, zone) ? 0 : -EINVAL;
	if ((r->statement == ST_ZONE && n->kind != NAME_TREE) ||
	    (r->statement == ST_STRAY && n->kind != NAME_EXACT))
		return -EINVAL;
	if (name_read(n->text, (size_t)(end - n->text), r->statement == ST_ZONE, normal, &why) < 0 ||
	    strcmp(normal, n->text))
		return -EINVAL;
	return n->kind != NAME_EXACT && name_is_address(n->text) ? -EINVAL : 0;
}

static int load_names(struct loader *l, struct rule *r, uint32_t count)
{
	const char *zone = NULL;
	struct name other;
	int err = 0;

	/* three bytes at least for each: no number makes us ask for much memory */
	if (count > (size_t)(l->name_end - l->name) / 3)
		return -EINVAL;
	if (!count)
		return 0;
	r->name_count = count;
	if (l->policy) {
		r->names = arena_alloc(&l->policy->memory, count * sizeof(*r->names));
		if (!r->names)
			return -ENOMEM;
	} else if (count == 1 || r->listed) {
		r->names = &l->last_name;
	}
	for (uint32_t i = 0; !err && i < count; i++) {
		struct name *n = l->policy ? &r->names[i] : i ? &other : &l->last_name;

		err = load_name(l, r, zone, n);
		if (r->statement == ST_ZONE && r->listed && !zone)
			zone = n->text;
	}
	return err;
}

/* The page of a rule that has the path of one, or the name that it is for. */
static int load_page(struct loader *l, struct rule *r, uint32_t count)
{
	size_t left = (size_t)(l->name_end - l->name);
	const char *end;

	if (!answer_valid(r))
		return -EINVAL;
	if (!r->from && count == 1 && stray_takes_names(r))
		return load_names(l, r, count);
	if (count != !!r->from)
		return -EINVAL;
	if (!count)
		return 0;
	end = left > 1 ? memchr(l->name + 1, '\0', left - 1) : NULL;
	if (!end || *l->name != NAME_EXACT || page_flaw(l->name + 1, (size_t)(end - l->name - 1)))
		return -EINVAL;
	r->names = l->policy ? arena_alloc(&l->policy->memory, sizeof(*r->names)) : &l->last_name;
	if (!r->names)
		return -ENOMEM;
	*r->names = (struct name){.kind = NAME_EXACT, .text = l->name + 1};
	r->name_count = 1;
	l->name = end + 1;
	return 0;
}

/* Those behind `for`. */
static int load_listeners(struct loader *l, struct rule *r, uint32_t count)
{
	if (count > LIMIT_LISTENERS_MAX)
		return -EINVAL;
	r->names = !count      ? NULL
		   : l->policy ? arena_alloc(&l->policy->memory, count * sizeof(*r->names))
			       : l->listeners;
	if (count && !r->names)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		size_t left = (size_t)(l->name_end - l->name);
		const char *end = left > 1 ? memchr(l->name + 1, '\0', left - 1) : NULL;

		if (!end || *l->name != NAME_EXACT || !listener_text_valid(l->name + 1))
			return -EINVAL;
		r->names[i] = (struct name){.kind = NAME_EXACT, .text = l->name + 1};
		l->name = end + 1;
	}
	r->name_count = count;
	return 0;
}

static int load_lists(struct loader *l, struct rule *r, const struct bytes_rule *b)
{
	bool prefixes = rule_takes_prefixes(r->statement), names = rule_takes_names(r->statement);

	if (r->statement == ST_LIMIT)
		return b->prefix_count || r->from ? -EINVAL : load_listeners(l, r, b->name_count);
	if (rule_is_fate(r))
		return b->prefix_count ? -EINVAL : load_page(l, r, b->name_count);
	if (!prefixes && !names) {
		if (b->name_count || r->from ||
		    b->prefix_count > (r->posture == POSTURE_ENFORCE && !r->share))
			return -EINVAL;
		return load_prefixes(l, r, b->prefix_count);
	}
	if (prefixes ? b->name_count : b->prefix_count)
		return -EINVAL;
	if (!r->from && b->prefix_count + b->name_count != 1)
		return -EINVAL;
	if (r->statement == ST_ZONE && r->listed && (!r->from || !b->name_count))
		return -EINVAL;
	return prefixes ? load_prefixes(l, r, b->prefix_count) : load_names(l, r, b->name_count);
}

/* -- one rule */

static const char *load_string(const struct loader *l, uint32_t at)
{
	return at < l->head.strings ? l->strings + at : NULL;
}

static bool from_valid(const char *path)
{
	if (*path != '/' || strlen(path) >= PATH_MAX)
		return false;
	for (; *path; path++)
		if ((unsigned char)*path < 0x20 || *path == 0x7f)
			return false;
	return true;
}

static int load_strings(struct loader *l, struct rule *r, const struct bytes_rule *b)
{
	const char *file = load_string(l, b->file), *from = load_string(l, b->from);
	const char *device = load_string(l, b->device);

	if (!file || !from || !device || (r->statement == ST_DEVICE) != device_valid(device))
		return -EINVAL;
	if (b->from && !from_valid(from))
		return -EINVAL;
	r->origin = (struct origin){file, b->line, b->column};
	r->from = b->from ? (char *)from : NULL;
	r->subject = r->statement == ST_DEVICE ? (char *)device : NULL;
	return 0;
}

/* No id twice, listeners' in their range: they are an index into counters. 0 is none. */
static bool id_valid(struct loader *l, const struct rule *r)
{
	uint32_t id = r->id;
	uint8_t bit = (uint8_t)(1 << id % 8);

	if (!id)
		return true;
	if ((r->statement == ST_LISTEN) != (id <= LISTENERS_MAX))
		return false;
	if (!l->ids)
		return true;
	if (l->ids[id / 8] & bit)
		return false;
	l->ids[id / 8] |= bit;
	return true;
}

/* All but the subject of a rule that has none but by its other fields. */
static int read_rule(struct loader *l, struct rule *r, const struct bytes_rule *b)
{
	int err;

	if (b->statement >= ST_COUNT || b->any > 1 || b->observe > 1 ||
	    b->flags & ~(BYTES_SLEEPS | BYTES_PROXY))
		return -EINVAL;
	*r = (struct rule){
		.statement = (enum statement)b->statement,
		.id = b->id,
		.action = (enum action)b->action,
		.rate = {b->rate_count, b->rate_burst, (enum rate_unit)b->rate_unit, b->above},
		.duration = b->duration,
		.expires = b->expires,
		.l4 = b->l4,
		.port = b->port,
		.any = b->any,
		.as = (enum protocol)b->as,
		.depth = (enum depth)b->depth,
		.observe = b->observe,
		.sleeps = b->flags & BYTES_SLEEPS,
		.proxy = b->flags & BYTES_PROXY,
		.posture = (enum posture)b->posture,
	};
	memcpy(r->addr, b->addr, sizeof(r->addr));
	if (!rule_valid(r) || !id_valid(l, r))
		return -EINVAL;
	err = load_strings(l, r, b);
	return err ? err : load_lists(l, r, b);
}

static int load_rule(struct loader *l, struct rule *r, const struct bytes_rule *b)
{
	struct rule *there;
	int err = read_rule(l, r, b);

	if (!err && !r->subject)
		err = policy_set_subject(l->policy, r);
	return err ? err : policy_append(l->policy, r, &there);
}

/* As many bits as the highest id needs. */
static int make_ids(struct loader *l)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < l->head.rules; i++) {
		struct bytes_rule b;

		memcpy(&b, l->rules + i * sizeof(b), sizeof(b));
		highest = b.id > highest ? b.id : highest;
	}
	if (highest >= RULES_MAX)
		return -EINVAL;
	l->ids = calloc(highest / 8 + 1, 1);
	return l->ids ? 0 : -ENOMEM;
}

static int load_rules(struct loader *l)
{
	/* Not cleared: each is written as a whole. */
	struct rule *rules = arena_adopt(&l->policy->memory, large_alloc(l->head.rules * sizeof(*rules)));
	int err = rules ? policy_reserve(l->policy, l->head.rules) : -ENOMEM;

	for (size_t i = 0; !err && i < l->head.rules; i++) {
		struct bytes_rule b;

		memcpy(&b, l->rules + i * sizeof(b), sizeof(b));
		err = load_rule(l, &rules[i], &b);
	}
	if (!err && (l->prefix != l->prefix_end || l->name != l->name_end))
		err = -EINVAL;
	return err;
}

/* Are these the bytes that policy_store() made, but perhaps for the prefixes? */
static bool is_whole(const struct bytes_head *head, const void *buf, size_t len)
{
	return !memcmp(head->magic, POLICY_BYTES_MAGIC, sizeof(head->magic)) && !head->reserved &&
	       head->version == POLICY_BYTES_VERSION && sizes_fit(head, len) &&
	       head->check == bytes_check(buf, len);
}

int policy_view(struct policy **p, const void *buf, size_t len, enum load_care care)
{
	struct policy *policy cleanup_policy = policy_new();
	struct loader l = {.policy = policy, .care = care};
	int err;

	if (!policy)
		return -ENOMEM;
	if (len < sizeof(l.head))
		return -EINVAL;
	memcpy(&l.head, buf, sizeof(l.head));
	if (!is_whole(&l.head, buf, len) ||
	    (care == LOAD_ALL && l.head.prefix_check != bytes_prefix_check(buf, len)))
		return -EINVAL;
	err = find_lists(&l, buf);
	if (err)
		return err;
	err = make_ids(&l);
	if (!err)
		err = load_rules(&l);
	free(l.ids);
	if (err)
		return err == -ENOMEM ? err : -EINVAL;
	if (care == LOAD_LINES) {
		policy->unlooked = buf;
		policy->unlooked_size = len;
	}
	*p = policy;
	policy = NULL;
	return 0;
}

/* ---- without a policy ---- */

int policy_sound(const void *buf, size_t len)
{
	struct bytes_head head;

	if (len < sizeof(head))
		return -EINVAL;
	memcpy(&head, buf, sizeof(head));
	return is_whole(&head, buf, len) ? 0 : -EINVAL;
}

static int pass_by(struct loader *l, const struct bytes_rule *b)
{
	if (b->prefix_count > (size_t)(l->prefix_end - l->prefix))
		return -EINVAL;
	l->prefix += b->prefix_count;
	for (uint32_t i = 0; i < b->name_count; i++) {
		size_t left = (size_t)(l->name_end - l->name);
		const char *end = left > 1 ? memchr(l->name + 1, '\0', left - 1) : NULL;

		if (!end)
			return -EINVAL;
		l->name = end + 1;
	}
	return 0;
}

static int look_at(struct loader *l, const struct bytes_rule *b, rule_fn *fn, void *arg)
{
	struct rule r;
	int err = read_rule(l, &r, b);

	if (!err && !r.subject) {
		r.subject = l->subject;
		err = rule_subject(&r, l->subject, sizeof(l->subject)) < (int)sizeof(l->subject) ? 0
												 : -EINVAL;
	}
	return err ? err : fn(&r, arg);
}

int policy_each(const void *buf, size_t len, unsigned int statements, rule_fn *fn, void *arg)
{
	struct loader l = {.care = LOAD_LINES};
	int err;

	if (len < sizeof(l.head))
		return -EINVAL;
	memcpy(&l.head, buf, sizeof(l.head));
	err = sizes_fit(&l.head, len) ? find_lists(&l, buf) : -EINVAL;
	for (size_t i = 0; !err && i < l.head.rules; i++) {
		struct bytes_rule b;

		memcpy(&b, l.rules + i * sizeof(b), sizeof(b));
		if (b.statement >= ST_COUNT)
			return -EINVAL;
		err = statements >> b.statement & 1 ? look_at(&l, &b, fn, arg) : pass_by(&l, &b);
	}
	return err;
}

int policy_check_lists(struct policy *p)
{
	struct policy *again cleanup_policy = NULL;
	int err = p->unlooked ? policy_view(&again, p->unlooked, p->unlooked_size, LOAD_ALL) : 0;

	if (!err)
		p->unlooked = NULL;
	return err;
}

int policy_load(struct policy **p, const void *buf, size_t len)
{
	void *copy = large_alloc(len);
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, buf, len);
	err = policy_view(p, copy, len, LOAD_ALL);
	if (err) {
		free(copy);
		return err;
	}
	if (arena_adopt(&(*p)->memory, copy))
		return 0;
	policy_free(*p);
	*p = NULL;
	return -ENOMEM;
}
