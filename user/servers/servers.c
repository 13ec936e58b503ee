// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/servers.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"
#include "lib/say.h"
#include "servers/reader.h"

static const struct known_server {
	const char *name; /* of the program */
	reader_fn *read;
} known[] = {
	{"nginx", read_nginx},	{"openresty", read_nginx}, {"angie", read_nginx}, {"apache2", read_apache},
	{"httpd", read_apache}, {"haproxy", read_haproxy}, {"caddy", read_caddy}, {"lighttpd", read_lighttpd},
	{"nsd", read_nsd},	{"knotd", read_knot},	   {"named", read_bind},  {"unbound", read_unbound},
};

static reader_fn *reader_of(const struct process *p)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(p->name, known[i].name))
			return known[i].read;
	return NULL;
}

/* ---- a socket and its sites -------------------------------------------------------------- */

static bool fits(const struct site *site, const struct listening_socket *s)
{
	if (site->l4 != s->l4 || site->port != s->port)
		return false;
	return s->any || site->any || !memcmp(site->addr, s->addr, 16);
}

static bool is_loopback(const struct listening_socket *s)
{
	static const uint8_t v6[16] = {[15] = 1};

	return !s->any && (!memcmp(s->addr, v6, 16) || (address_is_v4(s->addr) && s->addr[12] == 127));
}

/* What several sites of one socket come to: the worst of their classes. */
static void add_site(struct model *m, struct found *f, const struct site *site)
{
	f->site.proxy |= site->proxy;
	if (!f->known) {
		f->site.as = site->as;
		f->site.class = site->class;
		f->site.why = site->why;
		f->site.origin = site->origin;
		f->known = true;
		return;
	}
	if (f->site.as != site->as) {
		f->site.class = SITE_OPEN;
		f->site.why = "it speaks different protocols on different addresses: write a line for each";
		model_note(m, true, &site->origin,
			   "port %u speaks different protocols on different addresses", site->port);
	} else if (site->class > f->site.class) {
		f->site.class = site->class;
		f->site.why = site->why;
		f->site.origin = site->origin;
	}
}

/* What nobody has said, the number of the port says well enough to watch it. */
static uint8_t by_port(const struct listening_socket *s)
{
	switch (s->port) {
	case 80:
		return s->l4 == IPPROTO_TCP ? PROTO_HTTP : PROTO_NONE;
	case 443:
		return s->l4 == IPPROTO_TCP ? PROTO_TLS : PROTO_QUIC;
	case 53:
		return PROTO_DNS;
	}
	return PROTO_NONE;
}

static bool same_place(const struct found *f, const struct listening_socket *s)
{
	return f->site.l4 == s->l4 && f->site.port == s->port && f->site.any == s->any &&
	       (s->any || !memcmp(f->site.addr, s->addr, 16));
}

static struct found *found_for(struct servers *s, const struct listening_socket *sock)
{
	struct found *grown = s->found;

	if (s->found_count && same_place(&grown[s->found_count - 1], sock))
		return &grown[s->found_count - 1];
	if (s->found_count == s->found_room) {
		s->found_room = s->found_room ? 2 * s->found_room : 16;
		grown = reallocarray(s->found, s->found_room, sizeof(*grown));
		if (!grown)
			return NULL;
		s->found = grown;
	}
	grown[s->found_count] = (struct found){
		.site = {.l4 = sock->l4, .port = sock->port, .any = sock->any},
		.name = sock->process ? sock->process->name : "the kernel",
		.pid = sock->process ? sock->process->pid : 0,
	};
	memcpy(grown[s->found_count].site.addr, sock->addr, 16);
	return &grown[s->found_count++];
}

static void add_other(struct servers *s, const struct listening_socket *sock)
{
	const char *name = sock->process ? sock->process->name : "the kernel";
	char text[128], *grown;
	size_t had = s->others ? strlen(s->others) : 0;

	snprintf(text, sizeof(text), "%s%s/%u (%.40s)", had ? ", " : "",
		 sock->l4 == IPPROTO_TCP ? "tcp" : "udp", sock->port, name);
	if (s->others && strstr(s->others, text + (had ? 2 : 0)))
		return;
	grown = realloc(s->others, had + strlen(text) + 1);
	if (!grown)
		return;
	strcpy(grown + had, text);
	s->others = grown;
}

static bool has_site(const struct model *m, const struct listening_socket *sock)
{
	size_t i;

	for (i = 0; i < m->site_count; i++)
		if (m->sites[i].as != PROTO_NONE && fits(&m->sites[i], sock))
			return true;
	return false;
}

/* A socket of UDP that is no server's: a question of this host. */
static bool of_interest(const struct servers *s, const struct listening_socket *sock)
{
	if (is_loopback(sock))
		return false;
	return has_site(&s->model, sock) || by_port(sock) != PROTO_NONE;
}

static void add_socket(struct servers *s, const struct listening_socket *sock)
{
	struct model *m = &s->model;
	struct found *f;
	size_t i;

	if (!of_interest(s, sock)) {
		if (!is_loopback(sock) && sock->l4 == IPPROTO_TCP)
			add_other(s, sock);
		return;
	}
	f = found_for(s, sock);
	for (i = 0; f && i < m->site_count; i++)
		if (m->sites[i].as != PROTO_NONE && fits(&m->sites[i], sock))
			add_site(m, f, &m->sites[i]);
	if (!f || f->known)
		return;
	f->site.as = by_port(sock);
	f->site.class = SITE_OPEN;
	f->site.why = "its configuration could not be read";
	f->site.origin.server = f->name;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void read_all(struct servers *s)
{
	const struct process *p;
	reader_fn *read;

	for (p = s->listeners.processes; p; p = p->next) {
		read = reader_of(p);
		if (!read)
			continue;
		s->readers++;
		s->failed += read(&s->model, p) != 0;
	}
}

int servers_read(struct servers *s)
{
	int err = listeners_read(&s->listeners);
	size_t i;

	if (err)
		return err;
	read_all(s);
	for (i = 0; i < s->listeners.count; i++)
		add_socket(s, &s->listeners.sockets[i]);
	return s->model.failed ? fail(-ENOMEM, "%s", strerror(ENOMEM)) : 0;
}

void servers_free(struct servers *s)
{
	listeners_free(&s->listeners);
	free(s->found);
	free(s->others);
	model_free(&s->model);
	memset(s, 0, sizeof(*s));
}

bool servers_open(const struct servers *s)
{
	size_t i;

	for (i = 0; i < s->found_count; i++)
		if (s->found[i].site.class == SITE_OPEN)
			return true;
	return false;
}
