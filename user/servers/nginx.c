// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nginx, and what is built of it (OpenResty, Angie): `nginx -T` with the words of the command
 * line that it was started with. Of containers the files are read, and nothing is run.
 */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/blocks.h"
#include "servers/files.h"
#include "servers/nginx.h"
#include "servers/reader.h"
#include "servers/run.h"

#define CONFIGURATION "/etc/nginx/nginx.conf"

/* Of `nginx -T`: each file once, below a line that names it. */
struct dumped {
	const char *name, *text;
	size_t len;
	bool used;
};

struct dump {
	struct blocks blocks;
	const struct process *process; /* of a container: its files are read */
	struct dumped *files;
	size_t count, room;
	char prefix[PATH_MAX];
};

/* ---- what was dumped ------------------------------------------------------------------- */

static void put_file(struct dump *d, char *name, const char *text)
{
	struct dumped *grown = d->files;

	if (d->count == d->room) {
		d->room = d->room ? 2 * d->room : 32;
		grown = reallocarray(d->files, d->room, sizeof(*grown));
		if (!grown)
			return;
		d->files = grown;
	}
	grown[d->count++] = (struct dumped){.name = name, .text = text};
}

/* Is what stands here the file, and an end of line behind it? As the server sees its files. */
static bool is_whole(const struct dump *d, const char *name, const char *text, size_t left, size_t *len)
{
	const struct process inside = {.pid = d->process->pid, .container = true};
	char *file = server_read(&inside, name, len);
	bool same = file && *len < left && !memcmp(text, file, *len) && text[*len] == '\n';

	free(file);
	return same;
}

/* Each file is known by what is in it: "# configuration file NAME:" may stand in one, too, put there by
 * somebody whose words are not to be taken for another's. NULL, or the file that is not what was printed. */
static const char *split(struct dump *d, char *out, size_t len)
{
	static const char head[] = "# configuration file ";
	char *at = out, *end = out + len, *line, *text;
	size_t size;

	while (at < end) {
		line = memchr(at, '\n', end - at);
		if (!line || line == at || line[-1] != ':' || strncmp(at, head, sizeof(head) - 1))
			return "its first line";
		line[-1] = '\0';
		text = line + 1;
		if (!is_whole(d, at + sizeof(head) - 1, text, end - text, &size))
			return at + sizeof(head) - 1;
		put_file(d, at + sizeof(head) - 1, text);
		if (d->count)
			d->files[d->count - 1].len = size;
		at = text + size + 1;
	}
	return NULL;
}

static void include_dumped(struct blocks *b, const char *pattern, struct directive ***end)
{
	struct dump *d = b->arg;
	char path[PATH_MAX];
	size_t i;

	server_path(path, d->prefix, pattern);
	for (i = 0; i < d->count; i++)
		if (!fnmatch(path, d->files[i].name, FNM_PATHNAME | FNM_PERIOD))
			blocks_read(b, d->files[i].name, d->files[i].text, d->files[i].len, end);
}

/* ---- what is read ------------------------------------------------------------------------ */

struct including {
	struct dump *d;
	struct directive ***end;
};

static void read_file(const char *path, void *arg)
{
	struct including *i = arg;
	struct model *m = i->d->blocks.model;
	const struct found_at where = {
		.server = i->d->blocks.server, .file = model_text(m, path, strlen(path)), .line = 0};
	size_t len;
	char *text = arena_adopt(&m->arena, server_read(i->d->process, path, &len));

	if (!text) {
		i->d->blocks.damaged = true;
		model_note(m, true, &where, "cannot be read: %s", strerror(errno));
		return;
	}
	blocks_read(&i->d->blocks, where.file, text, len, i->end);
}

static void include_read(struct blocks *b, const char *pattern, struct directive ***end)
{
	struct including i = {b->arg, end};
	char path[PATH_MAX];

	server_path(path, i.d->prefix, pattern);
	server_glob(i.d->process, path, read_file, &i);
}

/* ---- the command line ---------------------------------------------------------------------- */

static void set_prefix(struct dump *d, const char *configuration)
{
	char *slash;

	/* Relative includes start at the folder of the configuration, not at -p. */
	snprintf(d->prefix, sizeof(d->prefix), "%s", configuration);
	slash = strrchr(d->prefix, '/');
	if (slash)
		*slash = '\0';
}

static int dump_of(struct dump *d, struct directive ***end)
{
	static const char *const options[] = {"-c", "-p", "-g", "-e"};
	const struct process *p = d->process;
	const char *args[12] = {"-T", "-q"}, *value;
	const struct found_at where = {.server = d->blocks.server, .file = NULL, .line = 0};
	struct run r = {0};
	const char *changed;
	size_t count = 2, i;
	int err;

	for (i = 0; i < 4; i++) {
		value = process_option(p, options[i]);
		/* -g has blanks in it, which its title does not tell from others: left out */
		if (!value || i == 2)
			continue;
		args[count++] = options[i];
		args[count++] = value;
	}
	err = run_as(p, NULL, args, &r);
	if (err) {
		model_note(d->blocks.model, true, &where, "`nginx -T` of process %d failed: %s", p->pid,
			   r.why);
		run_free(&r);
		return err;
	}
	arena_adopt(&d->blocks.model->arena, r.out);
	free(r.err);
	changed = split(d, r.out, r.len);
	if (changed) {
		model_note(d->blocks.model, true, &where,
			   "`nginx -T` of process %d printed something else than is in %.100s: is it being "
			   "changed?",
			   p->pid, changed);
		return -ESTALE;
	}
	if (!d->count) {
		model_note(d->blocks.model, true, &where, "`nginx -T` of process %d printed no configuration",
			   p->pid);
		return -ENODATA;
	}
	set_prefix(d, d->files[0].name);
	d->blocks.include = include_dumped;
	blocks_read(&d->blocks, d->files[0].name, d->files[0].text, d->files[0].len, end);
	return 0;
}

static int files_of(struct dump *d, struct directive ***end)
{
	const char *file = process_option(d->process, "-c");
	struct including i = {d, end};
	char path[PATH_MAX];
	const char *prefix = process_option(d->process, "-p");

	server_path(path, prefix ? prefix : "/etc/nginx", file ? file : CONFIGURATION);
	set_prefix(d, path);
	d->blocks.include = include_read;
	read_file(path, &i);
	return d->blocks.damaged ? -EIO : 0;
}

int read_nginx(struct model *m, const struct process *p)
{
	struct directive *first = NULL, **end = &first, ***last = &end;
	struct dump d = {.process = p};
	int err;

	d.blocks = (struct blocks){.model = m, .server = p->name, .arg = &d};
	err = p->container ? files_of(&d, last) : dump_of(&d, last);
	if (!err)
		nginx_evaluate(&d.blocks, p, d.prefix, first);
	if (d.blocks.damaged)
		err = -EINVAL;
	free(d.files);
	return err;
}
