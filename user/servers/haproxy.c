// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HAProxy, which prints no configuration: the files of its command line (-f), and the lists and maps
 * that they name, are read. What decides by other means than the name is said.
 */
#include "servers/haproxy.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "servers/files.h"
#include "servers/reader.h"
#include "servers/run.h"

static void certificate_in(const char *path, void *arg)
{
	struct haproxy *h = arg;
	size_t len = strlen(path);

	/* Beside a certificate lie its key, OCSP answer and so on. */
	if (len > 4 && (!strcmp(path + len - 4, ".key") || !strcmp(path + len - 5, ".ocsp") ||
			!strcmp(path + len - 6, ".issuer") || !strcmp(path + len - 5, ".sctl")))
		return;
	read_certificate(h->m, h->p, path, &h->f->at);
}

static void certificates(struct haproxy *h, const char *path)
{
	char whole[PATH_MAX + 2];
	int fd;

	server_path(whole, *h->crt_base ? h->crt_base : h->folder, path);
	fd = server_open(h->p, whole);
	if (fd >= 0) {
		close(fd);
		read_certificate(h->m, h->p, whole, &h->f->at);
		return;
	}
	strcat(whole, "/*");
	server_glob(h->p, whole, certificate_in, h);
}

/* "file.pem [alpn h2] name !name" */
static void crt_list_line(struct line *l, void *arg)
{
	struct haproxy *h = arg;
	const struct found_at where = line_at(l, HAPROXY);
	unsigned int i;

	certificates(h, l->word[0]);
	for (i = 1; i < l->count; i++)
		if (strchr(l->word[i], '.') && l->word[i][0] != '!' && l->word[i][0] != '[')
			model_name(h->m, l->word[i], strlen(l->word[i]), NAMED_CERTIFICATE, &where);
}

static void bind_line(struct haproxy *h, const struct line *l)
{
	struct frontend *f = h->f;
	char *address, *rest = strdup(l->word[1 < l->count ? 1 : l->count]), *free_it = rest;
	bool ssl = false, proxy = false;
	unsigned int i;

	for (i = 2; i < l->count; i++) {
		ssl |= !strcmp(l->word[i], "ssl");
		if (!strcmp(l->word[i], "crt") && i + 1 < l->count)
			certificates(h, l->word[i + 1]);
		if (!strcmp(l->word[i], "crt-list") && i + 1 < l->count)
			haproxy_read_list(h, l->word[i + 1], crt_list_line, h);
		if (!strcmp(l->word[i], "accept-proxy")) {
			const struct found_at where = line_at(l, HAPROXY);

			proxy = true;
			model_note(
				h->m, false, &where,
				"a PROXY header comes first on %s; `source ADDRESS trust` for who sends it",
				l->word[1]);
		}
	}
	while (rest && (address = strsep(&rest, ","))) {
		struct site s = {.l4 = IPPROTO_TCP, .as = ssl ? PROTO_TLS : PROTO_HTTP, .origin = f->at};

		if (!strncmp(address, "ipv4@", 5) || !strncmp(address, "ipv6@", 5))
			address += 5;
		if (!strncmp(address, "quic4@", 6) || !strncmp(address, "quic6@", 6)) {
			address += 6;
			s.l4 = IPPROTO_UDP;
			s.as = PROTO_QUIC;
		}
		s.proxy = proxy && s.l4 == IPPROTO_TCP;
		if (f->bind_count < BINDS_MOST && read_endpoint(&s, address, 0))
			f->binds[f->bind_count++] = s;
	}
	free(free_it);
}

/* "%[req.hdr(host),lower,map_str(/etc/haproxy/hosts.map,fallback)]" */
static bool by_map(struct haproxy *h, const char *target, const struct found_at *where)
{
	const char *map = strstr(target, ",map");
	struct listing g = {h, MATCH_STR};
	char file[PATH_MAX];
	size_t len;

	if (strncmp(target, "%[", 2))
		return false;
	if (!haproxy_about_names(target + 2) || !map) {
		haproxy_widen(h, "a backend that is chosen by a variable", where);
		return true;
	}
	if (!strncmp(map, ",map_reg", 8))
		g.how = MATCH_REG;
	else if (!strncmp(map, ",map_end", 8) || !strncmp(map, ",map_dom", 8))
		g.how = MATCH_END;
	else if (!strncmp(map, ",map_beg", 8) || !strncmp(map, ",map_sub", 8))
		g.how = MATCH_OTHER;
	map = strchr(map, '(');
	if (!map)
		return true;
	len = strcspn(++map, ",)");
	snprintf(file, sizeof(file), "%.*s", (int)len, map);
	if (map[len] == ',' && !h->f->fallback)
		h->f->fallback = model_text(h->m, map + len + 1, strcspn(map + len + 1, ")"));
	haproxy_read_list(h, file, haproxy_name_line, &g);
	return true;
}

static void frontend_line(struct haproxy *h, const struct line *l)
{
	struct frontend *f = h->f;
	const struct found_at where = line_at(l, HAPROXY);
	bool negated;

	if (line_is(l, 0, "bind")) {
		bind_line(h, l);
	} else if (line_is(l, 0, "acl") && l->count >= 3 && f->acl_count < ACLS_MOST) {
		f->acls[f->acl_count].name = l->word[1];
		f->acls[f->acl_count++].about_names = haproxy_about_names(l->word[2]);
		if (haproxy_about_names(l->word[2]))
			haproxy_patterns(h, l, 3, l->word[2]);
	} else if (line_is(l, 0, "use_backend") || line_is(l, 0, "use-server")) {
		if (!by_map(h, l->word[1], &where) && !haproxy_condition(h, l, &negated) && !f->fallback)
			f->fallback = l->word[1];
	} else if (line_is(l, 0, "default_backend")) {
		if (!by_map(h, l->word[1], &where))
			f->fallback = l->word[1];
	} else if (line_is(l, 0, "server")) {
		f->own_servers = true;
	} else if ((line_is(l, 0, "http-request") || line_is(l, 0, "tcp-request")) &&
		   (line_is(l, 1, "deny") || line_is(l, 1, "reject") || line_is(l, 1, "silent-drop") ||
		    line_is(l, 2, "reject") || line_is(l, 1, "return"))) {
		if (haproxy_condition(h, l, &negated) && negated)
			f->denies = true;
	} else {
		haproxy_condition(h, l, &negated);
	}
}

static bool refuses(const struct haproxy *h, const char *backend)
{
	size_t i;

	for (i = 0; i < h->refusing_count; i++)
		if (!strcmp(h->refusing[i], backend))
			return true;
	return false;
}

static void finish_frontend(struct haproxy *h)
{
	struct frontend *f = h->f;
	size_t i;

	for (i = 0; h->names_only && i < f->bind_count; i++) {
		struct site *s = &f->binds[i];

		if (h->tcp && s->as == PROTO_HTTP)
			s->as = s->port == 80			 ? PROTO_HTTP
				: s->port == 443 || f->acl_count ? PROTO_TLS
								 : PROTO_NONE;
		s->origin = f->at;
		if (f->wide) {
			s->class = SITE_OPEN;
			s->why = f->wide;
		} else if (f->denies) {
			s->class = SITE_CLOSED;
			s->why = "it refuses names that its acls do not know";
		} else if (f->fallback && refuses(h, f->fallback)) {
			s->class = SITE_CLOSED;
			s->why = model_print(h->m, "its default backend %.60s refuses", f->fallback);
		} else if (f->fallback || f->own_servers) {
			s->class = SITE_IMPLIED;
			s->why = f->fallback ? model_print(h->m, "backend %.60s answers any other name",
							   f->fallback)
					     : "its servers answer any name";
		} else {
			s->class = SITE_CLOSED;
			s->why = "no backend is for other names";
		}
		model_site(h->m, s);
	}
	memset(f, 0, sizeof(*f));
}

static void finish(struct haproxy *h)
{
	const char **grown;

	if (h->f->is_frontend)
		finish_frontend(h);
	if (h->section && h->section_denies && !h->section_serves && !h->names_only) {
		grown = reallocarray(h->refusing, h->refusing_count + 1, sizeof(*grown));
		if (grown) {
			h->refusing = grown;
			grown[h->refusing_count++] = h->section;
		}
	}
	h->section = NULL;
	h->section_denies = h->section_serves = false;
}

static void backend_line(struct haproxy *h, const struct line *l)
{
	unsigned int i;
	bool conditional = false;

	for (i = 1; i < l->count; i++)
		conditional |= line_is(l, i, "if") || line_is(l, i, "unless");
	if (line_is(l, 0, "server") || line_is(l, 0, "server-template") || line_is(l, 0, "dispatch"))
		h->section_serves = true;
	if ((line_is(l, 0, "http-request") || line_is(l, 0, "tcp-request")) && !conditional &&
	    (line_is(l, 1, "deny") || line_is(l, 1, "reject") || line_is(l, 2, "reject") ||
	     line_is(l, 1, "silent-drop")))
		h->section_denies = true;
	if (line_is(l, 0, "http-request") && line_is(l, 1, "return") && !conditional) {
		h->section_serves = true;
		for (i = 2; i + 1 < l->count; i++)
			if (line_is(l, i, "status") && l->word[i + 1][0] >= '4') {
				h->section_denies = true;
				h->section_serves = false;
			}
	}
}

static void one_line(struct line *l, void *arg)
{
	static const char *const others[] = {"global",	"peers",       "resolvers", "userlist", "mailers",
					     "program", "http-errors", "ring",	    "cache",	"fcgi-app"};
	struct haproxy *h = arg;
	const struct found_at where = line_at(l, HAPROXY);
	bool frontend = line_is(l, 0, "frontend") || line_is(l, 0, "listen"), other = false;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		other |= line_is(l, 0, others[i]) && l->count <= 2;
	if (l->word[0][0] == '.') {
		if (h->names_only && line_is(l, 0, ".if"))
			model_note(h->m, true, &where,
				   "a condition of .if was not looked at: both ways are read");
		return;
	}
	if (frontend || other || line_is(l, 0, "backend") || line_is(l, 0, "defaults")) {
		finish(h);
		h->in_defaults = line_is(l, 0, "defaults");
		h->in_other = other;
		h->tcp = h->in_defaults ? false : h->tcp_default;
		h->f->is_frontend = frontend;
		h->f->at = where;
		h->section = line_is(l, 0, "backend") && l->count > 1 ? l->word[1] : NULL;
		if (line_is(l, 0, "listen") && l->count > 2 && h->names_only)
			model_note(h->m, true, &where, "an address on the line of `listen` was not read");
		return;
	}
	if (line_is(l, 0, "crt-base"))
		snprintf(h->crt_base, sizeof(h->crt_base), "%s", l->word[1]);
	if (line_is(l, 0, "mode")) {
		h->tcp = line_is(l, 1, "tcp");
		if (h->in_defaults)
			h->tcp_default = h->tcp;
	}
	if (h->f->is_frontend)
		frontend_line(h, l);
	else if (h->section)
		backend_line(h, l);
}

/* ---- all files -------------------------------------------------------------------------------- */

static void read_one(const char *path, void *arg)
{
	struct haproxy *h = arg;

	haproxy_read_list(h, path, one_line, h);
}

static void read_file(struct haproxy *h, const char *file)
{
	char path[PATH_MAX + 8];
	int fd;

	server_path(path, h->folder, file);
	fd = server_open(h->p, path);
	if (fd < 0 && fd != -ENOENT) { /* a folder */
		strcat(path, "/*.cfg");
		server_glob(h->p, path, read_one, h);
		return;
	}
	if (fd >= 0)
		close(fd);
	read_one(path, h);
}

/* A file may be given several times, and several files behind one -f. */
static size_t each_file(struct haproxy *h)
{
	size_t count = 0;
	unsigned int i;

	h->tcp_default = h->tcp = false;
	for (i = 1; h->p->args[0] && h->p->args[i]; i++) {
		if (strcmp(h->p->args[i], "-f") && strcmp(h->p->args[i], "--"))
			continue;
		while (h->p->args[i + 1] && h->p->args[i + 1][0] != '-') {
			read_file(h, h->p->args[++i]);
			count++;
		}
	}
	finish(h);
	return count;
}

int read_haproxy(struct model *m, const struct process *p)
{
	const struct found_at where = {.server = HAPROXY, .file = NULL, .line = 0};
	struct haproxy h = {.m = m, .p = p, .f = calloc(1, sizeof(*h.f))};
	size_t count = 0;

	if (!h.f)
		return -ENOMEM;
	server_folder(p, h.folder);
	/* Which backends refuse is known behind the last file only. What the first reading put
	 * into the model, the second one finds there. */
	each_file(&h);
	h.names_only = true;
	count = each_file(&h);
	free(h.f);
	free(h.refusing);
	if (!count)
		model_note(m, true, &where, "the command line of process %d names no file", p->pid);
	return !count ? -ENOENT : h.failed ? -EIO : 0;
}
