// SPDX-License-Identifier: GPL-2.0-or-later
#include "exporter/documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/live.h"
#include "lib/json.h"
#include "show/show.h"
#include "show/status.h"

static int show_status(struct gate *g, const struct call *c)
{
	/* Its exit status is about the gate, and not about the document. */
	status_json(g, c->instance);
	return EXIT_OK;
}

static const struct {
	const char *what;
	int (*show)(struct gate *g, const struct call *c);
} documents[] = {
	{"status", show_status},   {"policy", show_policy}, {"counters", show_counters},
	{"sources", show_sources}, {"names", show_names},   {"flows", show_flows},
	{"strays", show_strays},
};

static char *shown(struct watch *w, size_t which, unsigned int top, size_t *length)
{
	struct call c = {.instance = w->instance, .top = top, .json = true};
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	int failed;

	if (!out)
		return NULL;
	json_to(out);
	failed = documents[which].show(&w->gate, &c) != EXIT_OK;
	json_to(NULL);
	failed |= ferror(out);
	failed |= fclose(out);
	if (!failed && *length)
		return text;
	free(text);
	return NULL;
}

char *document_text(struct watch *w, const char *what, unsigned int top, size_t *length, int *status)
{
	size_t i;

	*status = 503;
	if (!strcmp(what, "history"))
		return live_history_document(w, length);
	for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		if (!strcmp(documents[i].what, what))
			return w->open ? shown(w, i, top, length) : NULL;
	*status = 404;
	return NULL;
}
