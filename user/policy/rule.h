/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule may say: the parser and policy_load() both ask. */
#ifndef STRAYGATE_RULE_H
#define STRAYGATE_RULE_H

#include "policy/policy.h"

#define SUBJECT_SIZE (4096 + 16) /* "from " and a path */

bool action_allowed(enum statement s, enum protocol as, enum action a);
bool unit_allowed(enum statement s, enum rate_unit u);
bool protocol_on(enum protocol p, uint8_t l4);
bool device_valid(const char *name);
bool rule_takes_prefixes(enum statement s);
bool rule_takes_names(enum statement s);
/* stray, unnamed, unreadable, unknown: the subject is a protocol. */
bool rule_is_fate(const struct rule *r);
/* `stray http ... for NAME`: about strays that ask for this name. */
bool rule_is_for_name(const struct rule *r);
bool stray_takes_names(const struct rule *r);
/* The subject is the list of a file. */
bool rule_is_list(const struct rule *r);
/* A `limit each` line: does it count what comes for this listener? */
bool rule_limits(const struct rule *limit, const struct rule *listener);
/* Is it written as the subject of a listener is: "tcp/80" or "tcp/80 on 192.0.2.10"? */
bool listener_text_valid(const char *text);
/* Does it say `answer`, be it above a limit? And are the words behind that its own? */
bool rule_answers(const struct rule *r);
bool answer_valid(const struct rule *r);
/* The text of `answer page FILE`; NULL, or what is wrong: "has ...; expected ...". */
const char *page_flaw(const char *text, size_t len);

bool learn_valid(const struct learn_terms *t);

/* The same line? And the same content of its list? Id, expiry, origin do not count. */
bool rule_says_same(const struct rule *a, const struct rule *b);
bool rule_same(const struct rule *a, const struct rule *b);

/* The subject of r's fields as text; as snprintf(3). */
int rule_subject(const struct rule *r, char *buf, size_t size);

#endif
