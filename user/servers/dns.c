// SPDX-License-Identifier: GPL-2.0-or-later
/* What name servers have in common, and who prints their zones. */
#include "servers/dns.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/process.h"
#include "servers/reader.h"

const char dns_refuses[] = "it refuses questions for other zones";

void dns_sites(struct model *m, const char *address, unsigned int port, enum site_class class,
	       const char *why, const struct found_at *where)
{
	static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};
	char text[128];
	size_t i, len;

	address = address ? address : "*";
	len = strcspn(address, "@");
	if (address[len])
		port = (unsigned int)strtoul(address + len + 1, NULL, 10);
	snprintf(text, sizeof(text), strchr(address, ':') ? "[%.*s]" : "%.*s", len < 100 ? (int)len : 100,
		 address);
	for (i = 0; i < 2; i++) {
		struct site s = {
			.l4 = protocols[i], .as = PROTO_DNS, .class = class, .why = why, .origin = *where};

		if (read_endpoint(&s, text, port))
			model_site(m, &s);
	}
}

bool dns_is_root(const char *zone)
{
	return !*zone || !strcmp(zone, ".");
}

static void put_zone(struct model *m, const struct zone_source *s, const struct found_at *where)
{
	struct zone_source source = *s;

	if (dns_is_root(s->zone)) {
		model_note(m, true, where, "the root zone: any name is below it");
		return;
	}
	if (!model_name(m, s->zone, strlen(s->zone), NAMED_ZONE, where))
		return;
	if (!source.unable && m->owner && m->owner->container)
		source.unable = "its server is in a container, where nothing is run";
	model_zone(m, &source);
}

void dns_zone(struct model *m, const char *zone, const char *unable, const struct found_at *where)
{
	put_zone(m, &(struct zone_source){.zone = zone, .unable = unable}, where);
}

void dns_zone_tool(struct model *m, const char *zone, const struct zone_tool *tool,
		   const struct found_at *where)
{
	put_zone(m, &(struct zone_source){.zone = zone, .tool = {*tool}}, where);
}

/* ---- zone files -------------------------------------------------------------------------------- */

#define ARGS_MOST 32

static const char *const *kept(struct model *m, const char *const *args, size_t count)
{
	const char **copy = arena_alloc(&m->arena, (count + 1) * sizeof(*copy));
	size_t i;

	if (!copy) {
		m->failed = true;
		return NULL;
	}
	for (i = 0; i < count; i++)
		copy[i] = model_text(m, args[i], strlen(args[i]));
	return copy;
}

/* Of BIND: a record a line, with its whole name. What it would only warn of, or refuse by default where
 * its server may have been told to load it, is not the question here. */
static struct zone_tool compilezone(struct model *m, const struct zone_file *f)
{
	static const char *const programs[] = {"/usr/bin/named-compilezone", "/usr/sbin/named-compilezone",
					       NULL};
	static const char *const lenient[] = {"-i", "none",   "-k", "ignore", "-n", "ignore", "-m", "ignore",
					      "-r", "ignore", "-M", "ignore", "-S", "ignore", "-T", "ignore",
					      "-W", "ignore", "-s", "full",   "-o", "-"};
	const char *args[ARGS_MOST];
	size_t n = sizeof(lenient) / sizeof(lenient[0]);

	memcpy(args, lenient, sizeof(lenient));
	if (f->format) {
		args[n++] = "-f";
		args[n++] = f->format;
	}
	if (f->root) {
		args[n++] = "-t";
		args[n++] = f->root;
	}
	if (f->folder) {
		args[n++] = "-w";
		args[n++] = f->folder;
	}
	args[n++] = f->zone;
	args[n++] = f->path;
	return (struct zone_tool){programs, kept(m, args, n)};
}

static struct zone_tool checkzone(struct model *m, const struct zone_file *f)
{
	static const char *const programs[] = {"/usr/sbin/nsd-checkzone", NULL};
	const char *args[] = {"-p", f->zone, f->path};

	return (struct zone_tool){programs, kept(m, args, 3)};
}

void dns_zone_file(struct model *m, const struct zone_file *f, const struct found_at *where)
{
	struct zone_source s = {.zone = f->zone, .unable = f->unable};

	if (!s.unable && (!f->path || !*f->path))
		s.unable = "it has no file";
	/* It would be an option. */
	if (!s.unable && (*f->zone == '-' || *f->path == '-'))
		s.unable = "it, or its file, begins with a -";
	if (!s.unable) {
		s.tool[!f->nsd ? 0 : 1] = compilezone(m, f);
		/* It knows text alone, and no folders. */
		if (!f->format && !f->root && !f->folder)
			s.tool[f->nsd ? 0 : 1] = checkzone(m, f);
	}
	put_zone(m, &s, where);
}
