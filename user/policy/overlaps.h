/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where lists of sources say different things of the same clients. */
#ifndef STRAYGATE_OVERLAPS_H
#define STRAYGATE_OVERLAPS_H

#include "policy/policy.h"

#define OVERLAPS_MAX 64

/* The prefixes of one list that another has as well, or in which they lie. That a line of
 * its own goes before lists is what it is for: it is none. */
struct overlap {
	const struct rule *holds; /* a list */
	const struct rule *other; /* a list; a line of its own: of the first of `count` */
	bool nested;		  /* the longer prefix holds; else the line that comes first does */
	size_t count;
	struct prefix inner, outer; /* the first of them */
};

/* One for each pair of lists, and one for each list and all lines of their own. */
struct overlaps {
	struct overlap list[OVERLAPS_MAX];
	size_t count;
	size_t more; /* prefixes of others, for which there was no room */
};

/* 0 or -ENOMEM. A million prefixes take some hundredths of a second, and nothing where all
 * sources have the same action. */
int policy_overlaps(struct policy *p, struct overlaps *o);

#endif
