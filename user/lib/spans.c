// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int spans_add(struct spans *s, const uint8_t first[16], const uint8_t last[16])
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 1024;
		struct span *more = realloc(s->list, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->list = more;
		s->room = room;
	}
	memcpy(s->list[s->count].first, first, 16);
	memcpy(s->list[s->count].last, last, 16);
	s->count++;
	return 0;
}

static int by_first(const void *a, const void *b)
{
	return memcmp(((const struct span *)a)->first, ((const struct span *)b)->first, 16);
}

/* Does `next`, which does not begin before s, begin in it or right behind it? */
static bool touches(const struct span *s, const struct span *next)
{
	uint8_t behind[16];

	memcpy(behind, s->last, sizeof(behind));
	for (int i = 15; i >= 0 && !++behind[i]; i--)
		if (!i)
			return true; /* the last address of all: nothing is behind it */
	return memcmp(next->first, behind, sizeof(behind)) <= 0;
}

void spans_join(struct spans *s)
{
	size_t kept = 0;

	if (!s->count)
		return;
	qsort(s->list, s->count, sizeof(*s->list), by_first);
	for (size_t i = 1; i < s->count; i++) {
		struct span *to = &s->list[kept];

		if (!touches(to, &s->list[i]))
			s->list[++kept] = s->list[i];
		else if (memcmp(s->list[i].last, to->last, sizeof(to->last)) > 0)
			memcpy(to->last, s->list[i].last, sizeof(to->last));
	}
	s->count = kept + 1;
}

void spans_prefixes(const struct spans *s, void (*fn)(const struct prefix *p, void *arg), void *arg)
{
	for (size_t i = 0; i < s->count; i++) {
		uint8_t at[16];
		struct prefix p;
		bool more = true;

		memcpy(at, s->list[i].first, sizeof(at));
		while (more) {
			more = prefix_cut(at, s->list[i].last, &p);
			fn(&p, arg);
		}
	}
}

void spans_free(struct spans *s)
{
	free(s->list);
	*s = (struct spans){0};
}
