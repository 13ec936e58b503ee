/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `straygate show` can show: one file each. */
#ifndef STRAYGATE_SHOW_H
#define STRAYGATE_SHOW_H

#include "gate/gate.h"
#include "lib/say.h"
#include "show/call.h"

/* All return an exit status. */
int show_policy(struct gate *g, const struct call *c);
int show_counters(struct gate *g, const struct call *c);
int show_sources(struct gate *g, const struct call *c);
int show_learned(struct gate *g, const struct call *c); /* of show_sources() */
int show_names(struct gate *g, const struct call *c);
int show_flows(struct gate *g, const struct call *c);
int show_strays(struct gate *g, const struct call *c);
int show_events(struct gate *g, const struct call *c);

/* The lines of a policy, as `show policy` and `check` print them. */
void policy_out(struct policy *p, const struct call *c);

/* What the rule_fn of show_lines() gets. */
struct shown {
	const struct rule_counters *counters;
	bool json;
};

/* The lines of these statements with their counters, as a list of that name or
 * below that heading; fn prints one. An exit status. */
int show_lines(struct gate *g, const struct call *c, const char *list, const char *heading,
	       unsigned int statements, rule_fn *fn);

/* What `show` exits with after gate_lines_each() returned err. */
int lines_shown(int err);

#endif
