/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stray names as people want to see them: a thousand random labels are one line. */
#ifndef STRAYGATE_GROUPS_H
#define STRAYGATE_GROUPS_H

#include "gate/gate.h"

/* The stray names that p does not serve, the most asked for first. "*.foreign.example" are
 * all of them below it that are not listed by themselves. The caller frees. 0 or -errno. */
int strays_read(struct gate *g, struct policy *p, struct heavy **names, size_t *count);

/* The registered part of a name within text[0..length), as an offset; see bpf/suffix.h. */
size_t suffix_at(const uint8_t *text, size_t length);

/* Folds names that have less than a hundredth of what their registered part has into that:
 * of rows, in any order. Returns how many are left, the largest first. */
size_t group_names(struct heavy *rows, size_t count);

/* Makes one row of those that have the same name, whatever protocol it was asked for by.
 * Returns how many are left, the largest first. */
size_t join_protocols(struct heavy *rows, size_t count);

#endif
