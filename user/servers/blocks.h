/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations of words, semicolons and braces, as nginx and BIND have them: text to a
 * tree of directives. Includes are put in their place.
 */
#ifndef STRAYGATE_SERVERS_BLOCKS_H
#define STRAYGATE_SERVERS_BLOCKS_H

#include "servers/model.h"

struct directive {
	const char **words; /* NULL at the end; the first one is never NULL */
	unsigned int count;
	const char *file; /* NULL: not known */
	unsigned int line;
	struct directive *children, *next;
};

/* Where `include` finds its files. Calls blocks_read() for each that fits the pattern. */
struct blocks;
typedef void include_fn(struct blocks *b, const char *pattern, struct directive ***end);

struct blocks {
	struct model *model; /* its memory, and its notes */
	const char *server;
	include_fn *include; /* NULL: there are no includes */
	void *arg;	     /* its own */
	unsigned int depth;  /* of includes */
	size_t count;	     /* of directives so far */
	bool damaged;	     /* something was not understood, which a note says */
};

/* Appends what stands in the text to the list whose last pointer is **end. */
void blocks_read(struct blocks *b, const char *file, const char *text, size_t len, struct directive ***end);

struct found_at directive_at(const struct blocks *b, const struct directive *d);
/* The next one of this name, from d on; NULL: none. */
const struct directive *directive_find(const struct directive *d, const char *name);
/* Its word number i, or "". */
const char *directive_word(const struct directive *d, unsigned int i);
bool directive_has(const struct directive *d, const char *word);

#endif
