/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of the command line: one table for parsing, help and what fits which verb. */
#ifndef STRAYGATE_OPTIONS_H
#define STRAYGATE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/verb.h"

/* What was read of the command line. */
struct line {
	struct call call;
	uint64_t given; /* a bit for each option */
	bool help, version;
	char **said;	   /* the whole line, as it was given */
	const char *wrong; /* the first thing that is, or NULL */
	const char *which;
};

/* All options in one pass, wherever they stand. The words between them, of which the
 * first is the verb, move to the front of argv, which stays the caller's. */
void line_read(struct line *l, int argc, char **argv);
/* What only the verb knows to be wrong: options that it does not take, words that are
 * too few or too many. */
void line_check(struct line *l, const struct verb *v);
/* Those that the verb takes, for its help. */
void options_print(const struct verb *v);

#endif
