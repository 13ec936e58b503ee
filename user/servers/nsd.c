// SPDX-License-Identifier: GPL-2.0-or-later
/* NSD and Unbound, whose files look alike. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/prefix.h"
#include "servers/dns.h"
#include "servers/files.h"
#include "servers/lines.h"
#include "servers/reader.h"

/* ---- NSD ------------------------------------------------------------------------------------- */

/* A zone, or a pattern for some. */
struct entry {
	const char *name, *file;
	const char *includes[8]; /* patterns */
	size_t include_count;
	struct found_at where;
};

struct colons {
	struct model *m;
	const struct process *p;
	const char *server;
	char section[32]; /* "server:" */
	unsigned int port, includes;
	const char *addresses[64];
	size_t address_count;
	const char *zone_list;
	bool root_zone, wide; /* serves the root; answers everybody (Unbound) */
	void (*line)(struct colons *c, struct line *l);
	const char *folder, *root; /* of zone files, and what the server takes for / */
	struct entry entry;	   /* of the section that is being read */
	struct entry *patterns;
	size_t pattern_count, pattern_room;
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

/* Label number n from the end of a zone, from 0; "." if there is none. */
static int label_from_end(const char *zone, int n, const char **label)
{
	const char *end = zone + strlen(zone), *from;

	for (;; end = from - 1) {
		for (from = end; from > zone && from[-1] != '.'; from--)
			;
		if (!n--)
			break;
		if (from == zone) {
			*label = ".";
			return 1;
		}
	}
	*label = from;
	return (int)(end - from);
}

/* What a % of a pattern's file stands for, as nsd.conf(5) says: the zone, characters from its front, or
 * labels from its end. */
static void put_macro(char *out, size_t size, const char *zone, char which)
{
	const char *text = zone;
	size_t at = (size_t)(which - '1');
	int len = (int)strlen(zone);

	switch (which) {
	case 's':
		break;
	case '1':
	case '2':
	case '3':
		text = at < strlen(zone) ? zone + at : ".";
		len = 1;
		break;
	case 'x':
	case 'y':
	case 'z':
		len = label_from_end(zone, 'z' - which, &text);
		break;
	default:
		snprintf(out, size, "%%%c", which);
		return;
	}
	snprintf(out, size, "%.*s", len, text);
}

static const char *cooked(struct model *m, const char *file, const char *name)
{
	char out[PATH_MAX], zone[256];
	size_t len = 0;

	if (!file)
		return NULL;
	snprintf(zone, sizeof(zone), "%s", name);
	if (*zone && zone[strlen(zone) - 1] == '.')
		zone[strlen(zone) - 1] = '\0';
	for (; *file && len + 1 < sizeof(out); file++) {
		if (*file == '%' && file[1])
			put_macro(out + len, sizeof(out) - len, zone, *++file);
		else
			snprintf(out + len, sizeof(out) - len, "%c", *file);
		len += strlen(out + len);
	}
	return model_text(m, out, len);
}

static const struct entry *pattern_of(const struct colons *c, const char *name)
{
	size_t i;

	for (i = c->pattern_count; i > 0; i--)
		if (c->patterns[i - 1].name && !strcmp(c->patterns[i - 1].name, name))
			return &c->patterns[i - 1];
	return NULL;
}

#define PATTERN_DEPTH 8

/* The file of an entry, its own or that of a pattern that it includes. */
static const char *file_of(const struct colons *c, const struct entry *e, int depth)
{
	const char *file = e->file;
	const struct entry *pattern;
	size_t i;

	for (i = e->include_count; i > 0 && !file && depth < PATTERN_DEPTH; i--) {
		pattern = pattern_of(c, e->includes[i - 1]);
		file = pattern ? file_of(c, pattern, depth + 1) : NULL;
	}
	return file;
}

/* Its path on the host. */
static const char *zone_path(struct colons *c, const char *file)
{
	char path[PATH_MAX];
	size_t len = c->root ? strlen(c->root) : 0;

	if (!file || !*file)
		return NULL;
	snprintf(path, sizeof(path), "%s", file);
	if (c->folder && *c->folder)
		server_path(path, c->folder, file);
	if (!len || *path != '/' || !strncmp(path, c->root, len))
		return model_text(c->m, path, strlen(path));
	return model_print(c->m, "%s/%s", c->root, path);
}

static void put_entry(struct colons *c, const struct entry *e)
{
	bool nsd = !strcmp(c->server, "nsd");
	const char *file = file_of(c, e, 0);
	const struct zone_file f = {
		.zone = e->name, .path = zone_path(c, nsd ? cooked(c->m, file, e->name) : file), .nsd = nsd};

	dns_zone_file(c->m, &f, &e->where);
}

/* What a section is about is known at its end. */
static void end_section(struct colons *c)
{
	bool nsd = !strcmp(c->server, "nsd");
	struct entry *grown;

	if (c->entry.name && !strcmp(c->section, nsd ? "zone:" : "auth-zone:"))
		put_entry(c, &c->entry);
	if (c->entry.name && nsd && !strcmp(c->section, "pattern:")) {
		if (c->pattern_count == c->pattern_room) {
			c->pattern_room = c->pattern_room ? 2 * c->pattern_room : 16;
			grown = reallocarray(c->patterns, c->pattern_room, sizeof(*grown));
			if (!grown) {
				c->m->failed = true;
				return;
			}
			c->patterns = grown;
		}
		c->patterns[c->pattern_count++] = c->entry;
	}
	c->entry = (struct entry){.name = NULL};
}

static void entry_line(struct colons *c, struct line *l, const struct found_at *where)
{
	struct entry *e = &c->entry;

	if (line_is(l, 0, "name:")) {
		c->root_zone |= !strcmp(c->section, "zone:") && dns_is_root(l->word[1]);
		e->name = l->word[1];
		e->where = *where;
	} else if (line_is(l, 0, "zonefile:")) {
		e->file = l->word[1];
	} else if (line_is(l, 0, "include-pattern:") && e->include_count < 8) {
		e->includes[e->include_count++] = l->word[1];
	}
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
		end_section(c);
		snprintf(c->section, sizeof(c->section), "%.31s", l->word[0]);
		return;
	}
	/* One line may say it all: "server: port: 53" */
	for (i = 0; i + 1 < l->count; i++)
		if (line_is(l, i, "port:"))
			c->port = (unsigned int)strtoul(l->word[i + 1], NULL, 10);
	if ((line_is(l, 0, "ip-address:") || line_is(l, 0, "interface:")) && c->address_count < 64)
		c->addresses[c->address_count++] = l->word[1];
	entry_line(c, l, &where);
	if (line_is(l, 0, "zonelistfile:"))
		c->zone_list = l->word[1];
	if (line_is(l, 0, "zonesdir:") || line_is(l, 0, "directory:"))
		c->folder = l->word[1];
	if (line_is(l, 0, "chroot:"))
		c->root = l->word[1];
	if (c->line)
		c->line(c, l);
}

/* "add ZONE PATTERN", by nsd-control addzone */
static void zone_list_line(struct line *l, void *arg)
{
	struct colons *c = arg;
	struct entry e = {.name = l->word[1], .includes = {l->word[2]}, .include_count = 1};

	e.where = line_at(l, c->server);
	if (line_is(l, 0, "add") && l->count >= 2)
		put_entry(c, &e);
}

static void colon_sites(struct colons *c, enum site_class class, const char *why,
			const struct found_at *where)
{
	size_t i;

	if (!c->address_count)
		dns_sites(c->m, NULL, c->port, class, why, where);
	for (i = 0; i < c->address_count; i++)
		dns_sites(c->m, c->addresses[i], c->port, class, why, where);
}

int read_nsd(struct model *m, const struct process *p)
{
	const char *file = process_option(p, "-c");
	struct colons c = {
		.m = m,
		.p = p,
		.server = "nsd",
		.port = 53,
		.zone_list = "/var/lib/nsd/zone.list",
		.folder = "/etc/nsd",
	};
	struct found_at where;
	int err, fd;

	file = model_text(m, file ? file : "/etc/nsd/nsd.conf", strlen(file ? file : "/etc/nsd/nsd.conf"));
	where = (struct found_at){.server = c.server, .file = file, .line = 0};
	err = lines_read(m, p, c.server, file, 1, colon_line, &c, NULL);
	end_section(&c);
	fd = err ? -1 : server_open(p, c.zone_list);
	if (fd >= 0) {
		close(fd);
		lines_read(m, p, c.server, c.zone_list, 1, zone_list_line, &c, NULL);
	}
	if (!err)
		colon_sites(&c, c.root_zone ? SITE_OPEN : SITE_CLOSED,
			    c.root_zone ? "it serves the root" : dns_refuses, &where);
	free(c.patterns);
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
	if (line_is(l, 0, "local-zone:") && l->count >= 3 && strcmp(l->word[2], "transparent") &&
	    !dns_is_root(l->word[1]))
		dns_zone(c->m, l->word[1], "its names are local-data of Unbound", &where);
}

int read_unbound(struct model *m, const struct process *p)
{
	static const char standard[] = "/etc/unbound/unbound.conf";
	const char *file = process_option(p, "-c");
	struct colons c = {
		.m = m,
		.p = p,
		.server = "unbound",
		.port = 53,
		.line = unbound_line,
		.folder = "/etc/unbound",
	};
	struct found_at where;
	int err;

	file = file ? file : standard;
	where = (struct found_at){.server = c.server, .file = model_text(m, file, strlen(file)), .line = 0};
	err = lines_read(m, p, c.server, file, 1, colon_line, &c, NULL);
	end_section(&c);
	if (!err)
		colon_sites(&c, c.wide ? SITE_OPEN : SITE_IMPLIED,
			    c.wide ? "a resolver that answers everybody"
				   : "a resolver: whoever may ask it needs a line `source ... trust`",
			    &where);
	return err;
}
