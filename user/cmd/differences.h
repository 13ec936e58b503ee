/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one policy differs from another, as `apply --diff` and `up` say it. */
#ifndef STRAYGATE_DIFFERENCES_H
#define STRAYGATE_DIFFERENCES_H

#include "policy/policy.h"
#include "cmd/verb.h"

/* One line for each difference ("+ LINE", "- LINE", "~ LINE"), or the member
 * "differences" of a JSON document that is open. With `most` above 0 no more lines
 * than that are printed as text. Returns the number of differences. */
size_t differences_print(struct policy *before, struct policy *now, const struct call *c, size_t most);

#endif
