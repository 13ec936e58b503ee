/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the command line or of standard input, put into a policy. */
#ifndef STRAYGATE_INPUT_H
#define STRAYGATE_INPUT_H

#include <stddef.h>
#include <stdio.h>

#include "parser/read.h"

/* policy_add() or policy_del() */
typedef int line_fn(struct policy *p, const char *line, struct policy_error *err);

/* One line, or with "-" what standard input says. */
struct input {
	const char *line; /* not owned */
	char *text;	  /* all of standard input; NULL: it is not read */
	size_t size;
};

void input_free(struct input *in);
#define cleanup_input __attribute__((cleanup(input_free)))

/* Reads standard input to its end, if it is wanted: before a gate is opened, so that
 * nobody has to wait for who writes there. 0, or -errno, which is said. */
int input_read(struct input *in, const char *line);

/* The line, or all those of standard input, of which blank ones and comments count for
 * nothing. What del does not find is no error: it is not there, as was wanted. Each
 * error is said, and then p is not to be used. 1: changed, 0: not, or -errno. */
int input_lines(struct policy *p, struct input *in, line_fn *how);

#define STDIN_PATH "/dev/stdin"

/* What a verb opens that was given this path: "-" is standard input. */
const char *input_path(const char *path);

/* Copies what `from` still has. 0, -errno of reading, or -ENOMEM of writing to memory. */
int copy_rest(FILE *from, FILE *to);

/* A verb replaces a file, or makes it, and nothing else. 0, or -EINVAL, which is said. */
int check_replaceable(const char *path, const char *verb);

#endif
