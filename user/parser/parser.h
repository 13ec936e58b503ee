/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the parser, and the pieces of which its statements are made. */
#ifndef STRAYGATE_PARSER_H
#define STRAYGATE_PARSER_H

#include "parser/text.h"

struct parser {
	struct policy *policy;
	struct place at;
	const char *dir; /* relative paths start there; "": where we are */
	struct words words;
	size_t next;	      /* word */
	bool command;	      /* a line of the command line */
	bool subjects;	      /* only subjects matter, and lists are not read: del */
	struct word *include; /* what the line wants to be read in its place */
};

/* -- words (cursor.c) */

struct word *ps_peek(struct parser *ps);
struct word *ps_take(struct parser *ps);
/* The n-th behind the next, or NULL. */
struct word *ps_behind(struct parser *ps, size_t n);
bool word_is(const struct word *w, const char *keyword);
bool ps_take_word(struct parser *ps, const char *keyword);
/* The position in a list of words that ends with NULL, or -1. */
int word_among(const struct word *w, const char *const list[]);
/* "unexpected 'word'; expected ..."; without a word it is the end of the line. */
int ps_unexpected(struct parser *ps, const struct word *w, const char *expected);
int ps_expect_end(struct parser *ps);
/* `del` needs a subject only; what may follow is read all the same, if there. */
bool ps_subject_is_all(struct parser *ps);
/* Does `for NAME` come next, in a line that may have it? */
bool ps_names_follow(struct parser *ps, const struct rule *r);

/* -- rules and subjects (subject.c) */

/* A rule like `like`, whose subject is (or starts at) w. */
struct rule *ps_new_rule(struct parser *ps, const struct rule *like, const struct word *w);
int ps_put_rule(struct parser *ps, struct rule *r);
int ps_put_with_subject(struct parser *ps, struct rule *r);
/* The one absolute name of a file, PATH_MAX bytes. For `del` it need not be there any more. */
int ps_real_path(struct parser *ps, const char *path, char *out);
/* It is printed and stored in one line. */
int ps_check_path(struct parser *ps, const struct word *file, const char *real);

/* Subjects of source, resolver, serve, zone: several words, or from FILE. */
struct subjects {
	size_t first, count; /* words */
	bool from;
};

int ps_take_subjects(struct parser *ps, struct subjects *s, const char *expected, bool action_follows);
/* One rule for each, all like `like`. */
int ps_put_subjects(struct parser *ps, const struct rule *like, const struct subjects *s);

/* A zone and the file of its names. */
int ps_put_zone(struct parser *ps, const struct rule *like, const struct word *zone, const struct word *file);

/* -- what is done (action.c) */

bool is_action(const struct word *w);
int parse_action(struct parser *ps, struct rule *r);
/* `1000 visits/s [burst 2000]`, in units that fit the rule's statement. */
int parse_rate(struct parser *ps, struct rule *r);
int parse_for(struct parser *ps, struct rule *r);
/* `page FILE`, from FILE on (page.c). */
int parse_page(struct parser *ps, struct rule *r);

/* -- listen.c */

int parse_listen(struct parser *ps);
/* `tcp/443 [on ADDR]`: l4, port, any and addr. */
int parse_listener(struct parser *ps, struct rule *r);

/* -- limit.c */

int parse_limit(struct parser *ps);

/* -- parse.c */

/* Splits and parses; the line is written to. What it includes stands in
 * ps->include afterwards: to read that is the caller's. */
int parse_line(struct parser *ps, char *line, size_t len);

#endif
