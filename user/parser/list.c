// SPDX-License-Identifier: GPL-2.0-or-later
/* The lists of `from FILE`: a million entries in a fraction of a second. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parser/list.h"
#include "parser/list_form.h"
#include "parser/text.h"
#include "policy/build.h"
#include "policy/name.h"
#include "policy/rule.h"
#include "lib/index.h"
#include "lib/large.h"
#include "lib/progress.h"

struct list {
	struct policy *policy;
	struct rule *rule;
	struct place at; /* in the list's file */
	struct list_form form;
	size_t room;
	size_t guess;	    /* how many entries, from the size of the file */
	struct index names; /* those that are there already */
	bool found;	    /* of a zone: any */
};

static int grow(struct list *l, void **array, size_t count, size_t size, size_t most, const char *what,
		unsigned int column)
{
	size_t room = l->room ? 2 * l->room : l->guess;
	void *more;

	if (count >= most) {
		complain(&l->at, column, "policy larger than the tables; expected at most %zu %s", most,
			 what);
		return -E2BIG;
	}
	if (count < l->room)
		return 0;
	more = *array ? realloc(*array, room * size) : large_alloc(room * size);
	if (!more)
		return complain_memory(&l->at);
	*array = more;
	l->room = room;
	return 0;
}

static int not_prefix(struct list *l, const char *word, size_t len, unsigned int column)
{
	return complain(&l->at, column,
			"'%s' is no prefix; expected one like 203.0.113.0/24 or 2001:db8::/32",
			text_shown(&l->at, word, len));
}

static int put_prefix(struct list *l, const struct prefix *p, unsigned int column)
{
	struct rule *r = l->rule;
	int err = grow(l, (void **)&r->prefixes, r->prefix_count, sizeof(*p), POLICY_PREFIXES_MAX, "prefixes",
		       column);

	if (!err)
		r->prefixes[r->prefix_count++] = *p;
	return err;
}

static int add_prefix(struct list *l, const struct list_entry *e)
{
	struct prefix p;

	switch (prefix_read(e->text, e->len, &p)) {
	case 0:
		return put_prefix(l, &p, e->column);
	case -EDOM:
		return complain_prefix(&l->at, e->column, e->text, e->len, "has host bits set", &p);
	case -EAFNOSUPPORT:
		return complain_prefix(&l->at, e->column, e->text, e->len, "is IPv4 written as IPv6", &p);
	default:
		return not_prefix(l, e->text, e->len, e->column);
	}
}

/* FIRST-LAST as the prefixes that it is made of. */
static int add_range(struct list *l, const struct list_entry *e)
{
	struct prefix first, last, p;
	bool more = true;
	int err = 0;

	if (prefix_read(e->text, e->len, &first) || first.len != 128)
		return not_prefix(l, e->text, e->len, e->column);
	if (prefix_read(e->last, e->last_len, &last) || last.len != 128)
		return not_prefix(l, e->last, e->last_len, e->column + (unsigned int)(e->last - e->text));
	if (address_is_v4(first.addr) != address_is_v4(last.addr) || memcmp(first.addr, last.addr, 16) > 0)
		return complain(&l->at, e->column, "range ends before it begins; expected FIRST-LAST");
	while (more && !err) {
		more = prefix_cut(first.addr, last.addr, &p);
		err = put_prefix(l, &p, e->column);
	}
	return err;
}

static bool is_name(const void *things, uint32_t at, const void *key)
{
	const struct name *list = things;

	return name_equal(&list[at], key);
}

/* The name joins those of the rule, unless it is there. */
static int put_name_once(struct list *l, struct name *n, size_t len, unsigned int column)
{
	struct rule *r = l->rule;
	struct index_slot *slot;
	uint32_t hash;
	int err;

	if (index_reserve(&l->names, r->name_count + 1))
		return complain_memory(&l->at);
	hash = name_hash(n);
	slot = index_find(&l->names, hash, is_name, r->names, n);
	if (slot->at)
		return -EEXIST;
	err = grow(l, (void **)&r->names, r->name_count, sizeof(*n), POLICY_NAMES_MAX, "names", column);
	if (err)
		return err;
	n->text = arena_text(policy_memory(l->policy), n->text, len);
	if (!n->text)
		return complain_memory(&l->at);
	r->names[r->name_count++] = *n;
	*slot = (struct index_slot){.hash = hash, .at = (uint32_t)r->name_count};
	return 0;
}

static bool has_type(const struct list_entry *e, const char *type)
{
	return e->type && e->type_len == strlen(type) && !strncasecmp(e->type, type, e->type_len);
}

/* A name of a zone, and those between it and the zone, which are there as well
 * (RFC 8020). What is delegated is another server's, with all below it. */
static int add_owner(struct list *l, const struct list_entry *e)
{
	const char *zone = l->rule->names->text;
	char text[NAME_SIZE_MAX + 1];
	struct name n = {.text = text}, wild;
	const char *why;
	int err = name_read_owner(e->text, e->len, text, &n.kind, &why);

	if (err < 0)
		return complain(&l->at, e->column, "'%s' %s", text_shown(&l->at, e->text, e->len), why);
	if (!name_in_zone(text, zone))
		return complain(&l->at, e->column, "'%s' is not in the zone %s; expected names below it",
				text_shown(&l->at, e->text, e->len), zone);
	l->found = true;
	if ((has_type(e, "NS") && strcmp(text, zone)) || has_type(e, "DNAME"))
		n.kind = NAME_TREE;
	if (!strcmp(text, zone) && n.kind == NAME_EXACT)
		return 0;
	err = put_name_once(l, &n, (size_t)err, e->column);
	if (!err && n.kind == NAME_BELOW && strcmp(text, zone)) {
		n.kind = NAME_EXACT;
		err = put_name_once(l, &n, strlen(n.text), e->column);
	}
	while (!err && strcmp(n.text, zone)) {
		n = (struct name){.text = strchr(n.text, '.') + 1, .kind = NAME_EXACT};
		if (strcmp(n.text, zone))
			err = put_name_once(l, &n, strlen(n.text), e->column);
		/* It is a wildcard without any record, too (RFC 4592 2.2.2). */
		if (!err && !strncmp(n.text, "*.", 2)) {
			wild = (struct name){.text = n.text + 2, .kind = NAME_BELOW};
			err = put_name_once(l, &wild, strlen(wild.text), e->column);
			err = err == -EEXIST ? 0 : err;
		}
	}
	return err == -EEXIST ? 0 : err;
}

static int add_name(struct list *l, const struct list_entry *e)
{
	char text[NAME_SIZE_MAX + 1];
	struct name n = {.text = text};
	const char *why;
	int size = name_read_pattern(e->text, e->len, l->rule->statement == ST_ZONE, text, &n.kind, &why);

	if (size < 0)
		return complain(&l->at, e->column, "'%s' %s", text_shown(&l->at, e->text, e->len), why);
	size = put_name_once(l, &n, (size_t)size, e->column);
	return size == -EEXIST ? 0 : size;
}

static int add_entry(const struct list_entry *e, void *list)
{
	struct list *l = list;

	if (l->form.zone)
		return add_owner(l, e);
	if (!l->form.prefixes)
		return add_name(l, e);
	return e->last ? add_range(l, e) : add_prefix(l, e);
}

/* All entries, whatever is wrong with some; returns the first error. */
static int parse_list(struct list *l, struct text *t)
{
	int got, first = 0;
	char *line;
	size_t len;

	while ((got = text_line(t, &l->at, &line, &len))) {
		if (got > 0)
			got = list_form_line(&l->form, &l->at, line, len, add_entry, l);
		if (is_fatal(got))
			return got;
		first = first ? first : got;
		progress_done(t->next - t->buf);
	}
	return first;
}

/* The zone itself is the first of its names. */
static int begin_zone(struct list *l)
{
	struct name zone = *l->rule->names;

	l->rule->names = NULL;
	l->rule->name_count = 0;
	return put_name_once(l, &zone, strlen(zone.text), 1);
}

/* What was allocated by growing is the policy's now, on failure too. */
static int keep(struct list *l)
{
	struct rule *r = l->rule;
	struct arena *memory = policy_memory(l->policy);

	if (r->prefixes && !arena_adopt(memory, r->prefixes))
		r->prefixes = NULL;
	if (r->names && !arena_adopt(memory, r->names))
		r->names = NULL;
	if ((r->prefix_count && !r->prefixes) || (r->name_count && !r->names))
		return complain_memory(&l->at);
	return 0;
}

int list_read(struct policy *p, struct rule *r, const char *path, struct place *at, unsigned int column)
{
	struct text t cleanup_text = {0};
	struct list l = {
		.policy = p,
		.rule = r,
		.at = {.file = path, .err = at->err},
		.form = {.prefixes = rule_takes_prefixes(r->statement),
			 .zone = r->statement == ST_ZONE && r->listed},
	};
	int err = text_read(&t, path, READ_REGULAR, NULL, NULL), kept;

	if (err)
		return complain_file(at, column, path, err);
	text_progress(&t, path);
	l.guess = t.len / 12 + 16;
	err = l.form.zone ? begin_zone(&l) : 0;
	if (!err)
		err = parse_list(&l, &t);
	if (t.len >= LARGE_TEXT)
		progress(NULL, 0, "reading the policy");
	/* Such as of a transfer that failed. */
	if (!err && l.form.zone && !l.found)
		err = complain(at, column, "%s has no name; expected those of the zone %s",
			       text_shown(at, path, strlen(path)), r->names->text);
	index_clear(&l.names);
	kept = keep(&l);
	if (err || kept)
		return err ? err : kept;
	if (r->prefix_count)
		r->prefix_count = prefix_sort(r->prefixes, r->prefix_count);
	return 0;
}
