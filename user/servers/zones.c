// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/zones.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/progress.h"
#include "lib/replace.h"
#include "lib/say.h"
#include "servers/run.h"
#include "servers/zone_names.h"

/* For the program that prints a zone, which may make millions of records of one line. */
#define TOOL_MEMORY (1UL << 30)

static const char made_by[] =
	"# Made by `straygate suggest --zones`, which writes it anew: change nothing here.\n";

/* ---- names ---------------------------------------------------------------------------------------- */

/* Tools say what was wrong, and then that something was. */
static const char *complaint(struct model *m, const struct run *r)
{
	const char *err = r->err ? r->err : "", *last = strrchr(err, '\n'), *from = last;
	char text[200];
	size_t i, len;

	/* run_as() has taken away the last line's end. */
	while (from && from > err && from[-1] != '\n')
		from--;
	len = from ? (size_t)(last - from) : 0;
	if (!len || strncmp(r->why, "exit status", 11))
		return model_print(m, "its records cannot be had: %s%s", r->why,
				   strstr(r->why, "signal") ? ", perhaps for it wanted more than 1 GB" : "");
	snprintf(text, sizeof(text), "%.*s", len < 190 ? (int)len : 190, from);
	for (i = 0; text[i]; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	return model_print(m, "its records cannot be had: %s", text);
}

/* Adds the names of a source. NULL, or why they cannot be had. */
static const char *read_source(struct model *m, const struct zone_source *s, struct zone_names *z)
{
	const char *const *program, *why;
	cleanup_run struct run r = {.memory = TOOL_MEMORY};
	int err = -ENOENT, i;

	if (s->unable)
		return s->unable;
	for (i = 0; i < 2; i++)
		for (program = s->tool[i].programs; program && *program && err == -ENOENT; program++) {
			run_free(&r);
			r.memory = TOOL_MEMORY;
			err = s->tool[i].args ? run_as(s->process, *program, s->tool[i].args, &r) : -ENOMEM;
		}
	if (err == -ENOENT)
		return "there is no program that reads its file: named-compilezone, of Debian's bind9-utils, "
		       "would";
	if (err)
		return complaint(m, &r);
	err = zone_names_read(z, r.out, r.len, &why);
	return err ? why : NULL;
}

/* ---- files ---------------------------------------------------------------------------------------- */

/* Whoever could write there could have other files of ours written. */
static int open_folder(const char *folder, char path[PATH_MAX])
{
	struct stat st;
	int fd;

	if (mkdir(folder, 0755) && errno != EEXIST)
		return fail(-errno, "%s: %s", folder, strerror(errno));
	fd = realpath(folder, path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		return fail(-errno, "%s: %s", folder, strerror(errno));
	if (fstat(fd, &st) || (st.st_uid && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH)) {
		close(fd);
		return fail(-EPERM, "%s: others may write there; expected a folder of root alone", folder);
	}
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"\\#", *c)) {
			close(fd);
			return fail(-EINVAL,
				    "%s: has a character that a policy has in quotes only; "
				    "expected another folder",
				    folder);
		}
	return fd;
}

/* "10.0/25.2.0.192.in-addr.arpa" is one file. */
static void file_name(char *out, size_t size, const char *zone)
{
	size_t len = 0;

	for (; *zone && len + 4 < size; zone++)
		len += (size_t)snprintf(out + len, size - len, *zone == '/' ? "%%2f" : "%c", *zone);
	snprintf(out + len, size - len, ".names");
}

/* 1: it is there and ours, 0: there is none, -EEXIST: it is somebody's. same: it is this text. */
static int look(int folder, const char *name, const char *text, size_t len, bool *same)
{
	cleanup_fd int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char head[sizeof(made_by)] = "", *old;
	struct stat st;

	*same = false;
	if (fd < 0)
		return errno == ENOENT ? 0 : -EEXIST;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    pread(fd, head, sizeof(made_by) - 1, 0) != sizeof(made_by) - 1 || strcmp(head, made_by))
		return -EEXIST;
	old = text && (size_t)st.st_size == len ? malloc(len) : NULL;
	*same = old && pread(fd, old, len, 0) == (ssize_t)len && !memcmp(old, text, len);
	free(old);
	return 1;
}

static void put_list(struct zone_lists *lists, struct zone_listed *l, struct model *m, int folder,
		     const char *path, struct zone_names *z)
{
	char name[NAME_MAX + 300], *text = NULL;
	size_t len = 0;
	FILE *out = l->why ? NULL : open_memstream(&text, &len);
	bool same;
	int had;

	file_name(name, sizeof(name), l->zone);
	if (out) {
		fprintf(out, "%s", made_by);
		zone_names_write(z, out);
	}
	if (!l->why && (!out || ferror(out)))
		l->why = strerror(ENOMEM);
	if (out && fclose(out) && !l->why)
		l->why = strerror(ENOMEM);
	had = look(folder, name, l->why ? NULL : text, len, &same);
	l->stale = l->why && had == 1;
	if (!l->why && had < 0)
		l->why = model_print(m, "%s/%s is there and was not made by this command", path, name);
	if (!l->why && !same) {
		had = replace_file(folder, name, text, len);
		if (had)
			l->why = model_print(m, "%s/%s: %s", path, name, strerror(-had));
		lists->changed += !had;
	}
	if (!l->why) {
		l->file = model_print(m, "%s/%s", path, name);
		l->count = z->count;
	}
	free(text);
}

/* ---- all zones ------------------------------------------------------------------------------------ */

static int source_order(const void *a, const void *b)
{
	return strcmp(((const struct zone_source *)a)->zone, ((const struct zone_source *)b)->zone);
}

static int listed_order(const void *zone, const void *l)
{
	return strcmp(zone, ((const struct zone_listed *)l)->zone);
}

int zones_list(struct zone_lists *lists, struct model *m, const char *folder)
{
	char path[PATH_MAX];
	cleanup_fd int fd = open_folder(folder, path);
	size_t i;

	if (fd < 0)
		return fd;
	lists->at = calloc(m->source_count + 1, sizeof(*lists->at));
	if (!lists->at)
		return fail(-ENOMEM, "%s", strerror(ENOMEM));
	if (m->source_count)
		qsort(m->sources, m->source_count, sizeof(*m->sources), source_order);
	for (i = 0; i < m->source_count;) {
		struct zone_listed *l = &lists->at[lists->count++];
		cleanup_zone_names struct zone_names z = {.zone = m->sources[i].zone};

		l->zone = z.zone;
		progress("zones", m->source_count, "listing the names of %s", z.zone);
		progress_done(i);
		/* In views, or at several servers: any of the names is served. */
		for (; i < m->source_count && !strcmp(m->sources[i].zone, z.zone); i++)
			if (!l->why)
				l->why = read_source(m, &m->sources[i], &z);
		put_list(lists, l, m, fd, path, &z);
		if (l->stale)
			say("%s: its list in %s stays as it was: %s", l->zone, folder, l->why);
	}
	return 0;
}

const struct zone_listed *zone_listed(const struct zone_lists *lists, const char *zone)
{
	return lists->at ? bsearch(zone, lists->at, lists->count, sizeof(*lists->at), listed_order) : NULL;
}

void zone_lists_free(struct zone_lists *lists)
{
	free(lists->at);
	memset(lists, 0, sizeof(*lists));
}
