/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STRAYGATE_POLICY_VALID_H
#define STRAYGATE_POLICY_VALID_H

#include <stdbool.h>

struct rule;

/* Could the parser have made a rule with these fields? Lists, strings and the id are not
 * looked at. The fields are within the ranges of their types. */
bool rule_valid(const struct rule *r);

#endif
