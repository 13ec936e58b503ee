/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text to policy: the only parser of the language, for files and for the
 * command line.
 */
#ifndef STRAYGATE_READ_H
#define STRAYGATE_READ_H

#include "policy/policy.h"

/*
 * What was wrong, ready to print after "straygate: ": of each error a line that says
 * where, what, and what was expected. Of a file's errors the first POLICY_ERRORS_SHOWN
 * are here, and how many there were; so are those of its lists and includes.
 */
#define POLICY_ERRORS_SHOWN 20
#define POLICY_ERROR_SIZE   512 /* of each, at most */
struct policy_error {
	char text[(POLICY_ERRORS_SHOWN + 1) * POLICY_ERROR_SIZE];
	size_t used;
	size_t count;
};

/* Reads a file with its includes. On failure p is unchanged in content (throw
 * it away), err says why. 0, or that of the first error: -EINVAL (syntax), -errno
 * of a file. */
int policy_read_file(struct policy *p, const char *path, struct policy_error *err);

/* The lines of one command-line statement, words joined by spaces.
 * add: 1 changed (added or replaced), 0 unchanged, <0 error.
 * del: takes a statement and a subject; what follows the subject is ignored if
 * valid; 1 deleted, -ENOENT no such rule (err says so), <0 error. */
int policy_add(struct policy *p, const char *line, struct policy_error *err);
int policy_del(struct policy *p, const char *line, struct policy_error *err);

/* What cannot be seen line by line: a listener that judges names while nothing
 * is served (serve for http and tls, zone for dns), capacities. */
int policy_check(const struct policy *p, struct policy_error *err);

/* Text that is in memory already, as if it were the file `name`. */
int policy_read_text(struct policy *p, const char *name, const char *text, size_t len,
		     struct policy_error *err);

#endif
