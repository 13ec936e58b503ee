// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/say.h"
#include "show/show.h"

int lines_shown(int err)
{
	if (err)
		say("the running policy cannot be read back: %s", strerror(-err));
	return err ? EXIT_FAILED : EXIT_OK;
}

int show_lines(struct gate *g, const struct call *c, const char *list, const char *heading,
	       unsigned int statements, rule_fn *fn)
{
	cleanup_rule_counters struct rule_counters *counters = NULL;
	cleanup_gate_lines struct gate_lines *lines = NULL;
	struct shown shown;
	int err;

	if (gate_lines(g, &lines) || gate_rule_counters(g, &counters))
		return EXIT_FAILED;
	shown = (struct shown){counters, c->json};
	if (c->json) {
		json_open(c->instance);
		json_list(list);
	} else {
		puts(heading);
	}
	err = gate_lines_each(lines, statements, fn, &shown);
	if (c->json) {
		json_list_end();
		json_close();
	}
	return lines_shown(err);
}
