/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of `from FILE`. */
#ifndef STRAYGATE_LIST_H
#define STRAYGATE_LIST_H

#include "parser/complain.h"

/* Reads the file of `from` into the rule, duplicates merged. `shown` is its
 * name in complaints about its content; at, column: the line that wants it. */
int list_read(struct policy *p, struct rule *r, const char *path, struct place *at, unsigned int column);

#endif
