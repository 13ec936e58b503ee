// SPDX-License-Identifier: GPL-2.0-or-later
/* Policy files and their includes. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/parser.h"
#include "policy/build.h"
#include "lib/progress.h"

#define INCLUDE_DEPTH 8
#define INCLUDE_FILES 4096

/* The files that are being read, to see a loop of includes. */
struct open_file {
	const struct open_file *above;
	dev_t dev;
	ino_t ino;
};

struct reader {
	struct parser ps;
	const struct open_file *open;
	unsigned int depth;
	unsigned int files;
};

static void reader_free(struct reader *r)
{
	words_free(&r->ps.words);
}
#define cleanup_reader __attribute__((cleanup(reader_free)))

static int read_include(struct reader *r, const struct word *pattern);

/* All lines, whatever is wrong with some; returns the first error. */
static int read_lines(struct reader *r, struct text *t)
{
	int got, first = 0;
	char *line;
	size_t len;

	while ((got = text_line(t, &r->ps.at, &line, &len))) {
		if (got > 0)
			got = parse_line(&r->ps, line, len);
		if (!got && r->ps.include)
			got = read_include(r, r->ps.include);
		if (is_fatal(got))
			return got;
		first = first ? first : got;
		progress_done(t->next - t->buf);
	}
	return first;
}

static int read_text(struct reader *r, const char *path, struct text *t)
{
	struct parser *ps = &r->ps;
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
	err = read_lines(r, t);
	ps->dir = dir_before;
	ps->at.file = before.file;
	ps->at.line = before.line;
	return err;
}

/* column 0: this is the file that the user named */
static int read_file(struct reader *r, const char *path, unsigned int column)
{
	struct place *at = &r->ps.at;
	struct text t cleanup_text = {0};
	struct open_file self = {.above = r->open};
	int err = text_read(&t, path, column ? READ_REGULAR : READ_ANY, &self.dev, &self.ino);

	if (err)
		return complain_file(at, column, path, err);
	for (const struct open_file *f = r->open; f; f = f->above)
		if (f->dev == self.dev && f->ino == self.ino)
			return complain(
				at, column,
				"include of '%s' goes in a circle; expected a file that is not being read",
				text_shown(at, path, strlen(path)));
	text_progress(&t, path);
	r->open = &self;
	r->depth++;
	err = read_text(r, path, &t);
	r->depth--;
	r->open = self.above;
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

static int too_many_files(struct reader *r, unsigned int column)
{
	return complain(&r->ps.at, column, "too many files; expected at most %d", INCLUDE_FILES);
}

static int include_pattern(struct reader *r, const char *pattern, unsigned int column)
{
	glob_t found __attribute__((cleanup(globfree_p))) = {0};
	int err = glob(pattern, GLOB_NOSORT, glob_failed, &found), got;

	if (err == GLOB_NOSPACE)
		return complain_memory(&r->ps.at);
	if (err == GLOB_ABORTED)
		return complain_file(&r->ps.at, column, pattern, -glob_errno);
	/* not glob()'s order, which depends on the locale */
	if (found.gl_pathc)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), by_name);
	err = 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (r->files++ >= INCLUDE_FILES)
			return too_many_files(r, column);
		got = read_file(r, found.gl_pathv[i], column);
		if (is_fatal(got))
			return got;
		err = err ? err : got;
	}
	return err;
}

static int read_include(struct reader *r, const struct word *pattern)
{
	char dir[PATH_MAX], path[PATH_MAX];
	unsigned int column = pattern->column;
	bool wild = strpbrk(pattern->text, "*?[");
	int err = 0;

	if (r->depth >= INCLUDE_DEPTH)
		return complain(&r->ps.at, column, "includes too deep; expected at most %d", INCLUDE_DEPTH);
	if (wild)
		err = escape_dir(r->ps.dir, dir, sizeof(dir));
	if (!err)
		err = path_join(wild ? dir : r->ps.dir, pattern->text, path, sizeof(path));
	if (err)
		return complain_file(&r->ps.at, column, pattern->text, err);
	if (wild)
		return include_pattern(r, path, column);
	if (r->files++ >= INCLUDE_FILES)
		return too_many_files(r, column);
	return read_file(r, path, column);
}

/* -- the ways in */

int policy_read_file(struct policy *p, const char *path, struct policy_error *err)
{
	struct reader r cleanup_reader = {
		.ps = {.policy = p, .at = {.file = path, .err = err}, .dir = ""},
	};
	size_t before = policy_count(p);
	int got;

	errors_begin(err);
	got = read_file(&r, path, 0);
	errors_end(err);
	if (got)
		policy_truncate(p, before);
	return got;
}

int policy_read_text(struct policy *p, const char *name, const char *text, size_t len,
		     struct policy_error *err)
{
	struct reader r cleanup_reader = {
		.ps = {.policy = p, .at = {.file = name, .err = err}, .dir = ""},
	};
	struct text t cleanup_text = {0};
	size_t before = policy_count(p);
	int got = text_copy(&t, text, len);

	errors_begin(err);
	got = got ? complain_memory(&r.ps.at) : read_text(&r, name, &t);
	errors_end(err);
	if (got)
		policy_truncate(p, before);
	return got;
}
