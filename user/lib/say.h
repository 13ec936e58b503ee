/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What straygate says to people: one line for each thing, on stderr, that tells what
 * failed, why, and what to do next.
 */
#ifndef STRAYGATE_SAY_H
#define STRAYGATE_SAY_H

#include <stdint.h>

/* Exit statuses of the CLI. */
#define EXIT_OK	     0
#define EXIT_FAILED  1
#define EXIT_USAGE   2
#define EXIT_DIFFERS 3 /* apply --diff --exit-code */

/* "straygate: " and the text, or each line of it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and returns err: `return fail(-ENOENT, "...")`. */
int fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Who gets these lines in place of stderr, without "straygate: "; NULL: nobody. */
extern void (*say_to)(const char *line);

/* "12,345,678" in one of a few buffers that take turns. */
const char *grouped(uint64_t n);

/* No message of a library is lost, but shown only with --debug or when a
 * program does not load. */
extern int say_debug;

#endif
