// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/compared.h"
#include "cmd/input.h"
#include "cmd/verb.h"
#include "gate/gate.h"
#include "host/address.h"
#include "lib/json.h"
#include "lib/progress.h"
#include "lib/replace.h"
#include "lib/say.h"
#include "parser/read.h"
#include "servers/resolve.h"
#include "servers/write.h"
#include "show/served.h"
#include "show/show.h"

/* An instance that is up says what runs, and where its devices are. */
static bool is_up(const char *instance)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/meta", GATE_ROOT, instance);
	return !access(path, F_OK);
}

/* ---- names seen in traffic -------------------------------------------------------------------------- */

#define SEEN_MOST 20

struct seen {
	struct resolve where[RESOLVE_MOST];
	char names[RESOLVE_MOST][254];
	const struct heavy *of[RESOLVE_MOST];
	size_t count;
};

/* Zones lead nowhere: of them it is not asked. */
static void collect(struct seen *seen, const struct heavy *names, size_t count, bool zones)
{
	size_t i;

	for (i = 0; i < count && seen->count < RESOLVE_MOST; i++) {
		char text[64];

		/* Of a longer one only the end is known. */
		if ((names[i].protocol == PROTO_DNS) != zones || names[i].length >= sizeof(names[i].key))
			continue;
		snprintf(text, sizeof(text), "%.*s", names[i].length, (const char *)names[i].key);
		if (name_normalise(text, seen->names[seen->count]))
			continue;
		seen->where[seen->count].name = seen->names[seen->count];
		seen->of[seen->count++] = &names[i];
	}
}

static void put_seen(const struct seen *seen, size_t i, bool zone)
{
	const struct resolve *r = &seen->where[i];
	struct prefix to = {.len = 128};
	char text[PREFIX_TEXT];

	printf("#%s %s   # %s visits", zone ? "zone" : "serve", seen->names[i], grouped(seen->of[i]->count));
	memcpy(to.addr, r->to, 16);
	prefix_print(&to, text, sizeof(text));
	if (zone)
		putchar('\n');
	else if (r->outcome == RESOLVED_ELSEWHERE)
		printf("; resolves to %s, not to this host\n", text);
	else
		puts(r->outcome == RESOLVED_HERE ? "; resolves to this host"
		     : r->outcome == RESOLVED_NOWHERE
			     ? "; does not resolve"
			     : "; whether it resolves to this host could not be told");
}

/* Those that lead here first: in a flood they are few among many. */
static void put_names(const struct seen *seen, bool zones)
{
	size_t i, shown = 0;

	for (i = 0; i < seen->count; i++)
		if (!zones && seen->where[i].outcome == RESOLVED_HERE)
			put_seen(seen, i, false);
	for (i = 0; i < seen->count && shown < SEEN_MOST; i++)
		if (zones || seen->where[i].outcome != RESOLVED_HERE) {
			put_seen(seen, i, zones);
			shown++;
		}
}

/* In a flood they are the strays: never more than a comment. */
static void write_seen(struct gate *g, struct policy *running, const struct servers *s)
{
	struct policy *wanted cleanup_policy = servers_policy(s);
	struct prefix *local = NULL;
	struct heavy *names = NULL;
	size_t count = 0, local_count = 0;
	struct seen *serve = calloc(1, sizeof(*serve)), *zone = calloc(1, sizeof(*zone));

	if (wanted && serve && zone && !gate_heavy(g, GATE_STRAY_NAMES, &names, &count) &&
	    !local_addresses(&local, &local_count)) {
		count = strays_only(names, count, running);
		count = strays_only(names, count, wanted);
		collect(serve, names, count, false);
		collect(zone, names, count, true);
		fflush(stdout);
		resolve_all(serve->where, serve->count, local, local_count);
		if (serve->count || zone->count)
			puts("\n# Names that visitors asked for and no server has, most visits first, those "
			     "that "
			     "lead to\n# this host before the others. In a flood these are its strays, and "
			     "anybody "
			     "can have a\n# name of his lead here: take away the # only where you know the "
			     "name.");
		put_names(serve, false);
		put_names(zone, true);
	}
	free(names);
	free(local);
	free(serve);
	free(zone);
}

/* ---- --diff -------------------------------------------------------------------------------------------- */

struct diff {
	const struct servers *servers;
	char sign;
	bool json;
	size_t count;
};

/* Where the servers have it. */
static void put_where(const struct diff *d, const char *text, bool zone)
{
	const struct model *m = &d->servers->model;
	char where[300], name[260];
	size_t i;

	for (i = 0; i < m->name_count; i++) {
		name_print(&m->names[i].name, name, sizeof(name));
		if (strcmp(zone ? m->names[i].name.text : name, text) ||
		    !(m->names[i].flags & NAMED_ZONE) != !zone)
			continue;
		where_text(&m->names[i].origin, where);
		printf("   # %s", where);
		return;
	}
}

static void put_difference(const struct name *n, const struct rule *of, void *arg)
{
	struct diff *d = arg;
	bool zone = of->statement == ST_ZONE;
	char text[260];

	name_print(n, text, sizeof(text));
	if (zone)
		snprintf(text, sizeof(text), "%s", n->text);
	d->count++;
	if (d->json) {
		json_row();
		json_text("statement", zone ? "zone" : "serve");
		json_text("name", text);
		json_row_end();
		return;
	}
	printf("%c %s %s", d->sign, zone ? "zone" : "serve", text);
	/* A million names are not looked for one by one. */
	if (d->sign == '+' && d->count <= 1000)
		put_where(d, text, zone);
	putchar('\n');
}

static size_t differences(struct diff *d, char sign, const char *list, struct policy *a, struct policy *b)
{
	size_t before = d->count;

	d->sign = sign;
	if (d->json)
		json_list(list);
	policy_forgotten(a, b, ST_SERVE, put_difference, d);
	policy_forgotten(a, b, ST_ZONE, put_difference, d);
	if (d->json)
		json_list_end();
	return d->count - before;
}

static int diff(const struct servers *s, struct policy *p, const struct call *c)
{
	struct policy *wanted cleanup_policy = servers_policy(s);
	struct diff d = {.servers = s, .json = c->json};

	progress_end();
	if (!wanted)
		return EXIT_FAILED;
	if (c->json)
		json_open(c->instance);
	differences(&d, '+', "missing", wanted, p);
	differences(&d, '-', "not_of_servers", p, wanted);
	if (c->json)
		json_close();
	if (s->failed)
		return fail(EXIT_FAILED, "%zu of %zu servers could not be read: see `straygate suggest`",
			    s->failed, s->readers);
	return d.count ? EXIT_DIFFERS : EXIT_OK;
}

/* ---- --update --------------------------------------------------------------------------------------------
 */

/* What the list is to say, and what is printed when it says so. */
struct update {
	FILE *out, *said;
	char *text, *said_text;
	size_t size, said_size;
	size_t added;
};

static int update_begin(struct update *u)
{
	u->out = open_memstream(&u->text, &u->size);
	u->said = open_memstream(&u->said_text, &u->said_size);
	return u->out && u->said ? 0 : -ENOMEM;
}

/* All that was put is in the texts. */
static int update_end(struct update *u)
{
	bool failed = ferror(u->out) || ferror(u->said);

	failed |= fclose(u->out);
	failed |= fclose(u->said);
	u->out = u->said = NULL;
	return failed ? -ENOMEM : 0;
}

static void update_free(struct update *u)
{
	if (u->out)
		fclose(u->out);
	if (u->said)
		fclose(u->said);
	free(u->text);
	free(u->said_text);
}
#define cleanup_update __attribute__((cleanup(update_free)))

static void put_new(const struct name *n, const struct rule *of, void *arg)
{
	struct update *u = arg;
	char text[260];

	(void)of;
	name_print(n, text, sizeof(text));
	fprintf(u->out, "%s\n", text);
	fprintf(u->said, "+ %s\n", text);
	u->added++;
}

/* What the list says already; it may not be there yet. */
static int put_listed(struct update *u, const char *path)
{
	FILE *f = fopen(path, "re");
	int err;

	if (!f)
		return errno == ENOENT ? 0 : -errno;
	err = copy_rest(f, u->out);
	fclose(f);
	if (!err && fflush(u->out))
		err = -ENOMEM;
	if (!err && u->size && u->text[u->size - 1] != '\n')
		fputc('\n', u->out);
	return err;
}

/* The list as a policy of `serve from FILE`. */
static struct policy *listed(const struct update *u, const char *path)
{
	struct policy *p = policy_new();
	struct policy_error err = {0};
	char line[PATH_MAX + 32];

	/* Lines behind what gzip(1) made would be read by nobody. */
	if (u->size > 1 && !memcmp(u->text, "\x1f\x8b", 2)) {
		say("%s: it is compressed, and no name can be added; expected a list of plain text", path);
		policy_free(p);
		return NULL;
	}
	snprintf(line, sizeof(line), "serve from \"%s\"", path);
	if (!p || (u->size && policy_add(p, line, &err) < 0)) {
		say("%s", *err.text ? err.text : strerror(ENOMEM));
		policy_free(p);
		return NULL;
	}
	return p;
}

/* Only adds, in one step, and nothing if a server could not be read or has no name. */
static int update(const struct servers *s, const struct call *c)
{
	struct policy *wanted cleanup_policy = servers_policy(s), *have cleanup_policy = NULL;
	cleanup_update struct update u = {0};
	int err;

	if (s->failed || !s->model.name_count)
		return fail(EXIT_FAILED, "%s: %s; the list stays as it is", c->update,
			    s->failed ? "a server could not be read" : "no server has a name");
	if (!wanted || check_replaceable(c->update, "suggest --update"))
		return EXIT_FAILED;
	err = update_begin(&u);
	if (!err)
		err = put_listed(&u, c->update);
	have = err ? NULL : listed(&u, c->update);
	if (!err && !have)
		return EXIT_FAILED;
	if (!err)
		policy_forgotten(wanted, have, ST_SERVE, put_new, &u);
	if (!err)
		err = update_end(&u);
	if (!err && u.added)
		err = replace_file(AT_FDCWD, c->update, u.text, u.size);
	if (err)
		return fail(EXIT_FAILED, "%s: %s; the list stays as it is", c->update, strerror(-err));
	fputs(u.said_text, stdout);
	return EXIT_OK;
}

/* ---- the verb
 * ------------------------------------------------------------------------------------------------ */

static int print(const struct servers *s, struct gate *g, struct policy *running, const struct call *c)
{
	size_t i;

	if (c->names)
		servers_write_names(s);
	else if (c->json)
		servers_write_json(s, c->instance);
	else
		servers_write_policy(s);
	if (!c->names && !c->json && running)
		write_seen(g, running, s);
	for (i = 0; i < s->zones.count; i++)
		if (s->zones.at[i].stale)
			return EXIT_FAILED;
	if (s->failed)
		return EXIT_FAILED;
	return servers_open(s) ? EXIT_DIFFERS : EXIT_OK;
}

static int suggest(struct gate *g, struct policy *running, const struct call *c)
{
	cleanup_servers struct servers s = {0};
	struct policy *file cleanup_policy = NULL;
	struct policy_error err;

	if (servers_read(&s, c->probe))
		return EXIT_FAILED;
	if (c->zones && zones_list(&s.zones, &s.model, c->zones))
		return EXIT_FAILED;
	progress_end();
	/* What could not be read was not compared. */
	if (!s.failed && !c->netns)
		compared_write(c->instance, &s, running);
	if (c->update)
		return update(&s, c);
	if (!c->diff)
		return print(&s, g, running, c);
	if (!c->argc)
		return diff(&s, running, c);
	file = policy_new();
	if (!file)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	if (policy_read_file(file, input_path(c->argv[0]), &err)) {
		say("%s", err.text);
		return EXIT_FAILED;
	}
	return diff(&s, file, c);
}

static int run(const struct call *c)
{
	struct policy *running cleanup_policy = NULL;
	cleanup_gate struct gate g = GATE_INIT;
	bool up = is_up(c->instance);

	if (c->argc && !c->diff)
		return fail(EXIT_USAGE, "a file goes with --diff");
	if (c->probe && (c->names || c->diff || c->update))
		return fail(EXIT_USAGE,
			    "--probe is about listeners: it goes without --names, --diff and --update");
	if (c->zones && (c->names || c->diff || c->update))
		return fail(
			EXIT_USAGE,
			"--zones is about the names of zones: it goes without --names, --diff and --update");
	if (c->names && c->json)
		return fail(EXIT_USAGE,
			    "--names prints a list for `serve from`; -j without it has the names, too");
	if (c->update && c->json)
		return fail(EXIT_USAGE,
			    "--update prints what it added as lines; `suggest --diff -j` has it as JSON");
	if (geteuid())
		say("not run as root: nothing can be found out about servers of other users");
	if (c->diff && !c->argc && !up)
		return fail(EXIT_FAILED,
			    "instance %s is not up; name a file: `straygate suggest --diff FILE`",
			    c->instance);
	if (up && (gate_open(&g, c->instance, GATE_READ) || gate_running(&g, &running)))
		return EXIT_FAILED;
	if (c->netns && gate_enter_netns(c->netns))
		return EXIT_FAILED;
	return suggest(&g, running, c);
}

const struct verb verb_suggest = {
	.name = "suggest",
	.arguments = "[FILE]",
	.summary = "print a policy made from what the servers of this host serve",
	.help = "Asks nginx, Apache, HAProxy, Caddy, lighttpd, NSD, Knot, BIND and Unbound what they serve, "
		"by\n"
		"their own dump commands where they have one, with the rights that the server has;\n"
		"straygate(8) says what is run. Each line says where it comes from. Exits with 3 if a\n"
		"listener answers any name on purpose, so that an allow-list would close it (it is\n"
		"written with `observe`), and with 1 if a server could not be read.\n"
		"--probe asks ports of which nothing else tells what is spoken there: connects to each, "
		"over\n"
		"an address of this host, and sends it a TLS ClientHello or a request of HTTP.\n"
		"--zones FOLDER writes the names of each zone to FOLDER/ZONE.names, by the server's own\n"
		"tool, and prints `zone ZONE names from` that list; straygate-policy(5) says what for.\n"
		"--diff [FILE] prints names that the servers have and the policy (what runs, or FILE)\n"
		"has not (+), and the other way (-); it exits with 3 if there are any.\n"
		"--update FILE adds new names to a list of `serve from FILE`, and never removes any.\n",
	.takes = TAKES_JSON | TAKES_NETNS | TAKES_NAMES | TAKES_DIFF | TAKES_PROBE,
	.least = 0,
	.most = 1,
	.run = run,
};
