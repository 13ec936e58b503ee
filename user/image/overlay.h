/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to be said of sources where a policy differs from its base: of the
 * changed prefixes, all that lies in them or around them.
 */
#ifndef STRAYGATE_OVERLAY_H
#define STRAYGATE_OVERLAY_H

#include "policy/policy.h"
#include "image/tree.h"

/* More within the changed prefixes is not laid over the base. */
#define OVERLAY_ITEMS_MAX 100000

/* The base, and where the policy differs from it. */
struct image_over {
	uint32_t base; /* slot */
	const struct prefix *changed;
	size_t count;
};

struct overlay {
	struct tree_item *items; /* rule: position in the policy, plus one; 0: none */
	size_t count;
	size_t room;
};

/* The changed prefixes may be in any order, and one within another. The caller
 * frees with overlay_free(). 0, -ENOMEM, or -E2BIG. */
int overlay_collect(struct overlay *o, struct policy *p, const struct prefix *changed, size_t count);
void overlay_free(struct overlay *o);

/* Of several rules for one prefix, the higher rank rules: a line about it alone
 * goes before a list that has it, and what stands earlier before what is later. */
static inline uint32_t source_rank(const struct rule *r, size_t position)
{
	return (r->from ? 0 : 1U << 31) | (RULES_MAX - position);
}

#endif
