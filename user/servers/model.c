// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/name.h"
#include "servers/idn.h"
#include "servers/suffix.h"

/* More than a policy has room for would not be of use. */
#define NAMES_MOST (2 << 20)
#define NOTES_MOST 1000

void model_free(struct model *m)
{
	free(m->sites);
	free(m->names);
	free(m->notes);
	free(m->certificates);
	free(m->sources);
	index_clear(&m->index);
	index_clear(&m->certificate_index);
	arena_free(&m->arena);
	memset(m, 0, sizeof(*m));
}

/* Room for one more; NULL: no memory. */
static void *grow(struct model *m, void *array, size_t *room, size_t count, size_t size)
{
	size_t wanted = *room ? 2 * *room : 16;
	void *grown;

	if (count < *room)
		return array;
	grown = reallocarray(array, wanted, size);
	if (!grown) {
		m->failed = true;
		return NULL;
	}
	*room = wanted;
	return grown;
}

const char *model_text(struct model *m, const char *text, size_t len)
{
	char *copy = arena_text(&m->arena, text, len);

	m->failed |= !copy;
	return copy ? copy : "";
}

static const char *print(struct model *m, const char *format, va_list args)
{
	char *text = NULL;
	const char *copy;

	if (vasprintf(&text, format, args) < 0) {
		m->failed = true;
		return "";
	}
	copy = model_text(m, text, strlen(text));
	free(text);
	return copy;
}

const char *model_print(struct model *m, const char *format, ...)
{
	const char *text;
	va_list args;

	va_start(args, format);
	text = print(m, format, args);
	va_end(args);
	return text;
}

void model_site(struct model *m, const struct site *s)
{
	struct site *grown = grow(m, m->sites, &m->site_room, m->site_count, sizeof(*s));

	if (!grown)
		return;
	m->sites = grown;
	grown[m->site_count] = *s;
	grown[m->site_count].place = m->place;
	grown[m->site_count].owner = m->owner;
	grown[m->site_count++].origin.in = m->in;
}

void model_note(struct model *m, bool harmful, const struct found_at *where, const char *format, ...)
{
	struct note *grown;
	va_list args;

	if (m->note_count >= NOTES_MOST)
		return;
	grown = grow(m, m->notes, &m->note_room, m->note_count, sizeof(*grown));
	if (!grown)
		return;
	m->notes = grown;
	va_start(args, format);
	grown[m->note_count] = (struct note){*where, print(m, format, args), harmful};
	grown[m->note_count++].origin.in = m->in;
	va_end(args);
}

static bool same_named(const void *things, uint32_t at, const void *key)
{
	const struct named *have = (const struct named *)things + at, *wanted = key;

	return (have->flags & NAMED_ZONE) == (wanted->flags & NAMED_ZONE) &&
	       name_equal(&have->name, &wanted->name);
}

/* What several say of one name: it is served if one of them serves it. */
static void put(struct model *m, struct named *n)
{
	struct index_slot *slot;
	struct named *grown;
	uint32_t hash = name_hash(&n->name);

	if (m->name_count >= NAMES_MOST || index_reserve(&m->index, m->name_count + 1)) {
		m->failed = true;
		return;
	}
	slot = index_find(&m->index, hash, same_named, m->names, n);
	if (slot->at) {
		struct named *have = &m->names[slot->at - 1];

		if (have->flags & ~n->flags & (NAMED_REFUSED | NAMED_CERTIFICATE) &&
		    !(n->flags & NAMED_REFUSED)) {
			have->flags = n->flags;
			have->origin = n->origin;
		}
		return;
	}
	grown = grow(m, m->names, &m->name_room, m->name_count, sizeof(*grown));
	if (!grown)
		return;
	m->names = grown;
	n->name.text = (char *)model_text(m, n->name.text, strlen(n->name.text));
	grown[m->name_count++] = *n;
	slot->hash = hash;
	slot->at = (uint32_t)m->name_count;
}

bool model_name(struct model *m, const char *text, size_t len, unsigned int flags,
		const struct found_at *where)
{
	char out[NAME_SIZE_MAX + 1], ascii[NAME_SIZE_MAX + 1];
	struct named n = {.origin = *where, .flags = flags};
	const char *why;

	if (!idn_to_ascii(text, len, ascii)) {
		text = ascii;
		len = strlen(ascii);
	}
	if (name_read_pattern(text, len, flags & NAMED_ZONE, out, &n.name.kind, &why) < 0) {
		model_note(m, true, where, "the name '%.*s' %s", (int)(len < 100 ? len : 100), text, why);
		return false;
	}
	if (n.name.kind != NAME_EXACT && !(flags & NAMED_ZONE) &&
	    suffix_is_public(model_print(m, "*.%s", out))) {
		model_note(m, true, where, "all below the public suffix '%.100s': it is not served", out);
		return false;
	}
	n.name.text = out;
	n.origin.in = m->in;
	put(m, &n);
	return true;
}

void model_zone(struct model *m, const struct zone_source *s)
{
	struct zone_source *grown;
	char zone[NAME_SIZE_MAX + 1];

	if (name_normalise(s->zone, zone))
		return;
	grown = grow(m, m->sources, &m->source_room, m->source_count, sizeof(*grown));
	if (!grown)
		return;
	m->sources = grown;
	grown[m->source_count] = *s;
	grown[m->source_count].zone = model_text(m, zone, strlen(zone));
	grown[m->source_count++].process = m->owner;
}

static bool same_certificate(const void *things, uint32_t at, const void *key)
{
	const struct certificate *have = (const struct certificate *)things + at, *wanted = key;

	return have->place == wanted->place && !strcmp(have->path, wanted->path);
}

void model_certificate(struct model *m, const struct process *p, const char *path,
		       const struct found_at *from)
{
	struct certificate c = {.process = p, .path = path, .from = *from, .place = m->place}, *grown;
	/* The same path in another container is another file. */
	uint32_t hash = index_hash(path, strlen(path), m->place);
	struct index_slot *slot;

	if (index_reserve(&m->certificate_index, m->certificate_count + 1)) {
		m->failed = true;
		return;
	}
	slot = index_find(&m->certificate_index, hash, same_certificate, m->certificates, &c);
	if (slot->at)
		return;
	grown = grow(m, m->certificates, &m->certificate_room, m->certificate_count, sizeof(*grown));
	if (!grown)
		return;
	m->certificates = grown;
	c.path = model_text(m, path, strlen(path));
	c.from.in = m->in;
	grown[m->certificate_count++] = c;
	slot->hash = hash;
	slot->at = (uint32_t)m->certificate_count;
}
