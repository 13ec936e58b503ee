/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STRAYGATE_IMAGE_DRAFT_H
#define STRAYGATE_IMAGE_DRAFT_H

#include "image/cells.h"
#include "image/name_table.h"
#include "image/overlay.h"
#include "image/page.h"
#include "image/tree.h"
#include "policy/rule.h"

/* What is collected of the rules on the way to the tables. */
struct draft {
	struct cells *c;
	struct image_rule *rules; /* index 0 is none */
	size_t rule_count;
	struct tree_item *sources;
	size_t source_count;
	struct tree_item *resolvers;
	size_t resolver_count;
	struct image_listener listeners[LISTENERS_MAX + 1];
	size_t listener_count;
	struct name_table names;
	struct leaves leaves;
	struct page_text pages[PAGES_MAX]; /* number 0 is the default */
	size_t page_count;
	uint32_t busy_page; /* number of that for clients over a limit; 0: none */
	struct image_acts acts;
	struct image_learn learn; /* id 0: there is no such line */
	struct image_each each[LIMIT_EACH_MAX];
	const struct rule *each_rule[LIMIT_EACH_MAX];
	size_t each_count;
	enum posture posture;
	const struct rule *canary; /* NULL: the posture is for all */
	uint32_t addresses;
	const struct image_over *over; /* NULL: all is in this image */
};

/* Room for this policy's rules, and what holds without any. d->over is set before. The
 * caller frees, also after an error. 0 or -ENOMEM. */
int draft_begin(struct draft *d, struct policy *p, const uint64_t *keys);
/* Takes a rule, the one at this position of the policy. 0, -ENOMEM, or -E2BIG: the policy
 * is larger than the tables. */
int draft_rule(struct draft *d, struct policy *p, size_t position);
/* The number of a rule's limit and action in the image, for a line about sources. */
uint32_t draft_add_rule(struct draft *d, const struct rule *r);
/* When all rules are there: which `limit each` lines count what comes for each listener. */
void draft_set_each(struct draft *d, struct policy *p);
void draft_free(struct draft *d);

#endif
