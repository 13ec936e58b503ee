/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one policy to the next: what up, apply, add, del and posture share. */
#ifndef STRAYGATE_CHANGE_H
#define STRAYGATE_CHANGE_H

#include "gate/gate.h"
#include "cmd/input.h"
#include "cmd/verb.h"
#include "parser/read.h"
#include "show/status.h"

/*
 * Makes `now` the running policy of the gate in place of `before`: rules that
 * stay keep their ids, counters and times; checks what only the whole policy
 * shows. Prints its own errors, and changes nothing on any. file: where it was
 * read, or NULL to leave what is noted. 0 or -errno.
 */
int change_policy(struct gate *g, struct policy *now, struct policy *before, const char *file);
/* The same, but it goes back by itself after so many seconds; 0: with what waits
 * already, if anything does. */
int change_policy_for(struct gate *g, struct policy *now, struct policy *before, const char *file,
		      unsigned int seconds);

/* The file of which the policy that runs came is this one. 0 or -errno. */
int note_policy_file(struct gate *g, const char *file);

/* A result as lines or as JSON, and in how many seconds all goes back (0: it does
 * not). */
void print_result(const struct call *c, const char *result, unsigned int goes_back_in);
/* "changed" or "unchanged". */
void print_change(struct gate *g, const struct call *c, bool changed);

/* One line of the command line, or "-" for those of standard input, all in one step,
 * applied to the running policy by policy_add() or policy_del(); prints "changed" or
 * "unchanged". Exit status. */
int change_line(const struct call *c, const char *line, line_fn *how);

#endif
