/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs of the command line: one file each, one table of them in main.c.
 */
#ifndef STRAYGATE_VERB_H
#define STRAYGATE_VERB_H

#include "show/call.h"

/* Options a verb takes, for its help and its errors. */
#define TAKES_JSON	  0x01u
#define TAKES_NETNS	  0x02u
#define TAKES_GENERIC	  0x04u
#define TAKES_EXPLAIN	  0x08u
#define TAKES_OPENMETRICS 0x10u
#define TAKES_DIFF	  0x20u
#define TAKES_FORCE	  0x40u
#define TAKES_TOP	  0x80u
#define TAKES_CONFIRM	  0x100u
#define TAKES_GROUP	  0x200u
#define TAKES_DRAIN	  0x400u
#define TAKES_BOUND	  0x800u
#define TAKES_POLICY	  0x10000u
#define TAKES_CHECK	  0x20000u
#define TAKES_EXIT_CODE	  0x40000u
#define TAKES_NAMES	  0x100000u
#define TAKES_FOLLOW	  0x1000000u
#define TAKES_SINCE	  0x2000000u
#define TAKES_CANARY	  0x20000000u
#define TAKES_REATTACH	  0x200000u
#define TAKES_LEARNED	  0x4000000u
#define TAKES_WATCH	  0x8000000u
#define TAKES_CAPTURE	  0x10000000u
#define TAKES_PROBE	  0x40000000u

struct verb {
	const char *name;
	const char *arguments; /* "[DEV...]" */
	const char *summary;   /* one line */
	const char *help;      /* the rest of its -h */
	unsigned int takes;
	int least, most;		  /* arguments; most < 0: any number */
	int (*run)(const struct call *c); /* exit status */
};

extern const struct verb verb_status, verb_up, verb_down, verb_check, verb_apply, verb_add, verb_del,
	verb_show, verb_explain, verb_posture, verb_features, verb_confirm, verb_reset, verb_save,
	verb_suggest, verb_top, verb_watch, verb_capture;

/* The words of a line, joined by blanks; free(). NULL: no memory. */
char *join_words(int count, char **words);

#endif
