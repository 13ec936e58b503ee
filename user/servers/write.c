// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/write.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "host/way_out.h"
#include "lib/json.h"
#include "lib/prefix.h"
#include "servers/mail.h"

static const char *const class_names[] = {"closed", "implied", "open"};

const char *class_name(enum site_class c)
{
	return class_names[c];
}

/* Whatever a file is called, and whatever stands in it: a comment is one line. */
static void put_plain(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

void where_text(const struct found_at *w, char out[300])
{
	size_t len;

	len = snprintf(out, 300, "%.40s%s%.80s%s%.140s", w->server ? w->server : "", w->in ? " in " : "",
		       w->in ? w->in : "", w->file ? " " : "", w->file ? w->file : "");
	if (w->file && w->line)
		snprintf(out + len, 300 - len, ":%u", w->line);
}

void found_subject(const struct found *f, char out[96])
{
	struct prefix p = {.len = 128};
	char text[PREFIX_TEXT] = "";

	memcpy(p.addr, f->site.addr, 16);
	if (!f->site.any)
		prefix_print(&p, text, sizeof(text));
	snprintf(out, 96, "%s/%u%s%s", f->site.l4 == IPPROTO_TCP ? "tcp" : "udp", f->site.port,
		 f->site.any ? "" : " on ", text);
}

/* ---- listeners ------------------------------------------------------------------------------ */

/* Is there any name for what is spoken there? A policy that judges names and has none is refused. */
static bool has_names(const struct model *m, const struct found *f)
{
	size_t i;

	for (i = 0; i < m->name_count; i++)
		if (named_is_served(&m->names[i]) &&
		    !(m->names[i].flags & NAMED_ZONE) == (f->site.as != PROTO_DNS))
			return true;
	return f->site.as == PROTO_QUIC;
}

static void write_listener(const struct model *m, const struct found *f)
{
	char subject[96], where[300];

	found_subject(f, subject);
	where_text(&f->site.origin, where);
	if (f->site.class == SITE_OPEN && f->known)
		printf("# %s answers any name: an allow-list would close it. It is watched only.\n", subject);
	else if (f->site.class == SITE_OPEN)
		printf("# What %s serves is not known, so it is watched only. Write `serve` lines for what "
		       "lives\n"
		       "# there, see `straygate show strays` for what is missing, then take `observe` "
		       "away.\n",
		       subject);
	if (!has_names(m, f))
		puts("# No name is known for this one:");
	printf("%slisten %s as %s%s%s%s   # ", has_names(m, f) ? "" : "#", subject, protocol_name(f->site.as),
	       f->site.as == PROTO_QUIC ? " fallback" : "", f->site.proxy ? " proxy" : "",
	       f->site.class == SITE_OPEN ? " observe" : "");
	put_plain(where);
	printf("; %s: ", class_name(f->site.class));
	put_plain(f->site.why ? f->site.why : "");
	if (f->to) {
		fputs("; handed on to ", stdout);
		put_plain(f->to);
	}
	putchar('\n');
}

static void write_listeners(const struct servers *s)
{
	size_t i;

	puts("# What is judged. closed: the server itself refuses names that it does not know. implied: it\n"
	     "# answers any name as it would one of its own; look through `straygate show strays` for names "
	     "that\n"
	     "# live here before you enforce it. open: it answers any name on purpose.");
	for (i = 0; i < s->found_count; i++)
		write_listener(&s->model, &s->found[i]);
	if (!s->found_count)
		puts("# Nothing listens that could be judged. Are the servers running?");
	if (s->asked)
		printf("# %zu ports were asked what they speak.\n", s->asked);
	if (s->others) {
		fputs("# not for the gate: ", stdout);
		put_plain(s->others);
		putchar('\n');
	}
	putchar('\n');
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool same_place(const struct named *a, const struct named *b)
{
	return a->flags == b->flags && a->origin.line == b->origin.line &&
	       a->origin.server == b->origin.server && a->origin.file && b->origin.file &&
	       !strcmp(a->origin.file, b->origin.file);
}

#define LINE_NAMES 8

/* Those of one place, a few a line. Returns the first behind them. */
static size_t write_place(const struct model *m, size_t i, unsigned int flags)
{
	const struct named *first = &m->names[i];
	char text[260], where[300];
	bool wild = false;
	size_t n;

	fputs(first->flags & NAMED_REFUSED ? "#serve"
	      : first->flags & NAMED_ZONE  ? "zone "
					   : "serve",
	      stdout);
	n = 0;
	do {
		name_print(&m->names[i].name, text, sizeof(text));
		wild |= m->names[i].name.kind == NAME_BELOW;
		printf(" %s", first->flags & NAMED_ZONE ? m->names[i].name.text : text);
		i++;
		n++;
	} while (i < m->name_count && n < LINE_NAMES && same_place(first, &m->names[i]));
	where_text(&first->origin, where);
	fputs("   # ", stdout);
	put_plain(where);
	if (flags & NAMED_REFUSED)
		fputs("; its server refuses it", stdout);
	if (flags & NAMED_CERTIFICATE && wild)
		fputs("; one label below to the certificate, any number of them here", stdout);
	putchar('\n');
	return i;
}

static void write_names(const struct model *m, unsigned int flags, const char *heading)
{
	bool any = false;
	size_t i;

	for (i = 0; i < m->name_count;) {
		if (m->names[i].flags != flags) {
			i++;
			continue;
		}
		if (!any)
			printf("# %s\n", heading);
		any = true;
		i = write_place(m, i, flags);
	}
	if (any)
		putchar('\n');
}

static void write_notes(const struct model *m)
{
	char where[300];
	size_t i;

	for (i = 0; i < m->note_count; i++) {
		if (!i)
			puts("# What else was found");
		fputs(m->notes[i].harmful ? "# NOT UNDERSTOOD: " : "# ", stdout);
		where_text(&m->notes[i].origin, where);
		put_plain(where);
		fputs(": ", stdout);
		put_plain(m->notes[i].text);
		putchar('\n');
	}
	if (m->note_count)
		putchar('\n');
}

static void write_head(void)
{
	char devices[WAYS_OUT_MOST][IFNAMSIZ];
	size_t count = ways_out(devices), i;

	puts("# Made by `straygate suggest` from the configurations of the servers of this host. Read it\n"
	     "# before you enforce it; see straygate-policy(5).\n");
	for (i = 0; i < count; i++)
		printf("%s%s%s", i ? "" : "device ", devices[i], i + 1 < count ? " " : "\n\n");
	if (!count)
		puts("#device eth0   # by which visitors come: none was found\n");
}

/* What no configuration tells, and the gate cannot know. */
static void write_hints(const struct model *m)
{
	puts("# Nothing here knows these; take away the # where they are yours:\n"
	     "#source 192.0.2.0/28 trust   # health checks of a load balancer, monitoring\n"
	     "#serve 192.0.2.10            # visitors ask for the public address that a NAT turns into a "
	     "local one\n"
	     "#serve public.example        # the outer name of Encrypted ClientHello");
	mail_write_hints(m);
}

/* Each on its own line with the list of its names, or why it has none. */
static void write_zones(const struct servers *s)
{
	const struct model *m = &s->model;
	const struct zone_listed *l;
	bool lacks = false;
	char where[300];
	size_t i;

	if (s->zones.count)
		puts("# Zones; names that are not in the list of one are unknown, see straygate-policy(5), "
		     "RANDOM\n# NAMES BELOW A ZONE");
	for (i = 0; i < m->name_count && s->zones.count; i++) {
		if (!(m->names[i].flags & NAMED_ZONE))
			continue;
		l = zone_listed(&s->zones, m->names[i].name.text);
		where_text(&m->names[i].origin, where);
		printf("zone  %s%s%s   # ", m->names[i].name.text, l && l->file ? " names from " : "",
		       l && l->file ? l->file : "");
		put_plain(where);
		if (l && l->file) {
			printf("; %zu names", l->count);
		} else {
			fputs("; names not listed: ", stdout);
			put_plain(l && l->why ? l->why : "");
			lacks = true;
		}
		putchar('\n');
	}
	if (lacks)
		puts("# Lists can be made by hand, too: straygate-policy(5), Lists.");
	if (s->zones.count)
		puts("# Of unknown names 1,000 queries a second pass, unless another limit is set:\n"
		     "#unknown dns limit 1000 visits/s\n");
}

void servers_write_policy(const struct servers *s)
{
	const struct model *m = &s->model;

	write_head();
	write_listeners(s);
	write_names(m, 0, "Names that the servers have");
	write_names(m, NAMED_CERTIFICATE, "Names that only the servers' certificates have");
	if (s->zones.at)
		write_zones(s);
	else
		write_names(
			m, NAMED_ZONE,
			"Zones; `straygate suggest --zones FOLDER` lists the names of each, so that random "
			"ones are limited");
	write_names(m, NAMED_REFUSED, "Names that a server turns away on purpose");
	write_notes(m);
	write_hints(m);
}

void servers_write_names(const struct servers *s)
{
	const struct model *m = &s->model;
	char text[260];
	size_t i;

	for (i = 0; i < m->name_count; i++) {
		if (!named_is_served(&m->names[i]) || m->names[i].flags & NAMED_ZONE)
			continue;
		name_print(&m->names[i].name, text, sizeof(text));
		puts(text);
	}
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static void row_where(const struct found_at *w)
{
	json_text("server", w->server ? w->server : "");
	json_text("in", w->in ? w->in : "");
	json_text("file", w->file ? w->file : "");
	json_number("line", w->line);
}

void servers_write_json(const struct servers *s, const char *instance)
{
	const struct model *m = &s->model;
	const struct zone_listed *l;
	char text[260], subject[96];
	size_t i;

	json_open(instance);
	json_list("listeners");
	for (i = 0; i < s->found_count; i++) {
		const struct found *f = &s->found[i];

		found_subject(f, subject);
		json_row();
		json_text("listener", subject);
		json_text("as", protocol_name(f->site.as));
		json_number("proxy", f->site.proxy);
		json_text("class", class_name(f->site.class));
		json_text("why", f->site.why ? f->site.why : "");
		json_text("program", f->name);
		json_number("pid", f->pid);
		json_text("to", f->to ? f->to : "");
		row_where(&f->site.origin);
		json_row_end();
	}
	json_list_end();
	json_list("names");
	for (i = 0; i < m->name_count; i++) {
		name_print(&m->names[i].name, text, sizeof(text));
		json_row();
		json_text("name", m->names[i].flags & NAMED_ZONE ? m->names[i].name.text : text);
		json_text("statement", m->names[i].flags & NAMED_ZONE ? "zone" : "serve");
		json_text("from", m->names[i].flags & NAMED_CERTIFICATE ? "certificate" : "configuration");
		json_text("refused", m->names[i].flags & NAMED_REFUSED ? "yes" : "no");
		l = m->names[i].flags & NAMED_ZONE ? zone_listed(&s->zones, m->names[i].name.text) : NULL;
		if (l && l->file) {
			json_text("list", l->file);
			json_number("list_names", l->count);
		} else if (l) {
			json_text("not_listed", l->why);
		}
		row_where(&m->names[i].origin);
		json_row_end();
	}
	json_list_end();
	json_list("notes");
	for (i = 0; i < m->note_count; i++) {
		json_row();
		json_text("text", m->notes[i].text);
		json_text("harmful", m->notes[i].harmful ? "yes" : "no");
		row_where(&m->notes[i].origin);
		json_row_end();
	}
	json_list_end();
	json_close();
}
