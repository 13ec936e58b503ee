// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/quote.h"
#include "lib/say.h"
#include "show/groups.h"
#include "show/show.h"
#include "show/strays.h"

static void source_text(char out[HEAVY_TEXT], const struct heavy *h)
{
	struct prefix p = {.len = h->length};

	memcpy(p.addr, h->key, 16);
	/* A /24 stands as ::ffff:a.b.c.0/120. */
	if (!address_is_v4(p.addr) && p.len == 120)
		p.len = 56;
	prefix_print(&p, out, HEAVY_TEXT);
}

void heavy_text(char out[HEAVY_TEXT], const struct heavy *h, bool name)
{
	if (name)
		bytes_escape(out, h->key, h->length < sizeof(h->key) ? h->length : sizeof(h->key));
	else
		source_text(out, h);
}

static void list(const struct heavy *h, size_t count, const struct call *c, const char *what, bool names)
{
	uint64_t all = 0;
	char text[HEAVY_TEXT];
	size_t i;

	for (i = 0; i < count; i++)
		all += h[i].count;
	if (c->json)
		json_list(names ? "names" : "sources");
	else
		printf("%15s %6s  %-5s %s\n", "visits", "", "as", what);
	for (i = 0; i < count && i < c->top; i++) {
		heavy_text(text, &h[i], names);
		if (c->json)
			json_item(json_pack("{s:s, s:s, s:I}", names ? "name" : "source", text, "as",
					    protocol_name(h[i].protocol), "visits", (json_int_t)h[i].count));
		else
			printf("%15s %5.1f%%  %-5s %s\n", grouped(h[i].count), 100.0 * h[i].count / all,
			       protocol_name(h[i].protocol), text);
	}
	if (c->json)
		json_list_end();
}

int show_strays(struct gate *g, const struct call *c)
{
	cleanup_policy struct policy *running = NULL;
	struct heavy *names = NULL, *sources = NULL;
	size_t name_count, source_count;
	int status = EXIT_FAILED;

	if (!gate_running(g, &running) && !strays_read(g, running, &names, &name_count) &&
	    !gate_heavy(g, GATE_STRAY_SOURCES, &sources, &source_count)) {
		if (c->json)
			json_open(c->instance);
		list(names, name_count, c, "stray name", true);
		list(sources, source_count, c, "source of strays", false);
		if (c->json)
			json_close();
		status = EXIT_OK;
	}
	free(names);
	free(sources);
	return status;
}
