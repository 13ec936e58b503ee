// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/served.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A stray name, or its part behind one of its dots. There are some thousands of them,
 * and maybe millions of names that are served: so these are looked up among those. */
struct part {
	char text[sizeof(((struct heavy *)NULL)->key) + 1];
	uint32_t of; /* which name */
	bool whole;
	bool zone;
};

static int by_text(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/* Room for the parts of all names: one more than they have dots. */
static size_t count_parts(const struct heavy *names, size_t count)
{
	size_t n = count, i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < names[i].length && k < sizeof(names[i].key); k++)
			n += names[i].key[k] == '.';
	return n;
}

static size_t add_parts(struct part *parts, const struct heavy *h, uint32_t of)
{
	size_t length = h->length < sizeof(h->key) ? h->length : sizeof(h->key), at = 0, n = 0;
	/* As long as there is room it may be but the end of one. */
	bool whole = length < sizeof(h->key);
	const uint8_t *dot;

	for (;;) {
		struct part *p = &parts[n++];

		*p = (struct part){.of = of, .whole = whole && !at, .zone = h->protocol == PROTO_DNS};
		memcpy(p->text, h->key + at, length - at);
		dot = memchr(h->key + at, '.', length - at);
		if (!dot)
			return n;
		at = dot + 1 - h->key;
	}
}

static void mark(const struct part *parts, size_t count, const struct name *n, bool zone, bool *served)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(parts[middle].text, n->text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && !strcmp(parts[low].text, n->text); low++)
		if (parts[low].zone == zone && n->kind & (parts[low].whole ? NAME_EXACT : NAME_BELOW))
			served[parts[low].of] = true;
}

size_t strays_only(struct heavy *names, size_t count, struct policy *p)
{
	struct part *parts = calloc(count_parts(names, count) + 1, sizeof(*parts));
	bool *served = calloc(count + 1, sizeof(*served));
	size_t n = 0, left = 0, i, k;

	for (i = 0; parts && served && i < count; i++)
		n += add_parts(&parts[n], &names[i], i);
	if (n)
		qsort(parts, n, sizeof(*parts), by_text);
	for (i = 0; n && i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		for (k = 0; (r->statement == ST_SERVE || r->statement == ST_ZONE) && k < r->name_count; k++)
			mark(parts, n, &r->names[k], r->statement == ST_ZONE, served);
	}
	for (i = 0; i < count; i++)
		if (!served || !served[i])
			names[left++] = names[i];
	free(parts);
	free(served);
	return left;
}
