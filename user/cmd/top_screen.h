/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen of `top`. Only top_screen.c knows curses. */
#ifndef STRAYGATE_TOP_SCREEN_H
#define STRAYGATE_TOP_SCREEN_H

#include "cmd/top_rows.h"

#define TOP_KEPT 16

struct top {
	struct watch watch;
	struct top_rows rows[TOP_LISTS];
	size_t at[TOP_LISTS]; /* which row is selected */
	enum top_list focus;  /* in which list */
	enum top_list lower;  /* shown below the listeners, where there is room for one */
	enum top_order order;
	char filter[256]; /* a listener; "": all */
	bool paused;
	char message[1000];
	char keep[TOP_KEPT][300]; /* lines to print at the end */
	size_t kept;
	int stats;	 /* fd, as of gate_stats_on() */
	bool cost_known; /* percent of one CPU: of XDP, and of the filters at tc */
	double cost[2];
	uint64_t cost_ns[2], cost_at;
};

extern const char top_help[];

/* Keys beside characters. */
enum { KEY_NONE_ = -1, KEY_GONE_ = -2, KEY_UP_ = 1000, KEY_DOWN_, KEY_PAGE_UP_, KEY_PAGE_DOWN_ };

/* 0, or -1: the terminal is not known. */
int screen_begin(void);
/* The terminal is as it was. */
void screen_end(void);
void screen_draw(const struct top *t);
/* The next key, within so many ms; KEY_NONE_: none, KEY_GONE_: the terminal is gone. */
int screen_key(int ms);

#endif
