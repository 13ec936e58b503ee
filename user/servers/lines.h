/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations of lines and words, as Apache, HAProxy, NSD and Unbound have them. */
#ifndef STRAYGATE_SERVERS_LINES_H
#define STRAYGATE_SERVERS_LINES_H

#include "servers/model.h"
#include "servers/process.h"

#define LINE_WORDS 512

struct line {
	const char *file;
	unsigned int number;
	unsigned int count;
	char *word[LINE_WORDS + 1]; /* "" behind the last */
};

/* Gets each line that has words; a line that ends in "\" goes on in the next. */
typedef void line_words_fn(struct line *l, void *arg);

/* Reads a file of the server, from line `first` on (1: all of it), until fn sets *stop (which may be
 * NULL). 0, or -errno and a harmful note. */
int lines_read(struct model *m, const struct process *p, const char *server, const char *file,
	       unsigned int first, line_words_fn *fn, void *arg, const bool *stop);

/* Is word number i this one? Letters may be large or small. */
bool line_is(const struct line *l, unsigned int i, const char *word);
struct found_at line_at(const struct line *l, const char *server);

#endif
