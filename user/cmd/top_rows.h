/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `top` shows, as rows of text: what it is, what of it can be explained, and which
 * line would act on it. Knows nothing of screens. */
#ifndef STRAYGATE_TOP_ROWS_H
#define STRAYGATE_TOP_ROWS_H

#include "show/watch.h"

enum top_list { TOP_LISTENERS, TOP_NAMES, TOP_SOURCES, TOP_REASONS, TOP_LISTS };

enum top_order { ORDER_POLICY, ORDER_VISITS, ORDER_SERVED, ORDER_STRAY, ORDERS };
const char *order_name(enum top_order o);

#define TOP_ROWS 128

/* What stands in the columns of a listener. */
enum top_number {
	NUMBER_VISITS,
	NUMBER_SERVED,
	NUMBER_STRAY,
	NUMBER_UNNAMED,
	NUMBER_ANSWERED,
	NUMBER_BOUND,
	NUMBERS
};
#define NOT_KNOWN UINT64_MAX

struct top_row {
	char text[400]; /* of a name, a source, a reason */
	struct {
		const char *as, *depth, *state;
		uint64_t number[NUMBERS]; /* a second, but for the bound visits */
	} listener;
	char key[256];		   /* what it is about: a subject, a name, a network, a reason */
	char explain[600];	   /* sentences */
	char line[300];		   /* a command; "": there is none */
	const struct track *track; /* of a listener */
	bool turned;		   /* it is about what is turned away */
};

struct top_rows {
	size_t count;
	struct top_row row[TOP_ROWS];
};

const char *top_heading(enum top_list list);

/*
 * Listeners in columns, for as many as there are on the screen: all of them, in figures that
 * are grouped; if they do not fit, in short ones (12.3k); then what can be told from the
 * others, or is the least of news, is left out.
 */
struct top_columns {
	unsigned int subject; /* all in columns of the screen; 0: left out */
	unsigned int as, depth, state;
	unsigned int number[NUMBERS];
	unsigned int spark;
	bool grouped;
};

#define TOP_LINE   400
#define TOP_NUMBER 32
/* All digits, grouped; or at most five characters: 9999, 12.3k, 123k, 1.2M. */
void top_number(bool all, uint64_t n, char out[TOP_NUMBER]);
struct top_columns top_columns_for(const struct top_rows *listeners, unsigned int width);
void top_columns_heading(const struct top_columns *c, char out[TOP_LINE]);
void top_columns_line(const struct top_columns *c, const struct top_row *row, char out[TOP_LINE]);

/* filter: reasons and names of this listener alone; "": of all. */
void top_rows_make(struct top_rows *out, const struct watch *w, enum top_list list, enum top_order order,
		   const char *filter);

#endif
