/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a server's own program, to have it print its configuration, with no more rights
 * than the server has: its user, groups, capabilities, namespaces and environment.
 */
#ifndef STRAYGATE_SERVERS_RUN_H
#define STRAYGATE_SERVERS_RUN_H

#include <stddef.h>

#include "servers/process.h"

#define RUN_SECONDS 10		/* without output and without computing; then it is killed */
#define RUN_LONGEST 120		/* in all; the same */
#define RUN_BYTES   (256 << 20) /* of what it prints; then it is killed */

struct run {
	size_t memory; /* the caller's: at most so many bytes for what it runs; 0: no limit of ours */
	char *out;     /* what came on standard output, a NUL behind it */
	size_t len;
	char *err;     /* the same of standard error, at most 64 KB */
	char why[300]; /* if it failed: in words */
};

/* The program of the process itself (path NULL), or another one of this host that belongs to
 * root. args: the words behind its name, NULL at the end. 0, or -errno and r->why; run_free() in any case. */
int run_as(const struct process *p, const char *path, const char *const *args, struct run *r);
/* The same as nobody, who may do nothing; its standard input is fd. */
int run_as_nobody(const char *path, const char *const *args, int fd, struct run *r);
void run_free(struct run *r);
#define cleanup_run __attribute__((cleanup(run_free)))

#endif
