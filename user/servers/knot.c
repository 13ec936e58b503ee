// SPDX-License-Identifier: GPL-2.0-or-later
/* Knot, which is asked by its own knotc. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "servers/dns.h"
#include "servers/reader.h"
#include "servers/run.h"

#define ARGS_MOST 8

static const char *const programs[] = {"/usr/sbin/knotc", NULL};

/* knotc with two words, NULL behind them: the file says where the socket is. */
static void knotc_args(const struct process *p, const char *verb, const char *of, const char *args[ARGS_MOST])
{
	const char *socket = process_option(p, "-s"), *file = process_option(p, "-c");
	size_t n = 0;

	if (file) {
		args[n++] = "-c";
		args[n++] = file;
	}
	if (socket) {
		args[n++] = "-s";
		args[n++] = socket;
	}
	args[n++] = verb;
	args[n++] = of;
	args[n] = NULL;
}

/* What `conf-read` says of sections: lines "section[id].item = value value". */
struct knot {
	struct model *m;
	const struct process *p;
	struct run zones, listens, templates, acls;
	struct found_at where;
	bool root; /* it serves the root */
};

static void knot_free(struct knot *k)
{
	run_free(&k->zones);
	run_free(&k->listens);
	run_free(&k->templates);
	run_free(&k->acls);
}

static int ask(struct knot *k, const char *of, struct run *r)
{
	const char *args[ARGS_MOST];
	int err;

	knotc_args(k->p, "conf-read", of, args);
	err = run_as(k->p, programs[0], args, r);
	if (err)
		model_note(k->m, true, &k->where, "`knotc conf-read` failed: %s", r->why);
	return err;
}

/* What stands behind the head in this line; NULL: it has another one. */
static char *behind(char *line, const char *head)
{
	size_t len = strlen(head);

	return strncmp(line, head, len) ? NULL : line + len;
}

/* The value of section[id].item in what was said, "" if it has none. It lives as long as the model. */
static char *value_of(struct knot *k, const struct run *said, const char *section, const char *id,
		      const char *item)
{
	const char *head = model_print(k->m, "%s[%s].%s = ", section, id, item);
	const char *at = said->out ? said->out : "";
	size_t len = strlen(head);

	for (; *at; at = strchrnul(at, '\n'), at += *at != '\0')
		if (!strncmp(at, head, len))
			return (char *)model_text(k->m, at + len, strcspn(at + len, "\n"));
	return (char *)model_text(k->m, "", 0);
}

/* ---- zones ------------------------------------------------------------------------------------------ */

/* One of them, as far as its lines were read. */
struct knot_zone {
	const char *name, *template;
	const char *why; /* its names cannot be listed; NULL: they can */
};

/* Modules that make no names of their own. */
static bool is_harmless(const char *word)
{
	static const char *const those[] = {"mod-cookies", "mod-dnstap",   "mod-noudp", "mod-onlinesign",
					    "mod-probe",   "mod-queryacl", "mod-rrl",	"mod-stats"};
	size_t i, len;

	for (i = 0; i < sizeof(those) / sizeof(those[0]); i++) {
		len = strlen(those[i]);
		if (!strncmp(word, those[i], len) && (!word[len] || word[len] == '/'))
			return true;
	}
	return false;
}

static void judge_modules(struct knot *k, struct knot_zone *z, char *words)
{
	char *word;

	while ((word = strsep(&words, " ")))
		if (*word && !is_harmless(word) && !z->why)
			z->why = model_print(k->m, "%.60s may answer for names that it does not have", word);
}

static void judge_acls(struct knot *k, struct knot_zone *z, char *ids)
{
	char *id;

	while ((id = strsep(&ids, " ")))
		if (*id && strstr(value_of(k, &k->acls, "acl", id, "action"), "update") && !z->why)
			z->why = "it is updated dynamically";
}

static void end_zone(struct knot *k, struct knot_zone *z)
{
	const char *template = z->template ? z->template : "default", **args;
	struct zone_tool tool = {.programs = programs};

	if (!z->name)
		return;
	judge_modules(k, z, value_of(k, &k->templates, "template", "default", "global-module"));
	judge_modules(k, z, value_of(k, &k->templates, "template", template, "module"));
	judge_acls(k, z, value_of(k, &k->templates, "template", template, "acl"));
	k->root |= dns_is_root(z->name);
	args = arena_alloc(&k->m->arena, ARGS_MOST * sizeof(*args));
	k->m->failed |= !args;
	if (z->why || !args || *z->name == '-') {
		dns_zone(k->m, z->name, z->why ? z->why : "it begins with a -", &k->where);
		return;
	}
	knotc_args(k->p, "zone-read", model_text(k->m, z->name, strlen(z->name)), args);
	tool.args = args;
	dns_zone_tool(k->m, z->name, &tool, &k->where);
}

/* "zone.domain = example.com.", and then its items. */
static void read_zones(struct knot *k)
{
	struct knot_zone z = {.name = NULL};
	char *line, *rest = k->zones.out, *value, *item;

	while (rest && (line = strsep(&rest, "\n"))) {
		value = behind(line, "zone.domain = ");
		if (value) {
			end_zone(k, &z);
			z = (struct knot_zone){.name = value};
			continue;
		}
		item = strstr(line, "].");
		if (!item || !z.name)
			continue;
		if ((value = behind(item, "].template = ")))
			z.template = value;
		else if ((value = behind(item, "].module = ")))
			judge_modules(k, &z, value);
		else if ((value = behind(item, "].acl = ")))
			judge_acls(k, &z, value);
	}
	end_zone(k, &z);
}

static void read_listens(struct knot *k)
{
	enum site_class class = k->root ? SITE_OPEN : SITE_CLOSED;
	const char *why = k->root ? "it serves the root" : dns_refuses;
	char *line, *rest = k->listens.out, *words, *word;
	bool any = false;

	while (rest && (line = strsep(&rest, "\n"))) {
		words = behind(line, "server.listen = ");
		any |= words != NULL;
		while (words && (word = strsep(&words, " ")))
			if (*word)
				dns_sites(k->m, word, 53, class, why, &k->where);
	}
	if (!any)
		dns_sites(k->m, NULL, 53, class, why, &k->where);
}

int read_knot(struct model *m, const struct process *p)
{
	struct knot k __attribute__((cleanup(knot_free))) = {
		.m = m, .p = p, .where = {.server = "knot", .file = NULL, .line = 0}};
	int err = p->container ? -ENOTSUP : 0;

	if (!err)
		err = ask(&k, "zone", &k.zones);
	if (!err)
		err = ask(&k, "server.listen", &k.listens);
	if (!err)
		err = ask(&k, "template", &k.templates);
	if (!err)
		err = ask(&k, "acl", &k.acls);
	if (err)
		return err;
	read_zones(&k);
	read_listens(&k);
	return 0;
}
