/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the parser, and the pieces of which its statements are made. */
#ifndef STRAYGATE_PARSER_H
#define STRAYGATE_PARSER_H

#include "policy/internal.h"

/* The files that are being read, to see a loop of includes. */
struct open_file {
	const struct open_file *above;
	dev_t dev;
	ino_t ino;
};

struct parser {
	struct policy *policy;
	struct place at;
	const char *dir; /* relative paths start there; "": where we are */
	struct words words;
	size_t next;   /* word */
	bool command;  /* a line of the command line */
	bool subjects; /* only subjects matter, and lists are not read: del */
	const struct open_file *open;
	unsigned int depth;
	unsigned int files;
};

/* -- words (policy_parse.c) */

struct word *peek(struct parser *ps);
struct word *take(struct parser *ps);
bool is_word(const struct word *w, const char *keyword);
bool take_word(struct parser *ps, const char *keyword);
/* The position in a list of words that ends with NULL, or -1. */
int word_among(const struct word *w, const char *const list[]);
/* "unexpected 'word'; expected ..."; without a word it is the end of the line. */
int unexpected(struct parser *ps, const struct word *w, const char *expected);
int expect_end(struct parser *ps);
/* `del` needs a subject only; what may follow is read all the same, if there. */
bool subject_is_all(struct parser *ps);

/* -- rules and subjects (policy_subject.c) */

/* A rule like `like`, whose subject is (or starts at) w. */
struct rule *new_rule(struct parser *ps, const struct rule *like, const struct word *w);
int put_rule(struct parser *ps, struct rule *r);
int put_with_subject(struct parser *ps, struct rule *r);
/* The one absolute name of a file, PATH_MAX bytes. For `del` it need not be there any more. */
int real_path(struct parser *ps, const char *path, char *out);
/* It is printed and stored in one line. */
int check_path(struct parser *ps, const struct word *file, const char *real);

/* Subjects of source, resolver, serve, zone: several words, or from FILE. */
struct subjects {
	size_t first, count; /* words */
	bool from;
};

int take_subjects(struct parser *ps, struct subjects *s, const char *expected, bool action_follows);
/* One rule for each, all like `like`. */
int put_subjects(struct parser *ps, const struct rule *like, const struct subjects *s);

/* -- what is done (policy_action.c) */

bool is_action(const struct word *w);
int parse_action(struct parser *ps, struct rule *r);
int parse_for(struct parser *ps, struct rule *r);
/* `page FILE`, from FILE on (page.c). */
int parse_page(struct parser *ps, struct rule *r);

/* -- policy_listen.c */

int parse_listen(struct parser *ps);

/* -- policy_parse.c */

/* Splits and parses; the line is written to. */
int parse_line(struct parser *ps, char *line, size_t len);

/* -- files (policy_file.c) */

int parse_include(struct parser *ps, const struct word *pattern);
/* dir + path, unless path is absolute. 0 or -ENAMETOOLONG. */
int path_join(const char *dir, const char *path, char *out, size_t size);

#endif
