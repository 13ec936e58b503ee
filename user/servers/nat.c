// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/nat.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "host/address.h"
#include "servers/run.h"

#define PUBLISHED_MOST 8192
#define RULES_MOST     (1 << 20)
#define STEPS_MOST     (1 << 20)
#define DEPTH_MOST     16
#define NFT_BYTES      (16 << 20) /* of JSON; more would be gigabytes as a tree */

/* ---- tables ---------------------------------------------------------------------------------- */

long nat_chain(struct nat_table *t, const char *name)
{
	struct nat_chain *grown = t->chains;
	size_t i;

	for (i = t->chain_count; i > 0; i--)
		if (!strcmp(grown[i - 1].name, name))
			return (long)i - 1;
	if (t->chain_count == t->chain_room) {
		t->chain_room = t->chain_room ? 2 * t->chain_room : 64;
		grown = reallocarray(t->chains, t->chain_room, sizeof(*grown));
		if (!grown)
			return -1;
		t->chains = grown;
	}
	grown[t->chain_count] = (struct nat_chain){.name = model_text(t->model, name, strlen(name))};
	return (long)t->chain_count++;
}

bool nat_rule(struct nat_table *t, const struct nat_rule *r)
{
	struct nat_rule *grown = t->rules;
	struct nat_chain *c = &t->chains[r->chain];

	if (t->rule_count == RULES_MOST)
		return false;
	if (t->rule_count == t->rule_room) {
		t->rule_room = t->rule_room ? 2 * t->rule_room : 256;
		grown = reallocarray(t->rules, t->rule_room, sizeof(*grown));
		if (!grown)
			return false;
		t->rules = grown;
	}
	grown[t->rule_count++] = *r;
	if (c->last)
		grown[c->last - 1].next = t->rule_count;
	else
		c->first = t->rule_count;
	c->last = t->rule_count;
	return true;
}

void nat_port(struct nat_ranges *r, unsigned int first, unsigned int last)
{
	if (!first || first > last || last > 65535 || r->count == NAT_RANGES)
		return;
	r->at[r->count].first = (uint16_t)first;
	r->at[r->count++].last = (uint16_t)last;
}

void nat_table_free(struct nat_table *t)
{
	free(t->chains);
	free(t->rules);
	memset(t, 0, sizeof(*t));
}

/* ---- a packet's way ---------------------------------------------------------------------------- */

/* What is known of the packets that come this far. */
struct way {
	unsigned int l4; /* NAT_ bits */
	struct nat_ranges ports;
	bool has_addr;
	uint8_t addr[16];
};

struct walk {
	const struct nat_table *t;
	struct published_list *out;
	const struct prefix *local;
	size_t local_count;
	size_t steps;
	int err;
};

int published_put(struct published_list *out, const struct published *p)
{
	struct published *grown = out->at;
	size_t i;

	/* The first rule is the one that counts. */
	for (i = 0; i < out->count; i++)
		if (grown[i].l4 == p->l4 && grown[i].port == p->port && grown[i].any == p->any &&
		    (p->any || !memcmp(grown[i].addr, p->addr, 16)))
			return 0;
	if (out->count == PUBLISHED_MOST)
		return 0;
	if (out->count == out->room) {
		out->room = out->room ? 2 * out->room : 16;
		grown = reallocarray(out->at, out->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		out->at = grown;
	}
	grown[out->count++] = *p;
	return 0;
}

static bool is_local(const struct walk *w, const uint8_t addr[16])
{
	size_t i;

	for (i = 0; i < w->local_count; i++)
		if (prefix_begins(&w->local[i], addr))
			return true;
	return false;
}

static struct nat_ranges both(const struct nat_ranges *a, const struct nat_ranges *b, bool *none)
{
	struct nat_ranges out = {0};
	size_t i, j;

	*none = false;
	if (!a->count || !b->count)
		return a->count ? *a : *b;
	for (i = 0; i < a->count; i++)
		for (j = 0; j < b->count; j++) {
			unsigned int first =
				a->at[i].first > b->at[j].first ? a->at[i].first : b->at[j].first;
			unsigned int last = a->at[i].last < b->at[j].last ? a->at[i].last : b->at[j].last;

			if (first <= last)
				nat_port(&out, first, last);
		}
	*none = !out.count;
	return out;
}

/* Those that this rule is for; false: none. */
static bool narrow(const struct way *from, const struct nat_rule *r, struct way *to)
{
	bool none;

	*to = *from;
	if (r->never)
		return false;
	to->l4 = r->l4 ? from->l4 & r->l4 : from->l4;
	to->ports = both(&from->ports, &r->ports, &none);
	if (r->has_addr && from->has_addr && memcmp(r->addr, from->addr, 16))
		return false;
	if (r->has_addr) {
		to->has_addr = true;
		memcpy(to->addr, r->addr, 16);
	}
	return to->l4 && !none;
}

static void handed_on(struct walk *w, const struct nat_rule *r, const struct way *way)
{
	const struct found_at where = {.server = w->t->by};
	unsigned int l4, port;
	size_t i;

	if (way->has_addr && !is_local(w, way->addr))
		return;
	if (!way->ports.count) {
		model_note(w->t->model, true, &where,
			   "a rule of chain %s hands visits to whatever port on to another address: which of "
			   "them are to be judged cannot be told",
			   w->t->chains[r->chain].name);
		return;
	}
	for (l4 = NAT_TCP; l4 <= NAT_UDP; l4 <<= 1)
		for (i = 0; i < way->ports.count && way->l4 & l4; i++)
			for (port = way->ports.at[i].first; port <= way->ports.at[i].last && !w->err;
			     port++) {
				struct published p = {.l4 = l4 == NAT_TCP ? IPPROTO_TCP : IPPROTO_UDP,
						      .any = !way->has_addr,
						      .port = (uint16_t)port,
						      .here = r->action == NAT_HERE,
						      .to_port = (uint16_t)port,
						      .by = w->t->by};

				memcpy(p.addr, way->addr, 16);
				memcpy(p.to, r->to, 16);
				/* Of a range, the same port is tried first. */
				if (r->to_first && (port < r->to_first || port > r->to_last))
					p.to_port = r->to_first;
				w->err = published_put(w->out, &p);
			}
}

static void walk(struct walk *w, const struct nat_chain *c, const struct way *from, unsigned int depth)
{
	const struct nat_rule *r;
	struct way way;
	size_t at;

	for (at = c->first; at && !w->err; at = r->next) {
		r = &w->t->rules[at - 1];
		if (depth > DEPTH_MOST || w->steps++ > STEPS_MOST)
			return;
		if (!narrow(from, r, &way))
			continue;
		switch (r->action) {
		case NAT_FOLLOW:
			walk(w, &w->t->chains[r->target], &way, depth + 1);
			break;
		case NAT_TO:
		case NAT_HERE:
			handed_on(w, r, &way);
			break;
		case NAT_UNCLEAR:
			model_note(w->t->model, true, &(struct found_at){.server = w->t->by},
				   "a rule of chain %s that hands visits on was not understood", c->name);
			break;
		case NAT_RETURN:
			if (!r->narrow && !r->l4 && !r->ports.count && !r->has_addr)
				return;
			break;
		case NAT_NOTHING:
			break;
		}
	}
}

int nat_follow(const struct nat_table *t, const struct prefix *local, size_t count,
	       struct published_list *out)
{
	struct walk w = {.t = t, .out = out, .local = local, .local_count = count};
	const struct way all = {.l4 = NAT_TCP | NAT_UDP};
	size_t i;

	for (i = 0; i < t->chain_count; i++)
		if (t->chains[i].hooked)
			walk(&w, &t->chains[i], &all, 0);
	return w.err;
}

/* ---- the programs ------------------------------------------------------------------------------- */

struct reading {
	struct model *model;
	struct published_list *out;
	struct prefix *local;
	size_t local_count;
	int err;
};

static void follow(struct reading *r, const struct nat_table *t)
{
	int err = nat_follow(t, r->local, r->local_count, r->out);

	r->err = r->err ? r->err : err;
}

static const char *const folders[] = {"/usr/sbin", "/sbin", "/usr/local/sbin"};

/* Found is not the same as done: a kernel without nf_tables has no rules of it. */
static bool run_one(const char *name, const char *const *args, struct run *r)
{
	const struct process self = {.pid = getpid(), .name = name};
	char path[64];
	size_t i;
	int err = -ENOENT;

	for (i = 0; i < 3 && err == -ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (!access(path, X_OK))
			err = run_as(&self, path, args, r);
	}
	return !err;
}

/* The legacy programs load modules if there are none, and would make a table to show it. */
static bool has_legacy(const char *names)
{
	FILE *f = fopen(names, "re");
	char line[64];
	bool nat = false;

	while (f && fgets(line, sizeof(line), f))
		nat |= !strcmp(line, "nat\n");
	if (f)
		fclose(f);
	return nat;
}

static void iptables(struct reading *w, const char *program)
{
	static const char *const args[] = {"-t", "nat", NULL};
	struct nat_table t = {.model = w->model, .by = "iptables"};
	cleanup_run struct run r = {0};

	if (run_one(program, args, &r) && r.out) {
		nat_read_iptables(&t, r.out);
		follow(w, &t);
	}
	nat_table_free(&t);
}

static void one_table(struct reading *w, const char *family, const char *name)
{
	const char *const args[] = {"-j", "-t", "list", "table", family, name, NULL};
	struct nat_table t = {.model = w->model, .by = "nft"};
	const struct found_at where = {.server = "nft"};
	cleanup_run struct run r = {0};

	if (!run_one("nft", args, &r) || !r.out || r.len > NFT_BYTES) {
		model_note(w->model, true, &where, "table %s %.60s: %s", family, name,
			   r.len > NFT_BYTES ? "it is too large to be read" : r.why);
		return;
	}
	nat_read_nft(&t, r.out, r.len);
	follow(w, &t);
	nat_table_free(&t);
}

/* Those tables that see visits before they are routed. */
static void nft(struct reading *w)
{
	static const char *const args[] = {"-j", "list", "chains", NULL};
	cleanup_run struct run r = {0};
	json_t *all, *item, *chain, *seen = json_object();
	size_t i;

	all = run_one("nft", args, &r) && r.out && r.len <= NFT_BYTES ? json_loadb(r.out, r.len, 0, NULL)
								      : NULL;
	json_array_foreach(json_object_get(all, "nftables"), i, item)
	{
		const char *family, *table, *type, *hook;
		char key[256];

		chain = json_object_get(item, "chain");
		family = json_string_value(json_object_get(chain, "family"));
		table = json_string_value(json_object_get(chain, "table"));
		type = json_string_value(json_object_get(chain, "type"));
		hook = json_string_value(json_object_get(chain, "hook"));
		if (!family || !table || !type || !hook || strcmp(type, "nat") || strcmp(hook, "prerouting"))
			continue;
		snprintf(key, sizeof(key), "%s %s", family, table);
		if (json_object_get(seen, key))
			continue;
		json_object_set_new(seen, key, json_true());
		one_table(w, family, table);
	}
	json_decref(all);
	json_decref(seen);
}

int nat_read(struct model *m, struct published_list *out)
{
	struct reading w = {.model = m, .out = out};
	int err = local_addresses(&w.local, &w.local_count);

	if (err)
		return err;
	iptables(&w, "iptables-nft-save");
	iptables(&w, "ip6tables-nft-save");
	if (has_legacy("/proc/self/net/ip_tables_names"))
		iptables(&w, "iptables-legacy-save");
	if (has_legacy("/proc/self/net/ip6_tables_names"))
		iptables(&w, "ip6tables-legacy-save");
	nft(&w);
	free(w.local);
	return w.err;
}
