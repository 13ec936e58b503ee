// SPDX-License-Identifier: GPL-2.0-only
/* The lists of `from FILE`: a million entries in a fraction of a second. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser/list.h"
#include "parser/text.h"
#include "policy/build.h"
#include "policy/name.h"
#include "policy/rule.h"
#include "lib/index.h"
#include "lib/large.h"

struct list {
	struct policy *policy;
	struct rule *rule;
	struct place at; /* in the list's file */
	size_t room;
	size_t guess;	    /* how many entries, from the size of the file */
	struct index names; /* those that are there already */
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

static int add_prefix(struct list *l, const char *word, size_t len, unsigned int column)
{
	struct rule *r = l->rule;
	char meant[PREFIX_TEXT];
	struct prefix *p;
	int err = grow(l, (void **)&r->prefixes, r->prefix_count, sizeof(*p), POLICY_PREFIXES_MAX, "prefixes",
		       column);

	if (err)
		return err;
	p = &r->prefixes[r->prefix_count];
	err = prefix_read(word, len, p);
	if (!err) {
		r->prefix_count++;
		return 0;
	}
	if (err == -EDOM) {
		prefix_print(p, meant, sizeof(meant));
		return complain(&l->at, column, "%s has host bits set; did you mean %s?",
				text_shown(&l->at, word, len), meant);
	}
	return complain(&l->at, column,
			"'%s' is no prefix; expected one like 203.0.113.0/24 or 2001:db8::/32",
			text_shown(&l->at, word, len));
}

static bool is_name(const void *things, uint32_t at, const void *key)
{
	const struct name *list = things;

	return name_equal(&list[at], key);
}

static int add_name(struct list *l, const char *word, size_t len, unsigned int column)
{
	struct rule *r = l->rule;
	char text[NAME_SIZE_MAX + 1];
	struct name n = {.text = text};
	struct index_slot *slot;
	const char *why;
	uint32_t hash;
	int size = name_read_pattern(word, len, r->statement == ST_ZONE, text, &n.kind, &why);

	if (size < 0)
		return complain(&l->at, column, "'%s' %s", text_shown(&l->at, word, len), why);
	if (index_reserve(&l->names, r->name_count + 1))
		return complain_memory(&l->at);
	hash = name_hash(&n);
	slot = index_find(&l->names, hash, is_name, r->names, &n);
	if (slot->at)
		return 0;
	size = grow(l, (void **)&r->names, r->name_count, sizeof(n), POLICY_NAMES_MAX, "names", column)
		       ?: size;
	if (size < 0)
		return size;
	n.text = arena_text(policy_memory(l->policy), text, (size_t)size);
	if (!n.text)
		return complain_memory(&l->at);
	r->names[r->name_count++] = n;
	*slot = (struct index_slot){.hash = hash, .at = (uint32_t)r->name_count};
	return 0;
}

static int parse_entries(struct list *l, const char *line, size_t len)
{
	const char *end = line + len, *at = line;
	bool prefixes = rule_takes_prefixes(l->rule->statement);
	int err = 0;

	while (!err) {
		const char *word;
		unsigned int column;

		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if (at == end || *at == '#')
			break;
		word = at;
		while (at < end && *at != ' ' && *at != '\t' && *at != '#')
			at++;
		column = (unsigned int)(word - line) + 1;
		err = prefixes ? add_prefix(l, word, (size_t)(at - word), column)
			       : add_name(l, word, (size_t)(at - word), column);
	}
	return err;
}

static int parse_list(struct list *l, struct text *t)
{
	char *line;
	size_t len;
	int got;

	while ((got = text_line(t, &l->at, &line, &len)) > 0) {
		got = parse_entries(l, line, len);
		if (got)
			break;
	}
	return got;
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
	struct list l = {.policy = p, .rule = r, .at = {.file = path, .err = at->err}};
	int err = text_read(&t, path, READ_REGULAR, NULL, NULL), kept;

	if (err)
		return complain_file(at, column, path, err);
	l.guess = t.len / 12 + 16;
	err = parse_list(&l, &t);
	index_clear(&l.names);
	kept = keep(&l);
	if (err || kept)
		return err ? err : kept;
	if (r->prefix_count)
		r->prefix_count = prefix_sort(r->prefixes, r->prefix_count);
	return 0;
}
