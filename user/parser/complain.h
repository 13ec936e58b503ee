/* SPDX-License-Identifier: GPL-2.0-or-later */
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

/* Before the first complaint, and behind the last. err may be NULL. */
void errors_begin(struct policy_error *err);
void errors_end(struct policy_error *err);

/* One more error: "FILE:LINE:COLUMN: ..."; returns -EINVAL. Column 0: neither line nor
 * column. */
int complain(struct place *at, unsigned int column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int complain_memory(struct place *at);
/* What is no prefix for this reason, and what was meant, perhaps. */
int complain_prefix(struct place *at, unsigned int column, const char *text, size_t len, const char *why,
		    const struct prefix *meant);
/* Of an error: is there no sense in looking for more? */
bool is_fatal(int err);
/* Control characters escaped, long text shortened. Two may be in use at once. */
const char *text_shown(struct place *at, const char *text, size_t len);

#endif
