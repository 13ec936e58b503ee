// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "show/crossings.h"
#include "show/alarm.h"
#include "show/depth.h"
#include "lib/json.h"
#include "show/openmetrics.h"
#include "lib/say.h"
#include "show/show.h"
#include "show/since.h"
#include "show/tally.h"

/* ---- JSON -------------------------------------------------------------- */

static json_t *reasons_json(const struct sum *sums)
{
	json_t *all = json_object();
	const struct reason_text *r;

	for (r = reasons; r->name; r++) {
		const struct sum *s = &sums[r->number];

		if (!s->all.packets)
			continue;
		json_object_set_new(all, r->name,
				    json_pack("{s:s, s:I, s:I, s:I}", "verdict", verdict_name(r->verdict),
					      "packets", (json_int_t)s->all.packets, "bytes",
					      (json_int_t)s->all.bytes, "observed",
					      (json_int_t)s->observed.packets));
	}
	return all;
}

static json_t *devices_json(struct gate *g, const struct tally *t, struct since *since)
{
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < t->device_count; i++) {
		const struct device_tally *d = &t->device[i];

		json_object_set_new(
			all, d->device->name,
			json_pack("{s:I, s:I, s:s, s:b, s:o, s:I, s:o, s:o}", "packets",
				  (json_int_t)d->packets.packets, "bytes", (json_int_t)d->packets.bytes,
				  "mode", d->device->generic ? "generic" : "native", "attached",
				  d->device->attached, "run_count",
				  d->device->runs_known ? json_integer(d->device->runs) : json_null(),
				  "program", (json_int_t)d->device->program, "reasons",
				  reasons_json(d->reason), "tc", crossings_json(g, d->device, since)));
	}
	return all;
}

static json_t *listener_json(struct gate *g, struct policy *p, const struct listener_tally *l,
			     struct since *since)
{
	struct counter engaged = {.packets = alarm_times(g, l->rule)};

	since_counter(since, "engaged", l->rule->subject, 0, &engaged);
	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "listener",
			 l->rule->subject, "as", protocol_name(l->rule->as), "depth",
			 depth_text(g, p, l->rule), "observe", l->rule->observe, "state",
			 alarm_state(g, p, l->rule), "engaged", (json_int_t)engaged.packets, "visits",
			 (json_int_t)l->visits, "served", (json_int_t)l->served, "stray",
			 (json_int_t)l->stray, "unnamed", (json_int_t)l->unnamed, "unreadable",
			 (json_int_t)l->unreadable, "unknown", (json_int_t)l->unknown, "by_source",
			 (json_int_t)l->by_source, "reasons", reasons_json(l->reason));
}

/* What prints lines with their counters. */
struct counted {
	const struct rule_counters *counters;
	struct since *since; /* NULL: all that they have */
};

static struct counter counter_of(const struct counted *of, const struct rule *r)
{
	struct counter c = gate_rule_counter(of->counters, r->id);

	since_counter(of->since, "rule", r->subject, r->statement, &c);
	return c;
}

static int rule_json(const struct rule *r, void *counted)
{
	struct counter c = counter_of(counted, r);
	char line[RULE_LINE_MAX];

	if (rule_print(r, line, sizeof(line)) < 0)
		return 0;
	json_row();
	json_number("id", r->id);
	json_text("statement", statement_name(r->statement));
	json_text("subject", r->subject);
	json_text("line", line);
	json_number("packets", c.packets);
	json_number("bytes", c.bytes);
	json_row_end();
	return 0;
}

static int counters_json(struct gate *g, const struct tally *t, struct counted *counted, const char *instance)
{
	uint64_t unplaced;
	size_t i;
	int err;

	json_open(instance);
	if (counted->since)
		since_json(counted->since);
	json_member("posture", json_string(posture_name(policy_posture(t->policy))));
	json_member("devices", devices_json(g, t, counted->since));
	if (!counted->since && !gate_unplaced(g, &unplaced))
		json_member("unplaced", json_integer((json_int_t)unplaced));
	json_list("listeners");
	for (i = 0; i < t->listener_count; i++)
		json_item(listener_json(g, t->policy, &t->listener[i], counted->since));
	json_list_end();
	json_list("rules");
	err = gate_lines_each(t->lines, EACH_STATEMENT, rule_json, counted);
	json_list_end();
	json_close();
	return err;
}

/* ---- text --------------------------------------------------------------- */

static void reasons_text(const struct sum *sums)
{
	const struct reason_text *r;

	for (r = reasons; r->name; r++) {
		const struct sum *s = &sums[r->number];

		if (!s->all.packets)
			continue;
		printf("  %-19s %-7s %15s %18s", r->name, verdict_name(r->verdict), grouped(s->all.packets),
		       grouped(s->all.bytes));
		if (s->observed.packets)
			printf("  %s observed only", grouped(s->observed.packets));
		putchar('\n');
	}
}

static int rule_text(const struct rule *r, void *counted)
{
	struct counter c = counter_of(counted, r);
	char line[RULE_LINE_MAX];

	if (c.packets && rule_print(r, line, sizeof(line)) >= 0)
		printf("%15s %18s  %s\n", grouped(c.packets), grouped(c.bytes), line);
	return 0;
}

static int counters_text(struct gate *g, const struct tally *t, struct counted *counted)
{
	uint64_t unplaced;
	size_t i;

	if (counted->since)
		since_text(counted->since);
	for (i = 0; i < t->device_count; i++) {
		const struct device_tally *d = &t->device[i];

		printf("%-21s %-7s %15s %18s\n", d->device->name, "verdict", "packets", "bytes");
		reasons_text(d->reason);
		printf("  %-19s %-7s %15s %18s\n", "(all)", "", grouped(d->packets.packets),
		       grouped(d->packets.bytes));
		crossings_text(g, d->device, counted->since);
	}
	if (!counted->since && !gate_unplaced(g, &unplaced) && unplaced)
		printf("limit each: %s visits or packets passed unlimited: the table had no place for their "
		       "networks\n",
		       grouped(unplaced));
	for (i = 0; i < t->listener_count; i++) {
		printf("listen %-14s\n", t->listener[i].rule->subject);
		reasons_text(t->listener[i].reason);
	}
	return gate_lines_each(t->lines, EACH_STATEMENT, rule_text, counted);
}

static int metrics(struct gate *g, const struct tally *t, const struct rule_counters *counters,
		   enum metrics_format format)
{
	int err = openmetrics_print(stdout, g, t, counters, format);

	if (!err)
		openmetrics_end(stdout, format);
	return err;
}

int show_counters(struct gate *g, const struct call *c)
{
	cleanup_tally struct tally t = {0};
	cleanup_rule_counters struct rule_counters *counters = NULL;
	cleanup_since struct since since = {.moments = {.dir = -1}};
	struct counted counted = {.since = c->since ? &since : NULL};
	int err = c->since ? since_begin(&since, g, c->since) : 0;

	if (err)
		return err;
	if (tally_read(g, &t) || gate_rule_counters(g, &counters))
		return EXIT_FAILED;
	counted.counters = counters;
	if (c->since)
		since_tally(&since, &t);
	if (c->json)
		err = counters_json(g, &t, &counted, c->instance);
	else if (c->openmetrics || c->prometheus)
		err = metrics(g, &t, counters, c->prometheus ? METRICS_PROMETHEUS : METRICS_OPENMETRICS);
	else
		err = counters_text(g, &t, &counted);
	/* What nobody could read stays to be told the next time. */
	if (!err && c->since && !fflush(stdout) && !ferror(stdout))
		return since_end(&since);
	return lines_shown(err);
}
