// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/zone_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/name.h"

/* A name as text takes four characters for a byte at most. */
#define OWNER_MOST (4 * 256)

/* What is read: the records of one source. */
struct records {
	struct zone_names *z;
	char origin[OWNER_MOST + 2]; /* with its last dot */
	char owner[2 * OWNER_MOST + 4];
	char head[NAME_SIZE_MAX + 8]; /* "[zone.] ", which knotc prints before each */
	const char *why;
};

static int refuse(struct records *r, int err, const char *why)
{
	r->why = why;
	return err;
}

static bool same_name(const void *things, uint32_t at, const void *key)
{
	return name_equal((const struct name *)things + at, key);
}

static int add(struct records *r, struct name *n)
{
	struct zone_names *z = r->z;
	struct index_slot *slot;
	struct name *grown;
	uint32_t hash = name_hash(n);

	if (z->count >= POLICY_NAMES_MAX)
		return refuse(r, -E2BIG, "it has more names than a policy has room for");
	if (index_reserve(&z->index, z->count + 1))
		return refuse(r, -ENOMEM, "there is no memory for its names");
	slot = index_find(&z->index, hash, same_name, z->names, n);
	if (slot->at)
		return 0;
	if (z->count == z->room) {
		z->room = z->room ? 2 * z->room : 64;
		grown = reallocarray(z->names, z->room, sizeof(*grown));
		if (!grown)
			return refuse(r, -ENOMEM, "there is no memory for its names");
		z->names = grown;
	}
	n->text = arena_text(&z->arena, n->text, strlen(n->text));
	if (!n->text)
		return refuse(r, -ENOMEM, "there is no memory for its names");
	z->names[z->count++] = *n;
	*slot = (struct index_slot){.hash = hash, .at = (uint32_t)z->count};
	return 0;
}

/* What is delegated, or redirected as a whole, is there with all below it. Records of DNSSEC stand at names
 * that have others, too, or at names that are hashes, which nobody asks for. */
static int add_owner(struct records *r, const char *type)
{
	char text[NAME_SIZE_MAX + 1];
	struct name n = {.text = text};
	const char *zone = r->z->zone, *why;

	if (!strcasecmp(type, "RRSIG") || !strcasecmp(type, "NSEC") || !strcasecmp(type, "NSEC3"))
		return 0;
	if (name_read_owner(r->owner, strlen(r->owner), text, &n.kind, &why) < 0)
		return refuse(r, -EINVAL, "it has a name that cannot be read");
	/* Servers leave it out, too. */
	if (!name_in_zone(text, zone))
		return 0;
	if (!strcasecmp(type, "SOA") && n.kind == NAME_EXACT && !strcmp(text, zone))
		r->z->apex = true;
	if (!strcasecmp(type, "DNAME") || (!strcasecmp(type, "NS") && strcmp(text, zone)))
		n.kind = NAME_TREE;
	return add(r, &n);
}

/* Does it end in a dot that is not part of its last label? */
static bool is_whole(const char *name, size_t len)
{
	size_t slashes = 0;

	if (!len || name[len - 1] != '.')
		return false;
	while (slashes + 1 < len && name[len - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

/* A name of a line as a whole one. */
static int complete(struct records *r, const char *name, char *out, size_t size)
{
	int put;

	size_t len = strlen(name);
	const char *origin = r->origin;

	if (len > OWNER_MOST || (!is_whole(name, len) && !*origin))
		return refuse(r, -EINVAL, "its records cannot be read");
	if (is_whole(name, len))
		put = snprintf(out, size, "%s", name);
	else if (!strcmp(name, "@"))
		put = snprintf(out, size, "%s", origin);
	else
		put = snprintf(out, size, "%s.%s", name, strcmp(origin, ".") ? origin : "");
	return put < (int)size ? 0 : refuse(r, -EINVAL, "its records cannot be read");
}

static char *take_word(char **at)
{
	char *word = *at + strspn(*at, " \t\r"), *end = word + strcspn(word, " \t\r");

	*at = end + (*end != '\0');
	*end = '\0';
	return word;
}

static bool is_number(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0';
}

static int read_origin(struct records *r, char *at)
{
	char text[sizeof(r->owner)];
	int err = complete(r, take_word(&at), text, sizeof(text));

	if (!err && strlen(text) >= sizeof(r->origin))
		err = refuse(r, -EINVAL, "its records cannot be read");
	if (!err)
		strcpy(r->origin, text);
	return err;
}

/* "NAME TTL [IN] TYPE ...". A line that begins with a blank goes on with the name of the last one, or with
 * the last record. */
static int read_line(struct records *r, char *at)
{
	bool goes_on = *at == ' ' || *at == '\t';
	char *word;
	int err;

	if (!*at || *at == ';')
		return 0;
	if (*at == '$') {
		word = take_word(&at);
		return strcmp(word, "$ORIGIN") ? 0 : read_origin(r, at);
	}
	if (!strncmp(at, r->head, strlen(r->head)))
		at += strlen(r->head);
	if (!goes_on && (err = complete(r, take_word(&at), r->owner, sizeof(r->owner))))
		return err;
	word = take_word(&at);
	if (!is_number(word))
		return goes_on ? 0 : refuse(r, -EINVAL, "its records cannot be read");
	word = take_word(&at);
	if (!strcasecmp(word, "IN"))
		word = take_word(&at);
	else if (goes_on)
		return 0;
	if (!isalpha((unsigned char)*word) || !*r->owner)
		return refuse(r, -EINVAL, "its records cannot be read");
	return add_owner(r, word);
}

int zone_names_read(struct zone_names *z, char *text, size_t len, const char **why)
{
	struct records *r = calloc(1, sizeof(*r));
	char *line;
	int err = 0;

	*why = "there is no memory for its names";
	if (!r)
		return -ENOMEM;
	r->z = z;
	snprintf(r->head, sizeof(r->head), "[%s.] ", z->zone);
	if (len && memchr(text, '\0', len))
		err = refuse(r, -EINVAL, "its records cannot be read");
	while (!err && len && (line = strsep(&text, "\n")))
		err = read_line(r, line);
	if (!err && !z->apex)
		err = refuse(r, -ENODATA, "no record of it can be had, perhaps as it is not loaded");
	*why = r->why;
	free(r);
	return err;
}

static int by_text(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order ? order : x->kind - y->kind;
}

/* In front of all names stands what makes a wildcard or a delegation; in a name * and the like are bytes. */
static void put_name(const struct name *n, FILE *out)
{
	const char *c = n->text;

	fputs(n->kind == NAME_BELOW ? "*." : n->kind == NAME_TREE ? "." : "", out);
	for (; *c; c++)
		if (isalnum((unsigned char)*c) || *c == '-' || *c == '_' || *c == '.')
			putc(*c, out);
		else
			fprintf(out, "\\%03u", (unsigned char)*c);
	putc('\n', out);
}

void zone_names_write(struct zone_names *z, FILE *out)
{
	size_t i;

	if (z->count)
		qsort(z->names, z->count, sizeof(*z->names), by_text);
	for (i = 0; i < z->count; i++)
		put_name(&z->names[i], out);
	/* The index has the places that they had. */
	index_clear(&z->index);
}

void zone_names_free(struct zone_names *z)
{
	free(z->names);
	index_clear(&z->index);
	arena_free(&z->arena);
	memset(z, 0, sizeof(*z));
}
