/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What straygate says to people: one line for each thing, on stderr, that tells what
 * failed, why, and what to do next.
 */
#ifndef STRAYGATE_SAY_H
#define STRAYGATE_SAY_H

/* Exit statuses of the CLI. */
#define EXIT_OK	     0
#define EXIT_FAILED  1
#define EXIT_USAGE   2
#define EXIT_DIFFERS 3 /* apply --diff --exit-code */

/* "straygate: " and the text, or each line of it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and returns err: `return fail(-ENOENT, "...")`. */
int fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* No message of a library is lost, but shown only with --debug or when a
 * program does not load. */
extern int say_debug;

#endif
