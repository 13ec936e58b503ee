/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of addresses, as the shortest list of prefixes that is the same. */
#ifndef STRAYGATE_SPANS_H
#define STRAYGATE_SPANS_H

#include "lib/prefix.h"

struct span {
	uint8_t first[16], last[16]; /* network order, of one family */
};

/* Of one family. All zero: none. */
struct spans {
	struct span *list;
	size_t count, room;
};

/* 0 or -ENOMEM. */
int spans_add(struct spans *s, const uint8_t first[16], const uint8_t last[16]);
/* In order, and joined where they overlap or touch. */
void spans_join(struct spans *s);
/* Of joined ones, calls fn with each prefix, in order. */
void spans_prefixes(const struct spans *s, void (*fn)(const struct prefix *p, void *arg), void *arg);
void spans_free(struct spans *s);

#endif
