// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Apache: `apache2 -t -D DUMP_VHOSTS -D DUMP_INCLUDES` with the words of its command line tells which
 * virtual hosts there are and where; what they do stands in their blocks.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "servers/files.h"
#include "servers/lines.h"
#include "servers/reader.h"
#include "servers/regex.h"
#include "servers/run.h"
#include "servers/suffix.h"

static const char server[] = "apache";

/* What a block of a virtual host says. */
struct vhost {
	struct apache *a;
	const char *file;
	unsigned int line;
	bool tls, refuses, by_name, redirects, unclear, done;
	bool condition;		      /* a RewriteCond is about the next rule */
	unsigned int depth, location; /* of sections; the one of <Location /> */
	const char *wide;
	struct found_at wide_at;
};

struct apache {
	struct model *m;
	const struct process *p;
	char root[PATH_MAX];
	struct site at;	     /* the address whose virtual hosts are listed */
	bool first;	     /* its first one is still to come */
	struct site *sites;  /* one an address */
	struct vhost vhost;  /* the last one that was read */
	unsigned int inside; /* of <VirtualHost>, while global lines are looked for */
	unsigned int includes;
};

/* ---- a block --------------------------------------------------------------------------- */

static void put_alias(struct vhost *v, const char *name, const struct found_at *where)
{
	const char *rest = !strncmp(name, "*.", 2) ? name + 2 : name;

	if (strchr(name, ':') && *name != '[')
		rest = name = model_text(v->a->m, name, strcspn(name, ":"));
	if (!strncmp(name, "http://", 7) || !strncmp(name, "https://", 8))
		name = rest = strrchr(name, '/') + 1;
	if (strpbrk(rest, "*?") || suffix_is_public(name)) {
		if (!v->wide && !v->refuses) {
			v->wide = model_print(v->a->m, "a ServerAlias of any name, '%.80s'", name);
			v->wide_at = *where;
		}
		return;
	}
	if (strchr(name, '$')) {
		model_note(v->a->m, true, where, "a name with a variable in it, '%.80s'", name);
		return;
	}
	/* "localhost", or what only looks like a name */
	if (strchr(name, '.') || !strcmp(name, "localhost"))
		model_name(v->a->m, name, strlen(name), v->refuses ? NAMED_REFUSED : 0, where);
}

static bool is_refusal(const char *status)
{
	return !strcmp(status, "gone") || (*status == '4' && strlen(status) == 3);
}

static void rewrite(struct vhost *v, const struct line *l)
{
	const char *flags = l->word[3 < l->count ? 3 : l->count], *to = l->word[2 < l->count ? 2 : l->count];
	const char *from = l->word[1 < l->count ? 1 : l->count];
	bool all = !strcmp(from, "^") || !strcmp(from, ".*") || !strcmp(from, "^.*$") ||
		   !strcmp(from, "^(.*)$") || !strcmp(from, "^/") || !strcmp(from, ".") ||
		   !strcmp(from, "(.*)") || !strcmp(from, "^/(.*)");

	if (strstr(to, "%{HTTP_HOST}") || strstr(to, "%{SERVER_NAME}") || strstr(to, "${lowercase:")) {
		if (strncmp(to, "http", 4))
			v->by_name = true;
		else
			v->redirects |= all && !v->condition;
	} else if (all && !v->condition && !strcmp(to, "-") &&
		   (strstr(flags, "F]") || strstr(flags, "F,") || strstr(flags, "G]") ||
		    strstr(flags, "R=4"))) {
		v->refuses = true;
	}
	v->condition = false;
}

static void vhost_line(struct line *l, void *arg);

struct including {
	line_words_fn *fn;
	void *arg;
	struct apache *a;
};

static void include_one(const char *path, void *arg)
{
	struct including *i = arg;

	if (i->a->includes < 16) {
		i->a->includes++;
		lines_read(i->a->m, i->a->p, server, path, 1, i->fn, i->arg, NULL);
		i->a->includes--;
	}
}

static void include(struct vhost *v, const struct line *l)
{
	struct including i = {vhost_line, v, v->a};
	char path[PATH_MAX];

	server_path(path, v->a->root, l->word[1 < l->count ? 1 : l->count]);
	server_glob(v->a->p, path, include_one, &i);
}

static void section(struct vhost *v, const struct line *l)
{
	const char *word = l->word[0];
	const char *what = l->word[1 < l->count ? 1 : l->count];

	if (!strncasecmp(word, "</VirtualHost", 13)) {
		v->done = true;
		return;
	}
	if (word[1] == '/') {
		if (v->location == v->depth)
			v->location = 0;
		v->depth -= v->depth > 0;
		return;
	}
	v->depth++;
	if (!strcasecmp(word, "<Location") && (!strcmp(what, "/>") || !strcmp(what, "/")))
		v->location = v->depth;
	if (!strncasecmp(word, "<If", 3) && strncasecmp(word, "<IfModule", 9) &&
	    strncasecmp(word, "<IfDefine", 9))
		v->unclear = true;
}

/* What decides what is done; names come in a second reading, when that is known. */
static void vhost_line(struct line *l, void *arg)
{
	struct vhost *v = arg;
	const struct found_at where = line_at(l, server);
	const char *one = l->word[1 < l->count ? 1 : l->count];
	bool top = !v->depth || v->location;

	if (v->done)
		return;
	if (l->word[0][0] == '<') {
		if (strncasecmp(l->word[0], "<VirtualHost", 12))
			section(v, l);
		return;
	}
	if (line_is(l, 0, "SSLEngine"))
		v->tls |= line_is(l, 1, "on") || line_is(l, 1, "optional");
	else if (line_is(l, 0, "SSLCertificateFile") || line_is(l, 0, "MDCertificateFile")) {
		char path[PATH_MAX];

		server_path(path, v->a->root, one);
		read_certificate(v->a->m, v->a->p, path, &where);
	} else if (!strncasecmp(l->word[0], "VirtualDocumentRoot", 19) || line_is(l, 0, "VirtualScriptAlias"))
		v->by_name = !line_is(l, 1, "none");
	else if ((line_is(l, 0, "Redirect") || line_is(l, 0, "RedirectMatch")) && top)
		v->refuses |= is_refusal(one) && (!strcmp(l->word[2], "/") || !strcmp(l->word[2], ".*") ||
						  !strcmp(l->word[2], "^") || !strcmp(l->word[2], "^/"));
	else if (line_is(l, 0, "RewriteCond"))
		v->condition = true;
	else if (line_is(l, 0, "RewriteRule") && !v->depth)
		rewrite(v, l);
	else if (line_is(l, 0, "Require") && line_is(l, 1, "all") && line_is(l, 2, "denied"))
		v->refuses |= v->location && v->location == v->depth;
	else if (line_is(l, 0, "Include") || line_is(l, 0, "IncludeOptional"))
		include(v, l);
	else if (line_is(l, 0, "Use"))
		model_note(v->a->m, true, &where, "the macro %.60s was not read", one);
}

static void names_line(struct line *l, void *arg)
{
	struct vhost *v = arg;
	const struct found_at where = line_at(l, server);
	unsigned int i;

	if (v->done)
		return;
	if (!strncasecmp(l->word[0], "</VirtualHost", 13))
		v->done = true;
	if (line_is(l, 0, "ServerName") || line_is(l, 0, "ServerAlias"))
		for (i = 1; i < l->count; i++)
			put_alias(v, l->word[i], &where);
}

/* "(/etc/apache2/sites-enabled/000-default.conf:1)" */
static bool read_vhost(struct apache *a, const char *text)
{
	const char *open = strrchr(text, '('), *colon = strrchr(text, ':');
	struct vhost *v = &a->vhost;
	char path[PATH_MAX];

	*v = (struct vhost){.a = a};
	if (!open || !colon || colon < open || colon - open >= PATH_MAX || open[1] != '/')
		return false;
	memcpy(path, open + 1, colon - open - 1);
	path[colon - open - 1] = '\0';
	v->file = model_text(a->m, path, strlen(path));
	v->line = (unsigned int)strtoul(colon + 1, NULL, 10);
	if (lines_read(a->m, a->p, server, path, v->line, vhost_line, v, &v->done))
		return false;
	v->done = false;
	lines_read(a->m, a->p, server, path, v->line, names_line, v, &v->done);
	return true;
}

/* ---- the dump ----------------------------------------------------------------------------- */

static struct site *site_of(struct apache *a)
{
	struct site *s;
	size_t i;

	for (i = 0; i < a->m->site_count; i++) {
		s = &a->m->sites[i];
		if (s->origin.server == server && s->place == a->m->place && s->port == a->at.port &&
		    s->any == a->at.any && !memcmp(s->addr, a->at.addr, 16))
			return s;
	}
	model_site(a->m, &a->at);
	return a->m->site_count ? &a->m->sites[a->m->site_count - 1] : NULL;
}

/* A virtual host of the address: the first one answers any name. */
static void add_vhost(struct apache *a, const char *text)
{
	bool read = read_vhost(a, text);
	const struct vhost *v = &a->vhost;
	struct site *s = site_of(a);
	uint8_t class = SITE_CLOSED;
	const char *why = NULL;

	if (!s)
		return;
	if (v->tls)
		s->as = PROTO_TLS;
	if (v->wide || (v->by_name && a->first)) {
		class = SITE_OPEN;
		why = v->wide ? v->wide : "folders by name: VirtualDocumentRoot or a RewriteRule";
	} else if (a->first) {
		class = !read || v->unclear ? SITE_OPEN : v->refuses ? SITE_CLOSED : SITE_IMPLIED;
		why = !read	     ? "its first virtual host could not be read"
		      : v->unclear   ? "<If> in its first virtual host decides"
		      : v->refuses   ? "its first virtual host refuses other names"
		      : v->redirects ? "its first virtual host redirects any other name to itself"
				     : "its first virtual host answers any other name";
	} else if (v->by_name) {
		why = NULL; /* only below names of its own */
	}
	if (a->first || class > s->class) {
		s->class = class;
		s->why = why;
		s->origin = (struct found_at){.server = server, .file = v->file, .line = v->line};
	}
	a->first = false;
}

/* An address begins: "*:80   is a NameVirtualHost", or "*:443  a.example (file:line)". */
static void begin_address(struct apache *a, char *line)
{
	char *rest = line + strcspn(line, " \t");

	if (*rest)
		*rest++ = '\0';
	a->at = (struct site){.l4 = IPPROTO_TCP, .as = PROTO_HTTP, .origin = {.server = server}};
	if (!read_endpoint(&a->at, line, 0)) {
		a->at.port = 0;
		return;
	}
	a->first = true;
	if (strchr(rest, '('))
		add_vhost(a, rest);
}

static void vhost_name(struct apache *a, const char *line)
{
	const char *text = strstr(line, "alias ");
	const struct found_at where = {.server = server, .file = a->vhost.file, .line = a->vhost.line};

	if (text && a->vhost.file)
		put_alias(&a->vhost, text + 6, &where);
	text = strstr(line, "namevhost ");
	if (!text || !a->at.port)
		return;
	add_vhost(a, text);
	text = model_text(a->m, text + 10, strcspn(text + 10, " "));
	put_alias(&a->vhost, text,
		  &(struct found_at){.server = server, .file = a->vhost.file, .line = a->vhost.line});
}

/* ---- what stands outside of virtual hosts ---------------------------------------------------- */

static bool has_port(const struct apache *a, unsigned int port)
{
	size_t i;

	for (i = 0; i < a->m->site_count; i++)
		if (a->m->sites[i].origin.server == server && a->m->sites[i].place == a->m->place &&
		    a->m->sites[i].port == port)
			return true;
	return false;
}

static void global_line(struct line *l, void *arg)
{
	struct apache *a = arg;
	const struct found_at where = line_at(l, server);
	struct site s = {.l4 = IPPROTO_TCP, .as = PROTO_HTTP, .class = SITE_OPEN, .origin = where};
	bool domains = line_is(l, 0, "MDomain") || line_is(l, 0, "<MDomainSet");
	unsigned int i;
	size_t len;

	for (i = 1; i < l->count && domains; i++) {
		len = strcspn(l->word[i], ">");
		if (memchr(l->word[i], '.', len))
			model_name(a->m, l->word[i], len, 0, &where);
	}
	if (!line_is(l, 0, "Listen") || !read_endpoint(&s, l->word[1 < l->count ? 1 : l->count], 0) ||
	    has_port(a, s.port))
		return;
	s.why = "no virtual host is for it: the main server answers any name";
	if (line_is(l, 2, "https") || s.port == 443)
		s.as = PROTO_TLS;
	model_site(a->m, &s);
}

/* "  (*) /etc/apache2/apache2.conf", "    (146) /etc/apache2/mods-enabled/..." */
static void read_included(struct apache *a, const char *line)
{
	const char *path = strstr(line, ") /");

	if (path)
		lines_read(a->m, a->p, server, path + 2, 1, global_line, a, NULL);
}

static void read_dump(struct apache *a, char *out)
{
	enum { NOTHING, VHOSTS, INCLUDED } part = NOTHING;
	char *line, *rest = out, *copy = strdup(out);

	/* Files first in the dump may come last: two readings. */
	while (copy && (line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "ServerRoot: \"", 13))
			snprintf(a->root, sizeof(a->root), "%.*s", (int)strcspn(line + 13, "\""), line + 13);
		if (!strncmp(line, "VirtualHost configuration:", 26))
			part = VHOSTS;
		else if (*line && part == VHOSTS && *line != ' ' && *line != '\t' &&
			 strchr(line, ':') < line + strcspn(line, " ") && strchr(line, ':'))
			begin_address(a, line);
		else if (part == VHOSTS && (*line == ' ' || *line == '\t'))
			vhost_name(a, line);
		else if (part == VHOSTS)
			part = NOTHING;
	}
	part = NOTHING;
	rest = copy;
	while (copy && (line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "Included configuration files:", 29))
			part = INCLUDED;
		else if (part == INCLUDED && *line == ' ')
			read_included(a, line);
		else
			part = NOTHING;
	}
	free(copy);
}

int read_apache(struct model *m, const struct process *p)
{
	const char *args[LINE_WORDS] = {"-t", "-D", "DUMP_VHOSTS", "-D", "DUMP_INCLUDES"};
	const struct found_at where = {.server = server, .file = NULL, .line = 0};
	struct apache a = {.m = m, .p = p, .root = "/etc/apache2"};
	cleanup_run struct run r = {0};
	size_t count = 5;
	unsigned int i;
	int err;

	if (p->container) {
		model_note(m, true, &where, "process %d is in a container, where nothing is run", p->pid);
		return -ENOTSUP;
	}
	for (i = 1; p->args[0] && p->args[i] && p->args[i + 1] && count < 60; i++)
		if (p->args[i][0] == '-' && strchr("fdDcC", p->args[i][1]) && !p->args[i][2]) {
			args[count++] = p->args[i];
			args[count++] = p->args[++i];
		}
	err = run_as(p, NULL, args, &r);
	if (err) {
		model_note(m, true, &where, "`%s -t -D DUMP_VHOSTS` of process %d failed: %s", p->name,
			   p->pid, r.why);
		return err;
	}
	read_dump(&a, r.out ? r.out : (char[]){""});
	return 0;
}
