// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/servers.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/address.h"
#include "lib/prefix.h"
#include "lib/progress.h"
#include "lib/say.h"
#include "servers/container.h"
#include "servers/probe.h"
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

/* Ports from this one on anybody may listen on. */
static unsigned int first_of_anybody(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned int port = 1024;

	if (f && fscanf(f, "%u", &port) != 1)
		port = 1024;
	if (f)
		fclose(f);
	return port;
}

/* May any user of this host have started it? Then what it says of names and ports is nobody's word: it is not
 * asked. Rules of root that hand a port on to it are root's word. */
static bool of_anybody(const struct servers *s, const struct listeners *l, const struct process *p)
{
	unsigned int first = first_of_anybody();
	size_t i, j;

	if (!p->uid || l != &s->listeners)
		return false;
	for (i = 0; i < l->count; i++) {
		if (l->sockets[i].process != p)
			continue;
		if (l->sockets[i].port < first)
			return false;
		for (j = 0; j < s->published.list.count; j++)
			if (s->published.list.at[j].here &&
			    s->published.list.at[j].to_port == l->sockets[i].port)
				return false;
	}
	return true;
}

/* ---- a socket and its sites -------------------------------------------------------------- */

static bool fits(const struct site *site, const struct listening_socket *s)
{
	if (site->l4 != s->l4 || site->port != s->port || site->place != s->place)
		return false;
	/* Nobody speaks for another server's sockets. */
	if (s->process && reader_of(s->process) && s->process != site->owner)
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

	size_t i;

	for (i = s->found_count; i > 0; i--)
		if (same_place(&grown[i - 1], sock))
			return &grown[i - 1];
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

static void add_other(struct servers *s, uint8_t l4, uint16_t port, const char *name)
{
	char text[128], *grown;
	size_t had = s->others ? strlen(s->others) : 0;

	snprintf(text, sizeof(text), "%s%s/%u (%.80s)", had ? ", " : "", l4 == IPPROTO_TCP ? "tcp" : "udp",
		 port, name);
	if (s->others && strstr(s->others, text + (had ? 2 : 0)))
		return;
	grown = realloc(s->others, had + strlen(text) + 1);
	if (!grown)
		return;
	strcpy(grown + had, text);
	s->others = grown;
}

static void add_socket(struct servers *s, const struct listening_socket *sock)
{
	struct model *m = &s->model;
	struct found *f;
	size_t i;

	/* What a proxy hands on is among the published ports. */
	if (is_loopback(sock) || published_by(sock->process))
		return;
	f = found_for(s, sock);
	for (i = 0; f && i < m->site_count; i++)
		if (m->sites[i].as != PROTO_NONE && fits(&m->sites[i], sock))
			add_site(m, f, &m->sites[i]);
	if (!f || f->known || f->to)
		return;
	f->site.as = by_port(sock);
	f->site.class = SITE_OPEN;
	f->site.why = "its configuration could not be read";
	f->site.origin.server = f->name;
}

/* ---- ports that are handed on ----------------------------------------------------------------- */

/* The socket of ours that a port is redirected to. */
static const struct listening_socket *socket_here(const struct servers *s, const struct published *p)
{
	const struct listening_socket *sock;
	size_t i;

	for (i = 0; i < s->listeners.count; i++) {
		sock = &s->listeners.sockets[i];
		if (sock->l4 == p->l4 && sock->port == p->to_port && !published_by(sock->process))
			return sock;
	}
	return NULL;
}

static const char *where_to(struct model *m, const struct published *p)
{
	struct prefix to = {.len = 128};
	char text[PREFIX_TEXT];

	if (p->here)
		return model_print(m, "port %u by %s", p->to_port, p->by);
	memcpy(to.addr, p->to, 16);
	prefix_print(&to, text, sizeof(text));
	return model_print(m, strchr(text, ':') ? "[%s]:%u by %s" : "%s:%u by %s", text, p->to_port, p->by);
}

/* Why nothing is known of it. */
static const char *unknown_why(struct model *m, const struct published_ports *ports, size_t i,
			       const struct listening_socket *sock, const char *in)
{
	if (ports->claimed && ports->claimed[i])
		return "several containers have the address that its visits go to";
	if (!sock)
		return "nothing was found that listens where its visits go to: a container that is not "
		       "running, a virtual machine or another host";
	return model_print(m, "what %.40s%s%.90s serves could not be read",
			   sock->process ? sock->process->name : "the server", in ? " in " : "",
			   in ? in : "");
}

static void add_published(struct servers *s, size_t n)
{
	const struct published *p = &s->published.list.at[n];
	const struct listening_socket *sock =
		p->here ? socket_here(s, p) : published_socket(&s->published, n);
	struct listening_socket outer = {.l4 = p->l4, .any = p->any, .port = p->port};
	struct listening_socket inner = {.port = p->to_port, .l4 = p->l4};
	struct model *m = &s->model;
	bool inside = sock && sock->process && sock->process->container;
	const char *in = inside ? container_of(m, sock->process->pid) : NULL;
	uint8_t as = PROTO_NONE;
	struct found *f;
	bool known;
	size_t i;

	memcpy(outer.addr, p->addr, 16);
	if (is_loopback(&outer))
		return;
	for (i = 0; i < m->site_count && sock && as == PROTO_NONE; i++)
		if (fits(&m->sites[i], sock))
			as = m->sites[i].as;
	known = as != PROTO_NONE;
	as = known ? as : by_port(&inner) != PROTO_NONE ? by_port(&inner) : by_port(&outer);
	f = found_for(s, &outer);
	if (!f)
		return;
	f->to = where_to(m, p);
	f->in = in;
	f->name = sock && sock->process ? sock->process->name : "";
	f->pid = sock && sock->process ? sock->process->pid : 0;
	for (i = 0; i < m->site_count && known; i++)
		if (m->sites[i].as != PROTO_NONE && fits(&m->sites[i], sock))
			add_site(m, f, &m->sites[i]);
	if (known || f->known)
		return;
	f->site.as = as;
	f->site.class = SITE_OPEN;
	f->site.why = unknown_why(m, &s->published, n, sock, in);
	f->site.origin = (struct found_at){.server = *f->name ? f->name : p->by, .in = in};
}

/* ---- what nothing tells ------------------------------------------------------------------------ */

/* An address by which a listener is to be reached from here: what is handed on, only by one of this host's
 * own; of others every one, also ::1. */
static void reach(const struct found *f, const struct prefix *local, size_t count, uint8_t addr[16])
{
	static const uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, v6[16] = {[15] = 1};
	bool is_v4 = address_is_v4(f->site.addr);
	size_t i;

	memcpy(addr, f->site.any ? (is_v4 || f->to ? v4 : v6) : f->site.addr, 16);
	for (i = 0; i < count && f->to && f->site.any; i++)
		if (local[i].len == 128 && prefix_is_v4(&local[i]) && local[i].addr[12] != 127) {
			memcpy(addr, local[i].addr, 16);
			return;
		}
}

static void ask(struct servers *s)
{
	struct probe asked[PROBES_MOST] = {0};
	size_t which[PROBES_MOST], i, local_count = 0;
	struct prefix *local = NULL;

	if (local_addresses(&local, &local_count))
		return;
	for (i = 0; i < s->found_count && s->asked < PROBES_MOST; i++) {
		if (s->found[i].site.as != PROTO_NONE || s->found[i].site.l4 != IPPROTO_TCP)
			continue;
		reach(&s->found[i], local, local_count, asked[s->asked].addr);
		asked[s->asked].port = s->found[i].site.port;
		which[s->asked++] = i;
	}
	probe_all(asked, s->asked);
	for (i = 0; i < s->asked; i++) {
		s->found[which[i]].site.as = asked[i].as;
		if (asked[i].as != PROTO_NONE)
			s->found[which[i]].site.why = model_print(
				&s->model, "it speaks %s when it is asked; what it serves is not known",
				asked[i].as == PROTO_TLS ? "TLS" : "HTTP");
	}
	free(local);
}

/* Of UDP they are questions of this host, not servers. */
static void drop_others(struct servers *s)
{
	size_t i, kept = 0;

	for (i = 0; i < s->found_count; i++) {
		const struct found *f = &s->found[i];

		if (f->site.as != PROTO_NONE)
			s->found[kept++] = *f;
		else if (f->site.l4 == IPPROTO_TCP || f->to)
			add_other(s, f->site.l4, f->site.port,
				  f->in	     ? f->in
				  : *f->name ? f->name
					     : "handed on");
	}
	s->found_count = kept;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void read_one(struct servers *s, const struct listeners *l, const struct process *p, reader_fn *read)
{
	const struct listening_socket *sock = NULL;
	struct model *m = &s->model;
	size_t i;
	int err;

	if (of_anybody(s, l, p)) {
		model_note(m, false, &(struct found_at){.server = p->name},
			   "process %d is of user %u, on ports that any user may have: it was not "
			   "asked; "
			   "write what it serves yourself if it is yours",
			   p->pid, p->uid);
		return;
	}
	m->owner = p;
	for (i = 0; i < l->count && !sock; i++)
		sock = l->sockets[i].process == p ? &l->sockets[i] : NULL;
	m->place = sock ? sock->place : 0;
	m->in = p->container ? container_of(m, p->pid) : NULL;
	err = read(m, p);
	m->place = 0;
	m->in = NULL;
	m->owner = NULL;
	s->readers++;
	/* Who has a container cannot keep the others' names from being read. */
	s->failed += err != 0 && !p->container;
}

static void read_all(struct servers *s, const struct listeners *l)
{
	const struct process *p;
	size_t all = 0, at = 0;
	reader_fn *read;

	for (p = l->processes; p; p = p->next)
		all += reader_of(p) != NULL;
	for (p = l->processes; p; p = p->next) {
		read = reader_of(p);
		if (!read)
			continue;
		progress("servers", all, "asking %s, pid %d", p->name, p->pid);
		progress_done(at++);
		read_one(s, l, p, read);
	}
}

static int found_order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->site.l4 != y->site.l4)
		return x->site.l4 - y->site.l4;
	if (x->site.port != y->site.port)
		return x->site.port - y->site.port;
	return memcmp(x->site.addr, y->site.addr, 16);
}

int servers_read(struct servers *s, bool probe)
{
	int err = listeners_read(&s->listeners);
	size_t i;

	if (!err)
		err = published_read(&s->published, &s->model, &s->listeners);
	if (err)
		return err;
	read_all(s, &s->listeners);
	read_all(s, &s->published.inside);
	read_certificates(&s->model);
	/* What is handed on never comes to a socket of ours on the same port. */
	for (i = 0; i < s->published.list.count; i++)
		add_published(s, i);
	for (i = 0; i < s->listeners.count; i++)
		add_socket(s, &s->listeners.sockets[i]);
	if (s->found_count)
		qsort(s->found, s->found_count, sizeof(*s->found), found_order);
	if (probe)
		ask(s);
	drop_others(s);
	return s->model.failed ? fail(-ENOMEM, "%s", strerror(ENOMEM)) : 0;
}

void servers_free(struct servers *s)
{
	listeners_free(&s->listeners);
	published_free(&s->published);
	zone_lists_free(&s->zones);
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
