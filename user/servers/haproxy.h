/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known while a configuration of HAProxy is read; and the names in its lines. */
#ifndef STRAYGATE_SERVERS_HAPROXY_H
#define STRAYGATE_SERVERS_HAPROXY_H

#include <limits.h>
#include <stdbool.h>

#include "servers/lines.h"
#include "servers/model.h"

#define HAPROXY "haproxy"

#define BINDS_MOST 64
#define ACLS_MOST  1024

/* A section that visitors come to. */
struct frontend {
	struct site binds[BINDS_MOST];
	size_t bind_count;
	bool is_frontend;     /* or listen */
	bool denies;	      /* what no acl of names knows */
	const char *fallback; /* default_backend, or a backend for any name */
	bool own_servers;     /* `server` lines of a listen section */
	const char *wide;
	struct found_at at;
	struct {
		const char *name;
		bool about_names;
	} acls[ACLS_MOST];
	size_t acl_count;
};

struct haproxy {
	struct model *m;
	const struct process *p;
	struct frontend *f;
	bool tcp; /* mode of the section */
	bool tcp_default;
	bool in_defaults, in_other;
	bool conditional;      /* inside of .if */
	const char **refusing; /* backends that only deny */
	size_t refusing_count;
	const char *section; /* the backend that is being read */
	bool section_denies, section_serves;
	bool names_only; /* the second reading, when all backends are known */
	bool failed;	 /* a file could not be read: names may be missing */
	char crt_base[PATH_MAX];
	char folder[PATH_MAX]; /* where relative paths begin */
};

/* How HAProxy compares a name with a pattern. */
enum match { MATCH_STR, MATCH_END, MATCH_REG, MATCH_OTHER };

/* For the lines of a file of patterns. */
struct listing {
	struct haproxy *h;
	enum match how;
};

/* A list or map that names a file. */
void haproxy_read_list(struct haproxy *h, const char *file, line_words_fn *fn, void *arg);
/* Does this fetch give the name that is asked for? */
bool haproxy_about_names(const char *fetch);
/* The frontend takes more names than can be listed, for this reason. */
void haproxy_widen(struct haproxy *h, const char *why, const struct found_at *where);
/* A line of `-f FILE`, or of a map: its name goes into the model. arg: struct listing. */
void haproxy_name_line(struct line *l, void *arg);
/* The words behind a fetch: flags, then patterns, up to a "}". */
void haproxy_patterns(struct haproxy *h, const struct line *l, unsigned int i, const char *fetch);
/* Does the condition of a line ask for the name? Its names are noted. negated: it holds for
 * all names but those. */
bool haproxy_condition(struct haproxy *h, const struct line *l, bool *negated);

#endif
