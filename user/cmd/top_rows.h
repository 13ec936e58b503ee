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

struct top_row {
	char text[256];		   /* without the sparkline of a listener */
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

/* filter: reasons and names of this listener alone; "": of all. */
void top_rows_make(struct top_rows *out, const struct watch *w, enum top_list list, enum top_order order,
		   const char *filter);

#endif
