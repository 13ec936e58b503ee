/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a policy is made, a rule at a time: for the parser, and for what is stored. */
#ifndef STRAYGATE_BUILD_H
#define STRAYGATE_BUILD_H

#include "lib/arena.h"
#include "policy/policy.h"

/* Where the policy's strings and lists lie. */
struct arena *policy_memory(struct policy *p);
/* A file's name, which all of its rules share; NULL without memory. */
const char *policy_file_name(struct policy *p, const char *file);

/* A rule that is not in the policy yet; NULL without memory. */
struct rule *policy_rule_new(struct policy *p, enum statement s);
/* Sets r->subject from r's fields. 0, -ENOMEM, -ENAMETOOLONG. */
int policy_set_subject(struct policy *p, struct rule *r);
/* r->subject is set. 0, -ENOMEM, -E2BIG, or -EEXIST and the rule that is there. */
int policy_append(struct policy *p, struct rule *r, struct rule **there);
/* Forgets all rules from `count` on. */
void policy_truncate(struct policy *p, size_t count);

/* What `add` and `del` do with the rules of their line. merge: 1 changed, 0
 * not, or -errno and nothing is changed; the line is empty afterwards. remove:
 * 1, or -ENOENT and which is missing. */
int policy_merge(struct policy *p, struct policy *line);
int policy_remove(struct policy *p, struct policy *line, const struct rule **missing);

#endif
