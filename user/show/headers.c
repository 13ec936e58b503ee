// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/headers.h"

#include <stdio.h>
#include <string.h>

#include "lib/clock.h"

/* So many within the last minutes that no scanner sent them. */
static bool is_told(const struct headers *h)
{
	return h->count >= HEADERS_TOLD && FLOW_CLOCK(monotonic_ns()) - h->last <= HEADERS_PAUSE;
}

/* The listener's line as it ought to be. */
static void line_with(const struct rule *listener, char *buf, size_t size)
{
	struct rule r = *listener;

	r.proxy = true;
	rule_print(&r, buf, size);
}

static void unexpected(const struct rule *listener, char *text, char *help)
{
	char line[HEADERS_TEXT - 100];

	snprintf(text, HEADERS_TEXT, "visits begin with a PROXY header, but its line does not say `proxy`");
	line_with(listener, line, sizeof(line));
	if (help)
		snprintf(help, HEADERS_TEXT,
			 "`straygate add source ADDRESS-OF-THE-PROXY trust; straygate add %s`", line);
}

void headers_text(struct gate *g, const struct tally *t, const struct rule *listener, char *text, char *help)
{
	struct engagement e;

	*text = '\0';
	if (help)
		*help = '\0';
	if (!proxy_allowed(listener->l4, listener->as) || gate_engagement(g, listener, &e))
		return;
	if (!listener->proxy && is_told(&e.headers)) {
		unexpected(listener, text, help);
	} else if (listener->proxy && !t->trusts) {
		snprintf(text, HEADERS_TEXT, "no source is trusted, so no PROXY header counts");
		if (help)
			snprintf(help, HEADERS_TEXT, "`straygate add source ADDRESS-OF-THE-PROXY trust`");
	} else if (listener->proxy && is_told(&e.bare)) {
		snprintf(text, HEADERS_TEXT, "visits of trusted sources begin without a PROXY header");
		if (help)
			snprintf(help, HEADERS_TEXT, "have the proxy send it, or take `proxy` off the line");
	}
}
