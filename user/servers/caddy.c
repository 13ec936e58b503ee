// SPDX-License-Identifier: GPL-2.0-or-later
/* Caddy: `caddy adapt` with the configuration of its command line, or a file of JSON as it is. */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "servers/files.h"
#include "servers/reader.h"
#include "servers/run.h"

static const char server[] = "caddy";

struct caddy {
	struct model *m;
	const struct process *p;
	struct found_at where;
	bool on_demand; /* certificates for whatever name comes */
};

/* ---- names ---------------------------------------------------------------------------------- */

/* What the matchers of routes say, however deep they stand. */
static void collect_hosts(struct caddy *c, const json_t *in, const char **wide)
{
	const json_t *value, *host;
	const char *key;
	size_t i;

	json_array_foreach((json_t *)in, i, value) collect_hosts(c, value, wide);
	json_object_foreach((json_t *)in, key, value)
	{
		if (strcmp(key, "host") || !json_is_array(value)) {
			collect_hosts(c, value, wide);
			continue;
		}
		json_array_foreach(value, i, host)
		{
			const char *name = json_string_value(host);

			if (!name || strchr(name, '{')) {
				model_note(c->m, true, &c->where, "a host with a placeholder: '%.80s'",
					   name ? name : "");
				*wide = "a host with a placeholder";
			} else if (strchr(name, '.') || !strcmp(name, "localhost")) {
				model_name(c->m, name, strlen(name), 0, &c->where);
			}
		}
	}
}

static bool has_hosts(const json_t *route)
{
	const json_t *match;
	size_t i;

	json_array_foreach(json_object_get(route, "match"), i,
			   match) if (!json_object_get(match, "host")) return false;
	return json_array_size(json_object_get(route, "match")) > 0;
}

/* What a route without a host does with any name. */
static bool refuses(const json_t *route)
{
	const json_t *handler, *sub;
	size_t i, j;

	json_array_foreach(json_object_get(route, "handle"), i, handler)
	{
		const char *kind = json_string_value(json_object_get(handler, "handler"));
		const json_t *status = json_object_get(handler, "status_code");
		bool all = true;

		if (!kind)
			return false;
		if (!strcmp(kind, "subroute")) {
			json_array_foreach(json_object_get(handler, "routes"), j, sub) all &= refuses(sub);
			if (!all)
				return false;
			continue;
		}
		if (!strcmp(kind, "error"))
			continue;
		if (strcmp(kind, "static_response"))
			return false;
		if (json_is_true(json_object_get(handler, "abort")))
			continue;
		if (json_is_integer(status) ? json_integer_value(status) < 400
					    : !json_is_string(status) || json_string_value(status)[0] < '4')
			return false;
	}
	return true;
}

static bool redirects(const json_t *route)
{
	char *text = json_dumps(json_object_get(route, "handle"), JSON_COMPACT);
	bool found = text && strstr(text, "{http.request.host}") && strstr(text, "Location");

	free(text);
	return found;
}

/* ---- servers ----------------------------------------------------------------------------------- */

static void classify(struct caddy *c, struct site *s, const json_t *routes)
{
	const char *wide = NULL;
	const json_t *route;
	size_t i;

	s->class = SITE_CLOSED;
	s->why = s->as == PROTO_TLS ? "it has no certificate for other names"
				    : "no route is for other names: they get an empty answer";
	json_array_foreach((json_t *)routes, i, route)
	{
		collect_hosts(c, json_object_get(route, "match"), &wide);
		collect_hosts(c, json_object_get(route, "handle"), &wide);
		if (has_hosts(route) || refuses(route))
			continue;
		if (redirects(route)) {
			if (s->class == SITE_CLOSED) {
				s->class = SITE_IMPLIED;
				s->why = "it redirects any other name to itself";
			}
			continue;
		}
		/* Over TLS there must be a certificate first. */
		if (s->as == PROTO_TLS && !c->on_demand)
			continue;
		s->class = SITE_OPEN;
		s->why = "a route answers any name";
	}
	if (c->on_demand && s->as == PROTO_TLS) {
		s->class = SITE_OPEN;
		s->why = "on-demand TLS: it gets a certificate for whatever name comes";
	}
	if (wide) {
		s->class = SITE_OPEN;
		s->why = wide;
	}
}

static bool is_off(const json_t *automatic)
{
	return json_is_true(json_object_get(automatic, "disable"));
}

static bool any_hosts(const json_t *routes)
{
	const json_t *route;
	size_t i;

	json_array_foreach((json_t *)routes, i, route) if (has_hosts(route)) return true;
	return false;
}

static void one_server(struct caddy *c, const json_t *s, unsigned int http_port, bool *redirected)
{
	const json_t *automatic = json_object_get(s, "automatic_https"), *address;
	const json_t *routes = json_object_get(s, "routes");
	bool policies = json_array_size(json_object_get(s, "tls_connection_policies")) > 0;
	size_t i;

	json_array_foreach(json_object_get(s, "listen"), i, address)
	{
		struct site at = {.l4 = IPPROTO_TCP, .origin = c->where};
		const char *text = json_string_value(address);

		if (!text || !strncmp(text, "udp/", 4) ||
		    !read_endpoint(&at, strncmp(text, "tcp/", 4) ? text : text + 4, 0))
			continue;
		at.as = at.port != http_port && (policies || (!is_off(automatic) && any_hosts(routes)))
				? PROTO_TLS
				: PROTO_HTTP;
		classify(c, &at, routes);
		model_site(c->m, &at);
		if (at.as != PROTO_TLS)
			continue;
		*redirected |=
			!is_off(automatic) && !json_is_true(json_object_get(automatic, "disable_redirects"));
		at.l4 = IPPROTO_UDP; /* HTTP/3, unless it is switched off: then nothing listens */
		at.as = PROTO_QUIC;
		model_site(c->m, &at);
	}
}

static void subjects(struct caddy *c, const json_t *list)
{
	const json_t *name;
	size_t i;

	json_array_foreach((json_t *)list, i, name)
	{
		const char *text = json_string_value(name);

		if (text && !strchr(text, '{') && strchr(text, '.'))
			model_name(c->m, text, strlen(text), NAMED_CERTIFICATE, &c->where);
	}
}

static void read_tls(struct caddy *c, const json_t *tls)
{
	const json_t *automation = json_object_get(tls, "automation"), *policy, *file;
	const json_t *certificates = json_object_get(tls, "certificates");
	size_t i;

	json_array_foreach(json_object_get(automation, "policies"), i, policy)
	{
		c->on_demand |= json_is_true(json_object_get(policy, "on_demand"));
		subjects(c, json_object_get(policy, "subjects"));
	}
	subjects(c, json_object_get(certificates, "automate"));
	json_array_foreach(json_object_get(certificates, "load_files"), i, file)
	{
		const char *path = json_string_value(json_object_get(file, "certificate"));

		if (path)
			read_certificate(c->m, c->p, path, &c->where);
	}
	if (json_object_get(certificates, "load_folders"))
		model_note(c->m, true, &c->where, "certificates of folders (load_folders) were not read");
}

static void read_config(struct caddy *c, const json_t *config)
{
	const json_t *http = json_object_get(json_object_get(config, "apps"), "http"), *s;
	const json_t *port = json_object_get(http, "http_port");
	unsigned int http_port = json_is_integer(port) ? (unsigned int)json_integer_value(port) : 80;
	struct site redirect = {.l4 = IPPROTO_TCP,
				.any = true,
				.port = (uint16_t)http_port,
				.as = PROTO_HTTP,
				.class = SITE_IMPLIED,
				.why = "it redirects to https",
				.origin = c->where};
	bool redirected = false;
	const char *key;

	read_tls(c, json_object_get(json_object_get(config, "apps"), "tls"));
	json_object_foreach(json_object_get(http, "servers"), key, s)
		one_server(c, s, http_port, &redirected);
	if (redirected)
		model_site(c->m, &redirect);
}

/* ---- where it is ----------------------------------------------------------------------------------- */

static json_t *adapted(struct caddy *c, const char *file, json_error_t *err)
{
	const char *adapter = process_option(c->p, "--adapter");
	const char *args[8] = {"adapt", "--config", file, adapter ? "--adapter" : NULL, adapter, NULL};
	cleanup_run struct run r = {0};

	if (run_as(c->p, NULL, args, &r)) {
		model_note(c->m, true, &c->where, "`caddy adapt` of process %d failed: %s", c->p->pid, r.why);
		return NULL;
	}
	return json_loadb(r.out ? r.out : "", r.len, 0, err);
}

int read_caddy(struct model *m, const struct process *p)
{
	const char *file = process_option(p, "--config"), *text;
	struct caddy c = {.m = m, .p = p};
	json_error_t err = {0};
	json_t *config = NULL;
	size_t len;

	file = file ? file : process_option(p, "-config");
	file = file ? file : "/etc/caddy/Caddyfile";
	c.where = (struct found_at){.server = server, .file = model_text(m, file, strlen(file)), .line = 0};
	len = strlen(file);
	if (len > 5 && !strcmp(file + len - 5, ".json") && !process_option(p, "--adapter")) {
		text = arena_adopt(&m->arena, server_read(p, file, &len));
		if (text)
			config = json_loadb(text, len, 0, &err);
	} else if (!p->container) {
		config = adapted(&c, file, &err);
	}
	if (process_option(p, "--resume"))
		model_note(m, true, &c.where,
			   "it runs with --resume: what it last got from its API is not in the file");
	if (!json_is_object(config)) {
		model_note(m, true, &c.where, "its configuration could not be read%s%s",
			   *err.text ? ": " : "", err.text);
		json_decref(config);
		return -EINVAL;
	}
	read_config(&c, config);
	json_decref(config);
	return 0;
}
