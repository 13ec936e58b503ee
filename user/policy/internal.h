/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy as a container: what the files of policy/ share, and nobody else sees. */
#ifndef STRAYGATE_POLICY_INTERNAL_H
#define STRAYGATE_POLICY_INTERNAL_H

#include "lib/arena.h"
#include "lib/index.h"
#include "policy/build.h"
#include "policy/rule.h"

struct policy {
	struct rule **rules; /* in order */
	size_t count;
	size_t room;
	struct index index; /* by statement and subject; stale unless it has indexed == count */
	size_t indexed;
	struct arena memory;
	const char *last_file; /* the newest origin.file: rules of one file share it */
	struct policy *of;     /* whose clone it is, and with which that one goes */
	void *mapped;	       /* what it points into: munmap() */
	size_t mapped_size;
	const void *unlooked; /* bytes whose lists were not looked into yet */
	size_t unlooked_size;
};

/* Room for so many more, in the array and in the index. 0, -ENOMEM, -E2BIG. */
int policy_reserve(struct policy *p, size_t more);
/* The rule of r's statement and subject in p becomes r; or r is appended. */
int policy_put(struct policy *p, struct rule *r);
/* The rule of p with the statement and subject of r; NULL: none. */
struct rule *policy_twin(struct policy *p, const struct rule *r);
/* Is it the very same rule, which a clone shares with p? Asked in p's order; *next is 0 at
 * first. */
bool policy_shares(const struct policy *p, size_t *next, const struct rule *r);

#endif
