// SPDX-License-Identifier: GPL-2.0-or-later
/* Name servers: NSD, Knot, BIND and Unbound. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/prefix.h"
#include "servers/blocks.h"
#include "servers/files.h"
#include "servers/lines.h"
#include "servers/reader.h"
#include "servers/run.h"

static const char refuses[] = "it refuses questions for other zones";

/* Both protocols of port 53, or of another one; address NULL: every one. */
static void put_sites(struct model *m, const char *address, unsigned int port, enum site_class class,
		      const char *why, const struct found_at *where)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};
	char text[128];
	size_t i, len;

	/* "192.0.2.1@5353" */
	address = address ? address : "*";
	len = strcspn(address, "@");
	if (address[len])
		port = (unsigned int)strtoul(address + len + 1, NULL, 10);
	snprintf(text, sizeof(text), strchr(address, ':') ? "[%.*s]" : "%.*s", len < 100 ? (int)len : 100,
		 address);
	for (i = 0; i < 2; i++) {
		struct site s = {
			.l4 = protocols[i], .as = PROTO_DNS, .class = class, .why = why, .origin = *where};

		if (read_endpoint(&s, text, port))
			model_site(m, &s);
	}
}

static bool is_root(const char *zone)
{
	return !*zone || !strcmp(zone, ".");
}

static void put_zone(struct model *m, const char *zone, const struct found_at *where)
{
	if (is_root(zone))
		model_note(m, true, where, "the root zone: any name is below it");
	else
		model_name(m, zone, strlen(zone), NAMED_ZONE, where);
}

/* ---- NSD ------------------------------------------------------------------------------------- */

struct colons {
	struct model *m;
	const struct process *p;
	const char *server;
	char section[32]; /* "server:" */
	unsigned int port, includes;
	const char *addresses[64];
	size_t address_count;
	const char *zone_list;
	bool root, wide; /* serves the root; answers everybody (Unbound) */
	void (*line)(struct colons *c, struct line *l);
};

static void colon_line(struct line *l, void *arg);

static void include_one(const char *path, void *arg)
{
	struct colons *c = arg;

	if (c->includes >= 16)
		return;
	c->includes++;
	lines_read(c->m, c->p, c->server, path, 1, colon_line, c, NULL);
	c->includes--;
}

static void colon_line(struct line *l, void *arg)
{
	struct colons *c = arg;
	const struct found_at where = line_at(l, c->server);
	size_t len = strlen(l->word[0]);
	char *colon = strchr(l->word[0], ':');
	unsigned int i;
	char path[PATH_MAX];

	/* "name:value" is two words */
	if (colon && colon[1] && l->count == 1) {
		l->word[1] = colon + 1;
		l->count = 2;
		l->word[0] = (char *)model_text(c->m, l->word[0], colon + 1 - l->word[0]);
		len = strlen(l->word[0]);
	}
	if (!len || l->word[0][len - 1] != ':')
		return;
	if (line_is(l, 0, "include:") || line_is(l, 0, "include-toplevel:")) {
		server_path(path, "/etc", l->word[1]);
		server_glob(c->p, path, include_one, c);
		return;
	}
	if (l->count == 1) {
		snprintf(c->section, sizeof(c->section), "%.31s", l->word[0]);
		return;
	}
	/* One line may say it all: "server: port: 53" */
	for (i = 0; i + 1 < l->count; i++)
		if (line_is(l, i, "port:"))
			c->port = (unsigned int)strtoul(l->word[i + 1], NULL, 10);
	if ((line_is(l, 0, "ip-address:") || line_is(l, 0, "interface:")) && c->address_count < 64)
		c->addresses[c->address_count++] = l->word[1];
	if (!strcmp(c->section, "zone:") && line_is(l, 0, "name:") && !strcmp(c->server, "nsd")) {
		c->root |= is_root(l->word[1]);
		put_zone(c->m, l->word[1], &where);
	}
	if (line_is(l, 0, "zonelistfile:"))
		c->zone_list = l->word[1];
	if (c->line)
		c->line(c, l);
}

/* "add ZONE PATTERN", by nsd-control addzone */
static void zone_list_line(struct line *l, void *arg)
{
	struct colons *c = arg;
	const struct found_at where = line_at(l, c->server);

	if (line_is(l, 0, "add") && l->count >= 2)
		put_zone(c->m, l->word[1], &where);
}

static void colon_sites(struct colons *c, enum site_class class, const char *why,
			const struct found_at *where)
{
	size_t i;

	if (!c->address_count)
		put_sites(c->m, NULL, c->port, class, why, where);
	for (i = 0; i < c->address_count; i++)
		put_sites(c->m, c->addresses[i], c->port, class, why, where);
}

int read_nsd(struct model *m, const struct process *p)
{
	const char *file = process_option(p, "-c");
	struct colons c = {
		.m = m, .p = p, .server = "nsd", .port = 53, .zone_list = "/var/lib/nsd/zone.list"};
	struct found_at where;
	int err, fd;

	file = model_text(m, file ? file : "/etc/nsd/nsd.conf", strlen(file ? file : "/etc/nsd/nsd.conf"));
	where = (struct found_at){.server = c.server, .file = file, .line = 0};
	err = lines_read(m, p, c.server, file, 1, colon_line, &c, NULL);
	fd = err ? -1 : server_open(p, c.zone_list);
	if (fd >= 0) {
		close(fd);
		lines_read(m, p, c.server, c.zone_list, 1, zone_list_line, &c, NULL);
	}
	if (!err)
		colon_sites(&c, c.root ? SITE_OPEN : SITE_CLOSED, c.root ? "it serves the root" : refuses,
			    &where);
	return err;
}

/* ---- Unbound ----------------------------------------------------------------------------------- */

/* Who may ask is who has to be trusted: a resolver answers any name. */
static void unbound_line(struct colons *c, struct line *l)
{
	const struct found_at where = line_at(l, c->server);
	struct prefix prefix;

	if (line_is(l, 0, "access-control:") && l->count >= 3 && !strncmp(l->word[2], "allow", 5)) {
		if (prefix_parse(l->word[1], &prefix) || prefix.len == (prefix_is_v4(&prefix) ? 96 : 0))
			c->wide = true;
		else
			model_note(c->m, false, &where, "its clients ask for any name: source %s trust",
				   l->word[1]);
	}
	if (!strcmp(c->section, "auth-zone:") && line_is(l, 0, "name:"))
		put_zone(c->m, l->word[1], &where);
	if (line_is(l, 0, "local-zone:") && l->count >= 3 && strcmp(l->word[2], "transparent") &&
	    !is_root(l->word[1]))
		put_zone(c->m, l->word[1], &where);
}

int read_unbound(struct model *m, const struct process *p)
{
	static const char standard[] = "/etc/unbound/unbound.conf";
	const char *file = process_option(p, "-c");
	struct colons c = {.m = m, .p = p, .server = "unbound", .port = 53, .line = unbound_line};
	struct found_at where;
	int err;

	file = file ? file : standard;
	where = (struct found_at){.server = c.server, .file = model_text(m, file, strlen(file)), .line = 0};
	err = lines_read(m, p, c.server, file, 1, colon_line, &c, NULL);
	if (!err)
		colon_sites(&c, c.wide ? SITE_OPEN : SITE_IMPLIED,
			    c.wide ? "a resolver that answers everybody"
				   : "a resolver: whoever may ask it needs a line `source ... trust`",
			    &where);
	return err;
}

/* ---- Knot ------------------------------------------------------------------------------------------ */

/* `knotc conf-read` asks the running server: "zone.domain = example.com." */
int read_knot(struct model *m, const struct process *p)
{
	static const char program[] = "/usr/sbin/knotc",
			  zone[] = "zone.domain = ", listen[] = "server.listen = ";
	static const char *const questions[] = {"zone.domain", "server.listen"};
	const char *socket = process_option(p, "-s"), *file = process_option(p, "-c");
	const struct found_at where = {.server = "knot", .file = NULL, .line = 0};
	bool listens = false, root = false;
	int err = p->container ? -ENOTSUP : 0, i;

	for (i = 0; i < 2 && !err; i++) {
		const char *args[10] = {NULL};
		cleanup_run struct run r = {0};
		char *line, *rest;
		size_t n = 0;

		/* The file says where the socket is. */
		if (file) {
			args[n++] = "-c";
			args[n++] = file;
		}
		if (socket) {
			args[n++] = "-s";
			args[n++] = socket;
		}
		args[n++] = "conf-read";
		args[n++] = questions[i];
		err = run_as(p, program, args, &r);
		if (err)
			model_note(m, true, &where, "`knotc conf-read` failed: %s", r.why);
		for (rest = r.out; !err && rest && (line = strsep(&rest, "\n"));) {
			if (!strncmp(line, zone, sizeof(zone) - 1)) {
				root |= is_root(line + sizeof(zone) - 1);
				put_zone(m, line + sizeof(zone) - 1, &where);
			} else if (!strncmp(line, listen, sizeof(listen) - 1)) {
				char *word, *words = line + sizeof(listen) - 1;

				while ((word = strsep(&words, " ")))
					if (*word)
						put_sites(m, word, 53, root ? SITE_OPEN : SITE_CLOSED,
							  root ? "it serves the root" : refuses, &where);
				listens = true;
			}
		}
	}
	if (!err && !listens)
		put_sites(m, NULL, 53, root ? SITE_OPEN : SITE_CLOSED, root ? "it serves the root" : refuses,
			  &where);
	return err;
}

/* ---- BIND -------------------------------------------------------------------------------------------- */

static const char *const own_types[] = {"primary", "master", "secondary",   "slave",
					"mirror",  "stub",   "static-stub", "forward"};

static void bind_zone(struct blocks *b, const struct directive *zone)
{
	const struct directive *type = directive_find(zone->children, "type");
	const struct found_at where = directive_at(b, zone);
	size_t i;

	for (i = 0; i < sizeof(own_types) / sizeof(own_types[0]); i++)
		if (type && !strcmp(directive_word(type, 1), own_types[i]))
			put_zone(b->model, directive_word(zone, 1), &where);
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
				put_sites(b->model, strcmp(a->words[0], "any") ? a->words[0] : NULL, port,
					  class, why, &where);
	}
	/* What listens by default, and what stands as a name of a list. */
	put_sites(b->model, NULL, 53, class, why, &where);
}

static void bind_evaluate(struct blocks *b, const struct directive *main)
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
			bind_zone(b, d);
		if (strcmp(d->words[0], "view"))
			continue;
		for (z = d->children; z; z = z->next) {
			if (!strcmp(z->words[0], "zone"))
				bind_zone(b, z);
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
			   : refuses);
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
	bind_evaluate(&b, first);
	return 0;
}
