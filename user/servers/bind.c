// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "servers/blocks.h"
#include "servers/dns.h"
#include "servers/reader.h"
#include "servers/run.h"

static const char *const own_types[] = {"primary", "master",	  "secondary", "slave", "mirror",
					"stub",	   "static-stub", "forward",   NULL};

/* Of these, the ones that another server has, too. */
static const char *const copies[] = {"secondary", "slave", "mirror", NULL};

/* What a zone has, or else its view, or else `options`. */
struct bind_scope {
	const struct directive *zone, *view, *options;
};

static const struct directive *setting(const struct bind_scope *s, const char *name)
{
	const struct directive *d = directive_find(s->zone, name);

	if (!d)
		d = directive_find(s->view, name);
	return d ? d : directive_find(s->options, name);
}

static bool is_dynamic(const struct bind_scope *s)
{
	const struct directive *updates = setting(s, "allow-update");

	return directive_find(s->zone, "update-policy") ||
	       (updates && updates->children && strcmp(updates->children->words[0], "none"));
}

static bool is_one_of(const char *word, const char *const *those)
{
	for (; *those; those++)
		if (!strcmp(word, *those))
			return true;
	return false;
}

/* Why the names of a zone of this type are not those of a file. */
static const char *not_of_file(const struct bind_scope *s, const char *type)
{
	static const char *const others[] = {"stub", "static-stub", "forward", NULL};

	if (is_one_of(type, others))
		return "another server answers for it";
	if (directive_find(s->zone, "database") || directive_find(s->zone, "dlz"))
		return "it is in a database";
	if (!directive_find(s->zone, "file") && is_one_of(type, copies))
		return "it is a copy without a file";
	return is_dynamic(s) ? "it is updated dynamically" : NULL;
}

static void bind_zone(struct blocks *b, const struct directive *zone, const struct directive *view,
		      const struct directive *options, const char *root)
{
	const struct bind_scope scope = {zone->children, view, options};
	const struct found_at where = directive_at(b, zone);
	const struct directive *type = directive_find(zone->children, "type"), *format, *file, *folder;
	struct zone_file f = {.zone = directive_word(zone, 1), .root = root};

	if (!type || !is_one_of(directive_word(type, 1), own_types))
		return;
	format = setting(&scope, "masterfile-format");
	file = directive_find(zone->children, "file");
	folder = directive_find(options, "directory");
	f.path = file ? directive_word(file, 1) : NULL;
	f.folder = folder ? directive_word(folder, 1) : NULL;
	f.format = format					? directive_word(format, 1)
		   : is_one_of(directive_word(type, 1), copies) ? "raw"
								: "text";
	f.unable = not_of_file(&scope, directive_word(type, 1));
	dns_zone_file(b->model, &f, &where);
}

static bool allows_all(const struct directive *options, const char *which)
{
	const struct directive *d = directive_find(options, which);

	for (d = d ? d->children : NULL; d; d = d->next)
		if (!strcmp(d->words[0], "any") || !strcmp(d->words[0], "0.0.0.0/0") ||
		    !strcmp(d->words[0], "::/0"))
			return true;
	return false;
}

static void bind_listens(struct blocks *b, const struct directive *options, enum site_class class,
			 const char *why)
{
	const struct directive *d, *a;
	const struct found_at where = {.server = b->server, .file = NULL, .line = 0};

	for (d = options; d; d = d->next) {
		unsigned int port = 53, i;

		if (strncmp(d->words[0], "listen-on", 9))
			continue;
		for (i = 1; i + 1 < d->count; i++)
			if (!strcmp(d->words[i], "port"))
				port = (unsigned int)strtoul(d->words[i + 1], NULL, 10);
		for (a = d->children; a; a = a->next)
			if (strcmp(a->words[0], "none") && *a->words[0] != '!')
				dns_sites(b->model, strcmp(a->words[0], "any") ? a->words[0] : NULL, port,
					  class, why, &where);
	}
	/* What listens by default, and what stands as a name of a list. */
	dns_sites(b->model, NULL, 53, class, why, &where);
}

static void bind_evaluate(struct blocks *b, const struct directive *main, const char *root)
{
	const struct directive *o = directive_find(main, "options"), *options = o ? o->children : NULL, *d,
			       *z;
	const struct directive *recursion = directive_find(options, "recursion");
	bool recurses = !recursion || !strcmp(directive_word(recursion, 1), "yes");
	bool all = recurses &&
		   (allows_all(options, "allow-recursion") ||
		    (!directive_find(options, "allow-recursion") && allows_all(options, "allow-query")));

	for (d = main; d; d = d->next) {
		if (!strcmp(d->words[0], "zone"))
			bind_zone(b, d, NULL, options, root);
		if (strcmp(d->words[0], "view"))
			continue;
		for (z = d->children; z; z = z->next) {
			if (!strcmp(z->words[0], "zone"))
				bind_zone(b, z, d->children, options, root);
			all |= !strcmp(z->words[0], "allow-recursion") && allows_all(z, "allow-recursion");
		}
	}
	bind_listens(
		b, options,
		all	   ? SITE_OPEN
		: recurses ? SITE_IMPLIED
			   : SITE_CLOSED,
		all	   ? "it resolves any name for everybody"
		: recurses ? "it resolves any name for its own networks, which need a line `source ... trust`"
			   : dns_refuses);
}

int read_bind(struct model *m, const struct process *p)
{
	static const char *const programs[] = {"/usr/bin/named-checkconf", "/usr/sbin/named-checkconf"};
	const char *file = process_option(p, "-c"), *root = process_option(p, "-t");
	struct blocks b = {.model = m, .server = "bind"};
	const struct found_at where = {.server = b.server, .file = NULL, .line = 0};
	const char *args[6] = {"-p", root ? "-t" : file, root ? root : NULL, root ? file : NULL};
	struct directive *first = NULL, **end = &first;
	struct run r = {0};
	int err = p->container ? -ENOTSUP : -ENOENT;
	size_t i;

	for (i = 0; i < 2 && err == -ENOENT; i++)
		err = run_as(p, programs[i], args, &r);
	if (err) {
		model_note(m, true, &where, "`named-checkconf -p` of process %d failed: %s", p->pid, r.why);
		run_free(&r);
		return err;
	}
	arena_adopt(&m->arena, r.out);
	free(r.err);
	if (r.out)
		blocks_read(&b, NULL, r.out, r.len, &end);
	if (b.damaged)
		return -EINVAL;
	bind_evaluate(&b, first, root);
	return 0;
}
