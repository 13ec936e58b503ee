// SPDX-License-Identifier: GPL-2.0-or-later
/* From the directives of nginx to listeners and names. */
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/prefix.h"
#include "servers/files.h"
#include "servers/nginx.h"
#include "servers/nginx_site.h"
#include "servers/reader.h"
#include "servers/regex.h"
#include "servers/suffix.h"

struct evaluation {
	struct blocks *b;
	struct model *m;
	const struct process *p;
	const char *folder;	      /* of the configuration */
	const struct directive *http; /* the block in hand */
	struct endpoint *endpoints;
	size_t count, room;
};

/* An address and port, and the server that answers there what no other one does. */
struct endpoint {
	struct site site;
	const struct directive *fallback; /* the server */
	const char *wide;		  /* a server here takes names that cannot be listed: why */
	struct found_at wide_at;
};

/* ---- names ---------------------------------------------------------------------------------- */

/* What a server_name, or a key of a map, is; NULL, or why its names cannot be listed. */
static const char *put_name(struct evaluation *e, const char *word, const struct directive *d, bool refused)
{
	const struct found_at where = directive_at(e->b, d);
	unsigned int flags = refused ? NAMED_REFUSED : 0;
	size_t len = strlen(word);
	char names[256];

	if (!strcmp(word, "$hostname")) {
		if (e->p->container || gethostname(names, sizeof(names)))
			return NULL;
		model_name(e->m, names, strlen(names), flags, &where);
		return NULL;
	}
	if (*word == '~') {
		word += 1 + (word[1] == '*');
		if (refused)
			return NULL;
		if (!regex_names(word, names))
			return model_print(e->m, "a regular expression of names, '%.80s'", word);
		model_note(e->m, false, &where, "'%s' of the regular expression '%.80s'", names, word);
		model_name(e->m, names, strlen(names), flags, &where);
		return NULL;
	}
	if (!len || !strcmp(word, "_"))
		return NULL;
	if (len > 2 && !strcmp(word + len - 2, ".*"))
		return refused ? NULL : model_print(e->m, "a name with its end open, '%.80s'", word);
	if (suffix_is_public(word))
		return refused ? NULL : model_print(e->m, "all below a public suffix, '%.80s'", word);
	/* What is no name is not asked for either: "__", "!", "default". */
	if (!strpbrk(word, ".") && strcmp(word, "localhost"))
		return NULL;
	model_name(e->m, word, len, flags, &where);
	return NULL;
}

/* Does it name anything but "_", "" and what nobody asks for? */
static bool has_names(const struct directive *server)
{
	const struct directive *d = server->children;
	unsigned int i;

	for (; (d = directive_find(d, "server_name")); d = d->next)
		for (i = 1; i < d->count; i++)
			if (strchr(d->words[i], '.') && *d->words[i] != '~')
				return true;
	return false;
}

/* ---- listen ------------------------------------------------------------------------------------ */

static struct endpoint *endpoint_of(struct evaluation *e, const struct site *s)
{
	struct endpoint *grown = e->endpoints;
	size_t i;

	for (i = 0; i < e->count; i++)
		if (grown[i].site.l4 == s->l4 && grown[i].site.port == s->port &&
		    grown[i].site.any == s->any && !memcmp(grown[i].site.addr, s->addr, 16))
			return &grown[i];
	if (e->count == e->room) {
		e->room = e->room ? 2 * e->room : 16;
		grown = reallocarray(e->endpoints, e->room, sizeof(*grown));
		if (!grown) {
			e->m->failed = true;
			return NULL;
		}
		e->endpoints = grown;
	}
	grown[e->count] = (struct endpoint){.site = *s};
	return &grown[e->count++];
}

static void note_listen(struct evaluation *e, const struct site *s, const struct directive *server,
			const struct directive *listen, const char *wide)
{
	struct endpoint *at = endpoint_of(e, s);

	if (!at)
		return;
	if (s->as == PROTO_TLS && at->site.as == PROTO_HTTP)
		at->site.as = PROTO_TLS; /* one `ssl` is enough for all of them */
	at->site.proxy |= s->proxy;	 /* and one `proxy_protocol` */
	if (!at->fallback || (directive_has(listen, "default_server") || directive_has(listen, "default"))) {
		at->fallback = server;
		at->site.origin = directive_at(e->b, server);
	}
	if (wide && !at->wide) {
		at->wide = wide;
		at->wide_at = directive_at(e->b, server);
	}
}

#define PORTS_MOST 1024

/* "8080-8090" */
static unsigned int port_range(const char *text, char *first)
{
	const char *dash = strrchr(text, '-');
	const char *colon = strrchr(text, ':');
	unsigned int from, to;
	size_t len;

	snprintf(first, 128, "%.120s", text);
	if (!dash || (colon && dash < colon) || sscanf(colon ? colon + 1 : text, "%u-%u", &from, &to) != 2 ||
	    to < from || to - from > PORTS_MOST)
		return 1;
	len = dash - text;
	first[len < 120 ? len : 120] = '\0';
	return to - from + 1;
}

/* Prefixes that nginx takes a client's address from; not the one that is everybody. */
static void put_senders(const struct directive *d, char *to, size_t size)
{
	struct prefix prefix;
	char text[PREFIX_TEXT];
	size_t len;

	for (; (d = directive_find(d, "set_real_ip_from")); d = d->next) {
		len = strlen(to);
		if (prefix_parse(directive_word(d, 1), &prefix) ||
		    prefix.len == (prefix_is_v4(&prefix) ? 96 : 0))
			continue;
		prefix_print(&prefix, text, sizeof(text));
		if (len + strlen(text) + sizeof(" ...") < size) {
			snprintf(to + len, size - len, " %s", text);
		} else {
			snprintf(to + len, size - len, " ...");
			return;
		}
	}
}

/* Who has to be trusted, so that his headers count. */
static void note_proxy(struct evaluation *e, const struct directive *server, const struct directive *listen,
		       unsigned int port)
{
	const struct found_at where = directive_at(e->b, listen);
	char senders[512] = "";

	put_senders(server->children, senders, sizeof(senders));
	if (!*senders && e->http)
		put_senders(e->http->children, senders, sizeof(senders));
	if (*senders)
		model_note(e->m, false, &where,
			   "a PROXY header comes first on port %u; `source%s trust` for who sends it, as "
			   "set_real_ip_from has it",
			   port, senders);
	else
		model_note(e->m, false, &where,
			   "a PROXY header comes first on port %u; `source ADDRESS trust` for who sends it",
			   port);
}

static void one_listen(struct evaluation *e, const struct directive *server, const struct directive *listen,
		       const char *wide, bool ssl_on)
{
	struct site s = {.l4 = IPPROTO_TCP, .as = PROTO_HTTP};
	char first[128];
	unsigned int n = port_range(directive_word(listen, 1), first);

	if (!read_endpoint(&s, first, 80))
		return;
	if (directive_has(listen, "quic")) {
		s.l4 = IPPROTO_UDP;
		s.as = PROTO_QUIC;
	} else if (directive_has(listen, "ssl") || ssl_on) {
		s.as = PROTO_TLS;
	}
	if (directive_has(listen, "proxy_protocol")) {
		s.proxy = s.l4 == IPPROTO_TCP;
		note_proxy(e, server, listen, s.port);
	}
	for (; n && s.port; n--, s.port++)
		note_listen(e, &s, server, listen, wide);
}

static void listens(struct evaluation *e, const struct directive *server, const char *wide)
{
	static const char *words[] = {"listen", "80", NULL};
	static const struct directive nothing = {.words = words, .count = 2};
	const struct directive *d = server->children, *ssl = directive_find(d, "ssl");
	bool ssl_on = ssl && !strcmp(directive_word(ssl, 1), "on"), any = false;

	for (; (d = directive_find(d, "listen")); d = d->next) {
		one_listen(e, server, d, wide, ssl_on);
		any = true;
	}
	if (!any)
		one_listen(e, server, &nothing, wide, ssl_on);
}

/* ---- certificates --------------------------------------------------------------------------------- */

static void certificates(struct evaluation *e, const struct directive *in)
{
	for (; (in = directive_find(in, "ssl_certificate")); in = in->next) {
		const struct found_at where = directive_at(e->b, in);
		const char *path = directive_word(in, 1);
		char whole[PATH_MAX];

		if (strchr(path, '$') || !strncmp(path, "data:", 5) || !strncmp(path, "engine:", 7)) {
			model_note(e->m, true, &where,
				   "the certificate '%.80s' is chosen by a variable: its names are not known",
				   path);
			continue;
		}
		/* Relative ones begin at the folder of the configuration, as includes do. */
		server_path(whole, e->folder, path);
		read_certificate(e->m, e->p, whole, &where);
	}
}

/* ---- http ------------------------------------------------------------------------------------------ */

static void http_server(struct evaluation *e, const struct directive *server)
{
	enum nginx_does does = nginx_does(server);
	const struct directive *d;
	const char *wide = NULL, *w;
	unsigned int i;

	for (d = server->children; (d = directive_find(d, "server_name")); d = d->next)
		for (i = 1; i < d->count; i++) {
			w = put_name(e, d->words[i], d, does == NGINX_REFUSES);
			wide = wide ? wide : w;
		}
	listens(e, server, wide);
	certificates(e, server->children);
}

/* Maps of the host: their keys are names that somebody thought of. */
static void host_map(struct evaluation *e, const struct directive *map, const char **fallback)
{
	const struct directive *d;

	for (d = map->children; d; d = d->next) {
		const char *wide = NULL;

		if (!strcmp(d->words[0], "hostnames") || !strcmp(d->words[0], "volatile") ||
		    !strcmp(d->words[0], "include"))
			continue;
		if (!strcmp(d->words[0], "default") && d->count == 2) {
			*fallback = *directive_word(d, 1) ? directive_word(d, 1) : NULL;
			continue;
		}
		wide = put_name(e, d->words[0] + (d->words[0][0] == '\\'), d, false);
		if (wide) {
			const struct found_at where = directive_at(e->b, d);

			model_note(e->m, true, &where, "%s in a map: its names are not known", wide);
			*fallback = wide;
		}
	}
}

static bool maps_name(const struct directive *map)
{
	static const char *const names[] = {"$host", "$http_host", "$ssl_server_name",
					    "$ssl_preread_server_name"};
	size_t i;

	for (i = 0; i < 4; i++)
		if (!strcmp(directive_word(map, 1), names[i]))
			return true;
	return false;
}

/* Debian's default site, with nothing in its folder but the page that greets. */
static void not_welcome(const char *path, void *arg)
{
	bool *only = arg;
	const char *slash = strrchr(path, '/');

	*only &= !strcmp(slash, "/index.nginx-debian.html");
}

static bool is_welcome(struct evaluation *e, const struct directive *server)
{
	const struct directive *root = directive_find(server->children, "root");
	bool only = true;

	if (!root || strcmp(directive_word(root, 1), "/var/www/html"))
		return false;
	server_glob(e->p, "/var/www/html/*", not_welcome, &only);
	return only;
}

static void classify(struct evaluation *e, struct endpoint *at)
{
	at->site.class = SITE_OPEN;
	if (at->wide) {
		at->site.why = at->wide;
		at->site.origin = at->wide_at;
		return;
	}
	switch (nginx_does(at->fallback)) {
	case NGINX_REFUSES:
		at->site.class = SITE_CLOSED;
		at->site.why = "its default server refuses other names";
		break;
	case NGINX_REDIRECTS:
		at->site.class = SITE_IMPLIED;
		at->site.why = "its default server redirects any other name to itself";
		break;
	case NGINX_SERVES:
		at->site.why = "its default server answers any other name";
		if (has_names(at->fallback)) {
			at->site.class = SITE_IMPLIED;
		} else if (is_welcome(e, at->fallback)) {
			at->site.class = SITE_IMPLIED;
			at->site.why =
				"its default server greets any other name with the page of the package";
		}
		break;
	case NGINX_BY_NAME:
		at->site.why = "its default server lets the name decide what is served";
	}
}

static void http(struct evaluation *e, const struct directive *block)
{
	const struct directive *d;
	const char *ignored = NULL;
	size_t i;

	e->count = 0;
	e->http = block;
	for (d = block->children; (d = directive_find(d, "map")); d = d->next)
		if (maps_name(d))
			host_map(e, d, &ignored);
	for (d = block->children; (d = directive_find(d, "server")); d = d->next)
		http_server(e, d);
	certificates(e, block->children);
	for (i = 0; i < e->count; i++) {
		classify(e, &e->endpoints[i]);
		model_site(e->m, &e->endpoints[i].site);
	}
}

/* ---- stream ------------------------------------------------------------------------------------------ */

/* The map that gives this variable, if it maps the name that was asked for. */
static const struct directive *map_of(const struct directive *stream, const char *variable)
{
	const struct directive *d;

	for (d = stream; (d = directive_find(d, "map")); d = d->next)
		if (maps_name(d) && !strcmp(directive_word(d, 2), variable))
			return d;
	return NULL;
}

static void stream_class(struct evaluation *e, struct site *s, const struct directive *stream,
			 const struct directive *server)
{
	const struct directive *pass = directive_find(server->children, "proxy_pass"), *map;
	const char *to = pass ? directive_word(pass, 1) : "", *fallback = NULL;

	map = map_of(stream, to);
	s->class = SITE_OPEN;
	s->why = "a stream server that passes on whatever comes";
	if (strstr(to, "$ssl_preread_server_name")) {
		s->why = "it passes visits on to the very name that they ask for";
	} else if (map) {
		host_map(e, map, &fallback);
		s->class = fallback ? SITE_IMPLIED : SITE_CLOSED;
		s->why = fallback ? "the default of its map takes any other name"
				  : "its map of names has no default";
	}
}

static void stream_server(struct evaluation *e, const struct directive *stream,
			  const struct directive *server)
{
	const struct directive *preread = directive_find(server->children, "ssl_preread"), *d;
	bool reads = preread && !strcmp(directive_word(preread, 1), "on");

	certificates(e, server->children);
	for (d = server->children; (d = directive_find(d, "listen")); d = d->next) {
		struct site s = {.l4 = IPPROTO_TCP, .origin = directive_at(e->b, server)};

		if (!read_endpoint(&s, directive_word(d, 1), 0))
			continue;
		if (directive_has(d, "udp"))
			s.l4 = IPPROTO_UDP;
		else if (reads || directive_has(d, "ssl") || s.port == 443)
			s.as = PROTO_TLS;
		else if (s.port == 80)
			s.as = PROTO_HTTP;
		stream_class(e, &s, stream, server);
		model_site(e->m, &s);
	}
}

void nginx_evaluate(struct blocks *b, const struct process *p, const char *folder,
		    const struct directive *main)
{
	struct evaluation e = {.b = b, .m = b->model, .p = p, .folder = folder};
	const struct directive *d, *s;

	for (d = main; (d = directive_find(d, "http")); d = d->next)
		http(&e, d);
	for (d = main; (d = directive_find(d, "stream")); d = d->next)
		for (s = d->children; (s = directive_find(s, "server")); s = s->next)
			stream_server(&e, d->children, s);
	free(e.endpoints);
}
