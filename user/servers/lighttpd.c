// SPDX-License-Identifier: GPL-2.0-or-later
/* lighttpd: `lighttpd -p`, which prints its configuration with all conditions. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/reader.h"
#include "servers/regex.h"
#include "servers/run.h"

static const char server[] = "lighttpd";

#define SOCKETS_MOST 64
#define DEPTH_MOST   32

struct lighttpd {
	struct model *m;
	const struct process *p;
	struct found_at where;
	struct site sockets[SOCKETS_MOST];
	size_t socket_count;
	size_t in_socket[DEPTH_MOST]; /* by depth: number of the socket, 0: none */
	bool in_host[DEPTH_MOST];
	unsigned int depth;
	bool tls; /* ssl.engine for all */
	unsigned int port;
	char bind[64];
	const char *wide;
	bool refuses; /* anything, by url.access-deny at the top */
};

/* The text between the first two quotes. */
static const char *quoted(struct lighttpd *h, const char *from)
{
	const char *open = strchr(from, '"'), *close = open ? strchr(open + 1, '"') : NULL;

	while (close && close[-1] == '\\')
		close = strchr(close + 1, '"');
	return close ? model_text(h->m, open + 1, close - open - 1) : NULL;
}

static size_t socket_of(struct lighttpd *h, const char *text)
{
	struct site s = {.l4 = IPPROTO_TCP, .as = PROTO_HTTP, .origin = h->where};

	if (h->socket_count == SOCKETS_MOST || !read_endpoint(&s, text, 80))
		return 0;
	h->sockets[h->socket_count++] = s;
	return h->socket_count;
}

/* $HTTP["host"] == "a.example" { */
static void begin_condition(struct lighttpd *h, const char *line)
{
	const char *op = strchr(line, ']'), *value = op ? quoted(h, op) : NULL;
	char names[256];

	h->depth += h->depth < DEPTH_MOST - 1;
	h->in_socket[h->depth] = h->in_socket[h->depth - 1];
	h->in_host[h->depth] = h->in_host[h->depth - 1];
	if (!value)
		return;
	op += 1 + strspn(op + 1, " ");
	if (!strncmp(line, "$SERVER[\"socket\"]", 17)) {
		if (*op == '=')
			h->in_socket[h->depth] = socket_of(h, value);
		return;
	}
	if (strncmp(line, "$HTTP[\"host\"]", 13))
		return;
	h->in_host[h->depth] = true;
	if (!strncmp(op, "==", 2)) {
		model_name(h->m, value, strcspn(value, ":"), 0, &h->where);
	} else if (!strncmp(op, "=~", 2)) {
		if (regex_names(value, names))
			model_name(h->m, names, strlen(names), 0, &h->where);
		else
			h->wide = model_print(h->m, "a regular expression of names, '%.80s'", value);
	} else if (!strncmp(op, "=$", 2)) {
		snprintf(names, sizeof(names), "%s%.250s", *value == '.' ? "*" : ".", value);
		if (strchr(value + 1, '.'))
			model_name(h->m, names, strlen(names), 0, &h->where);
		else
			h->wide = model_print(h->m, "any name that ends in '%.80s'", value);
	} else if (!strncmp(op, "=^", 2)) {
		h->wide = model_print(h->m, "any name that begins with '%.80s'", value);
	}
}

static void set_tls(struct lighttpd *h, size_t socket)
{
	if (socket)
		h->sockets[socket - 1].as = PROTO_TLS;
	else
		h->tls = true;
}

static void one_line(struct lighttpd *h, const char *line)
{
	size_t at = h->in_socket[h->depth];
	const char *value;

	line += strspn(line, " \t");
	if (*line == '}' && !strstr(line, "else")) {
		h->depth -= h->depth > 0;
		return;
	}
	if (*line == '}' && h->depth)
		h->depth--;
	if (*line == '}' || !strncmp(line, "else", 4))
		line = strchr(line, '$') ? strchr(line, '$') : line;
	if (strrchr(line, '{') && !strrchr(line, '{')[1]) {
		begin_condition(h, line);
		return;
	}
	value = quoted(h, line);
	if (!strncmp(line, "server.port", 11))
		h->port = (unsigned int)strtoul(line + strcspn(line, "0123456789"), NULL, 10);
	else if (!strncmp(line, "server.bind", 11) && value)
		snprintf(h->bind, sizeof(h->bind), strchr(value, ':') ? "[%.40s]" : "%.40s", value);
	else if (!strncmp(line, "ssl.engine", 10) && value && !strcmp(value, "enable"))
		set_tls(h, at);
	else if (!strncmp(line, "ssl.pemfile", 11) && value)
		read_certificate(h->m, h->p, value, &h->where);
	else if (!strncmp(line, "evhost.path-pattern", 19) ||
		 !strncmp(line, "simple-vhost.server-root", 24) || !strncmp(line, "vhostdb.backend", 15))
		h->wide = h->in_host[h->depth] ? h->wide : "folders by name: evhost, simple-vhost or vhostdb";
	else if (!strncmp(line, "url.access-deny", 15) && !h->in_host[h->depth] && value && !*value)
		h->refuses = true;
}

static void put_sites(struct lighttpd *h)
{
	char text[96];
	size_t i, main;

	snprintf(text, sizeof(text), "%s:%u", h->bind, h->port ? h->port : 80);
	main = socket_of(h, text);
	if (main && h->tls)
		h->sockets[main - 1].as = PROTO_TLS;
	for (i = 0; i < h->socket_count; i++) {
		struct site *s = &h->sockets[i];

		s->class = h->wide ? SITE_OPEN : h->refuses ? SITE_CLOSED : SITE_IMPLIED;
		s->why = h->wide      ? h->wide
			 : h->refuses ? "it refuses what no condition is for"
				      : "what no condition is for is answered under any name";
		model_site(h->m, s);
	}
}

int read_lighttpd(struct model *m, const struct process *p)
{
	const char *file = process_option(p, "-f"), *modules = process_option(p, "-m");
	const char *args[8] = {"-p", "-f", file ? file : "/etc/lighttpd/lighttpd.conf"};
	struct lighttpd h = {.m = m, .p = p};
	cleanup_run struct run r = {0};
	char *line, *rest;
	int err = -ENOTSUP;

	h.where = (struct found_at){
		.server = server, .file = model_text(m, args[2], strlen(args[2])), .line = 0};
	if (modules) {
		args[3] = "-m";
		args[4] = modules;
	}
	if (p->container)
		model_note(m, true, &h.where, "process %d is in a container, where nothing is run", p->pid);
	else if ((err = run_as(p, NULL, args, &r)))
		model_note(m, true, &h.where, "`lighttpd -p` of process %d failed: %s", p->pid, r.why);
	if (err)
		return err;
	for (rest = r.out; rest && (line = strsep(&rest, "\n"));)
		one_line(&h, line);
	put_sites(&h);
	return 0;
}
