// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/published.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/address.h"
#include "host/wired.h"

/* ---- docker-proxy ------------------------------------------------------------------------------ */

bool published_by(const struct process *p)
{
	return p && !strcmp(p->name, "docker-proxy");
}

static const char *word_behind(const struct process *p, const char *option)
{
	const char *const *a;

	for (a = p->args; *a; a++)
		if (!strcmp(*a, option))
			return a[1];
	return NULL;
}

/* docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 80 */
static int put_proxy(struct published_list *out, const struct listening_socket *s)
{
	const char *ip = word_behind(s->process, "-container-ip"),
		   *port = word_behind(s->process, "-container-port");
	struct published p = {
		.l4 = s->l4, .any = s->any, .port = s->port, .to_port = s->port, .by = "docker-proxy"};
	unsigned long number = port ? strtoul(port, NULL, 10) : 0;
	struct prefix to;

	memcpy(p.addr, s->addr, 16);
	if (!ip || prefix_parse(ip, &to) || to.len != 128 || !number || number > 65535)
		return 0;
	memcpy(p.to, to.addr, 16);
	p.to_port = (uint16_t)number;
	return published_put(out, &p);
}

/* ---- where they arrive --------------------------------------------------------------------------- */

struct visit {
	struct published_ports *p;
	unsigned int place;
};

/* Inside of a network namespace: which of the addresses has it? */
static int look(void *arg)
{
	struct visit *v = arg;
	struct published_ports *p = v->p;
	struct prefix *local = NULL;
	size_t count = 0, i, j;
	bool any = false;

	if (local_addresses(&local, &count))
		return 0;
	v->place++;
	for (i = 0; i < p->list.count; i++)
		for (j = 0; j < count && !p->list.at[i].here; j++) {
			if (!prefix_begins(&local[j], p->list.at[i].to))
				continue;
			p->claimed[i] |= p->places[i] != 0;
			p->places[i] = v->place;
			any = true;
			break;
		}
	free(local);
	return any ? listeners_add(&p->inside, v->place) : 0;
}

/* An address of this very host. */
static int turn_here(struct published_ports *p)
{
	struct prefix *local = NULL;
	size_t count = 0, i, j;
	int err = local_addresses(&local, &count);

	for (i = 0; i < p->list.count && !err; i++)
		for (j = 0; j < count; j++)
			p->list.at[i].here |= prefix_begins(&local[j], p->list.at[i].to);
	free(local);
	return err;
}

static bool arrives(const struct published_ports *p, size_t i, const struct listening_socket *s)
{
	const struct published *at = &p->list.at[i];

	return !at->here && s->place == p->places[i] && s->l4 == at->l4 && s->port == at->to_port &&
	       (s->any || !memcmp(s->addr, at->to, 16));
}

/* Of a container's other sockets nothing is asked. */
static void keep_wanted(struct published_ports *p)
{
	size_t kept = 0, s, i;

	for (s = 0; s < p->inside.count; s++)
		for (i = 0; i < p->list.count; i++)
			if (arrives(p, i, &p->inside.sockets[s])) {
				p->inside.sockets[kept++] = p->inside.sockets[s];
				break;
			}
	p->inside.count = kept;
}

const struct listening_socket *published_socket(const struct published_ports *p, size_t i)
{
	const struct listening_socket *found = NULL;
	size_t s;

	for (s = 0; s < p->inside.count && p->places[i] && !p->claimed[i]; s++)
		if (arrives(p, i, &p->inside.sockets[s]) && (!found || found->any))
			found = &p->inside.sockets[s];
	return found;
}

static int order(const void *a, const void *b)
{
	const struct published *x = a, *y = b;

	if (x->l4 != y->l4)
		return x->l4 - y->l4;
	if (x->port != y->port)
		return x->port - y->port;
	return memcmp(x->addr, y->addr, 16);
}

int published_read(struct published_ports *p, struct model *m, const struct listeners *outside)
{
	struct visit v = {.p = p};
	int err = nat_read(m, &p->list);
	size_t i;

	for (i = 0; i < outside->count && !err; i++)
		if (published_by(outside->sockets[i].process))
			err = put_proxy(&p->list, &outside->sockets[i]);
	if (err || !p->list.count)
		return err;
	qsort(p->list.at, p->list.count, sizeof(*p->list.at), order);
	p->places = calloc(p->list.count, sizeof(*p->places));
	p->claimed = calloc(p->list.count, sizeof(*p->claimed));
	err = p->places && p->claimed ? turn_here(p) : -ENOMEM;
	if (!err)
		err = wired_each(look, &v);
	if (err)
		return err;
	keep_wanted(p);
	return listeners_claim(&p->inside);
}

void published_free(struct published_ports *p)
{
	free(p->list.at);
	free(p->places);
	free(p->claimed);
	listeners_free(&p->inside);
	memset(p, 0, sizeof(*p));
}
