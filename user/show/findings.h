/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a running gate, if anything is: for monitoring. */
#ifndef STRAYGATE_FINDINGS_H
#define STRAYGATE_FINDINGS_H

#include "gate/place.h"
#include "show/sample.h"

/* The levels of monitoring plugins, which are their exit statuses. */
enum level { LEVEL_OK, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_UNKNOWN };
const char *level_name(enum level l); /* "OK" */

#define CAUSES_MOST 16

struct findings {
	enum level level; /* the worst */
	struct {
		enum level level;
		char text[PLACE_TEXT + 40];
	} cause[CAUSES_MOST];
	size_t count;
};

/* How many there are of a level. */
unsigned int findings_count(const struct findings *f, enum level level);
void findings_add(struct findings *f, enum level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what these two samples show. */
void findings_of(struct findings *f, struct gate *g, const struct sample *before, const struct sample *now);

#endif
