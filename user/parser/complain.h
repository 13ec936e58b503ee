/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the parser stands, and how it complains. */
#ifndef STRAYGATE_COMPLAIN_H
#define STRAYGATE_COMPLAIN_H

#include "parser/read.h"

struct place {
	const char *file;
	unsigned int line;
	struct policy_error *err;
	char shown[2][128]; /* text of others made fit to print */
	unsigned int turn;
};

/* "FILE:LINE:COLUMN: ..."; returns -EINVAL. Column 0: neither line nor column. */
int complain(struct place *at, unsigned int column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int complain_memory(struct place *at);
/* Control characters escaped, long text shortened. Two may be in use at once. */
const char *text_shown(struct place *at, const char *text, size_t len);

#endif
