// SPDX-License-Identifier: GPL-2.0-only
/* Policy files and their includes. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/internal.h"
#include "parser/parser.h"

int path_join(const char *dir, const char *path, char *out, size_t size)
{
	bool alone = *path == '/' || !*dir;
	size_t len = strlen(dir);
	const char *slash = len && dir[len - 1] == '/' ? "" : "/";
	int got = snprintf(out, size, "%s%s%s", alone ? "" : dir, alone ? "" : slash, path);

	return got < 0 || (size_t)got >= size ? -ENAMETOOLONG : 0;
}

static const char *file_problem(int err, char *buf, size_t size)
{
	switch (err) {
	case -EISDIR:
		return "it is a directory; expected a file";
	case -ENOTSUP:
		return "it is no regular file; expected one";
	case -EFBIG:
		snprintf(buf, size, "it is larger than %lu MB; expected a smaller one", FILE_SIZE_MAX >> 20);
		return buf;
	default:
		snprintf(buf, size, "%s; expected a readable file", strerror(-err));
		return buf;
	}
}

int complain_file(struct place *at, unsigned int column, const char *path, int err)
{
	char buf[128];

	if (err == -ENOMEM)
		return complain_memory(at);
	if (column)
		complain(at, column, "cannot read '%s': %s", show(at, path, strlen(path)),
			 file_problem(err, buf, sizeof(buf)));
	else
		complain(at, 0, "cannot read: %s", file_problem(err, buf, sizeof(buf)));
	return err;
}

static int parse_lines(struct parser *ps, struct text *t)
{
	char *line;
	size_t len;
	int got;

	while ((got = text_line(t, &ps->at, &line, &len)) > 0) {
		got = parse_line(ps, line, len);
		if (got)
			break;
	}
	return got;
}

static int parse_text(struct parser *ps, const char *path, struct text *t)
{
	const char *slash = strrchr(path, '/'), *dir_before = ps->dir;
	struct place before = ps->at;
	char dir[PATH_MAX] = "";
	int err;

	if (slash && slash - path < PATH_MAX)
		memcpy(dir, path, (size_t)(slash - path) ?: 1); /* "/x" is in "/" */
	ps->dir = dir;
	ps->at.file = policy_file_name(ps->policy, path);
	ps->at.line = 0;
	if (!ps->at.file)
		return complain_memory(&before);
	err = parse_lines(ps, t);
	ps->dir = dir_before;
	ps->at.file = before.file;
	ps->at.line = before.line;
	return err;
}

/* column 0: this is the file that the user named */
static int parse_file(struct parser *ps, const char *path, unsigned int column)
{
	struct text t cleanup_text = {0};
	struct open_file self = {.above = ps->open};
	int err = text_read(&t, path, column ? READ_REGULAR : READ_ANY, &self.dev, &self.ino);

	if (err)
		return complain_file(&ps->at, column, path, err);
	for (const struct open_file *f = ps->open; f; f = f->above)
		if (f->dev == self.dev && f->ino == self.ino)
			return complain(
				&ps->at, column,
				"include of '%s' goes in a circle; expected a file that is not being read",
				show(&ps->at, path, strlen(path)));
	ps->open = &self;
	ps->depth++;
	err = parse_text(ps, path, &t);
	ps->depth--;
	ps->open = self.above;
	return err;
}

/* -- include */

static void globfree_p(glob_t *g)
{
	globfree(g);
}

/* glob() has no place for ours; a thread has one include at a time here. */
static _Thread_local int glob_errno;

/* What is not there matches nothing; what may not be seen is an error, since
 * an include left out in silence is a policy that nobody wrote. */
static int glob_failed(const char *path, int err)
{
	(void)path;
	if (err == ENOENT || err == ENOTDIR)
		return 0;
	glob_errno = err;
	return 1;
}

/* The directory is no pattern, whatever characters it has. */
static int escape_dir(const char *dir, char *out, size_t size)
{
	size_t used = 0;

	for (; *dir; dir++) {
		if (used + 3 > size)
			return -ENAMETOOLONG;
		if (strchr("*?[]\\", *dir))
			out[used++] = '\\';
		out[used++] = *dir;
	}
	out[used] = '\0';
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int include_pattern(struct parser *ps, const char *pattern, unsigned int column)
{
	glob_t found __attribute__((cleanup(globfree_p))) = {0};
	int err = glob(pattern, GLOB_NOSORT, glob_failed, &found);

	if (err == GLOB_NOSPACE)
		return complain_memory(&ps->at);
	if (err == GLOB_ABORTED)
		return complain_file(&ps->at, column, pattern, -glob_errno);
	/* not glob()'s order, which depends on the locale */
	if (found.gl_pathc)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), by_name);
	err = 0;
	for (size_t i = 0; !err && i < found.gl_pathc; i++) {
		if (ps->files++ >= INCLUDE_FILES)
			return complain(&ps->at, column, "too many files; expected at most %d",
					INCLUDE_FILES);
		err = parse_file(ps, found.gl_pathv[i], column);
	}
	return err;
}

int parse_include(struct parser *ps, const struct word *pattern)
{
	char dir[PATH_MAX], path[PATH_MAX];
	unsigned int column = pattern->column;
	bool wild = strpbrk(pattern->text, "*?[");
	int err = 0;

	if (ps->depth >= INCLUDE_DEPTH)
		return complain(&ps->at, column, "includes too deep; expected at most %d", INCLUDE_DEPTH);
	if (wild)
		err = escape_dir(ps->dir, dir, sizeof(dir));
	if (!err)
		err = path_join(wild ? dir : ps->dir, pattern->text, path, sizeof(path));
	if (err)
		return complain_file(&ps->at, column, pattern->text, err);
	if (wild)
		return include_pattern(ps, path, column);
	if (ps->files++ >= INCLUDE_FILES)
		return complain(&ps->at, column, "too many files; expected at most %d", INCLUDE_FILES);
	return parse_file(ps, path, column);
}

/* -- the ways in */

static void parser_done(struct parser *ps)
{
	words_free(&ps->words);
}

int policy_read_file(struct policy *p, const char *path, struct policy_error *err)
{
	struct parser ps __attribute__((cleanup(parser_done))) = {
		.policy = p,
		.at = {.file = path, .err = err},
		.dir = "",
	};
	size_t before = p->count;
	int got = parse_file(&ps, path, 0);

	if (got)
		policy_truncate(p, before);
	return got;
}

int policy_read_text(struct policy *p, const char *name, const char *text, size_t len,
		     struct policy_error *err)
{
	struct parser ps __attribute__((cleanup(parser_done))) = {
		.policy = p,
		.at = {.file = name, .err = err},
		.dir = "",
	};
	struct text t cleanup_text = {0};
	size_t before = p->count;
	int got = text_copy(&t, text, len);

	got = got ? complain_memory(&ps.at) : parse_text(&ps, name, &t);
	if (got)
		policy_truncate(p, before);
	return got;
}
