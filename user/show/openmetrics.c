// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/openmetrics.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "host/netdev.h"
#include "show/crossings.h"
#include "show/alarm.h"
#include "show/depth.h"

/* Label values: backslash, quote and newline are escaped (OpenMetrics 1.0.0,
 * "Escaping"). */
static void label(FILE *out, const char *name, const char *value, const char *behind)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			putc(*value, out);
	}
	fprintf(out, "\"%s", behind);
}

struct metrics {
	FILE *out;
	struct gate *gate;
	const struct tally *tally;
	const struct rule_counters *counters;
	enum metrics_format format;
	bool bytes; /* of the family that is being printed */
};

/* A counter's samples have names in _total, in OpenMetrics its family has not. */
static void counter_of(const struct metrics *m, const char *name, const char *unit, const char *help)
{
	if (m->format == METRICS_PROMETHEUS) {
		fprintf(m->out, "# HELP straygate_%s_%s_total %s\n", name, unit, help);
		fprintf(m->out, "# TYPE straygate_%s_%s_total counter\n", name, unit);
		return;
	}
	fprintf(m->out, "# TYPE straygate_%s_%s counter\n", name, unit);
	fprintf(m->out, "# UNIT straygate_%s_%s %s\n", name, unit, unit);
	fprintf(m->out, "# HELP straygate_%s_%s %s\n", name, unit, help);
}

static void counter_family(const struct metrics *m, const char *name, const char *help)
{
	counter_of(m, name, m->bytes ? "bytes" : "packets", help);
}

/* The label is not called instance, which Prometheus itself gives to each target. */
static void begin(const struct metrics *m, const char *name, const char *suffix)
{
	fprintf(m->out, "straygate_%s%s{", name, suffix);
	label(m->out, "gate", m->gate->instance, "");
}

static void counter_begin(const struct metrics *m, const char *name)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "%s_%s", name, m->bytes ? "bytes" : "packets");
	begin(m, whole, "_total");
}

static void value(const struct metrics *m, const struct counter *c)
{
	fprintf(m->out, "} %llu\n", (unsigned long long)(m->bytes ? c->bytes : c->packets));
}

static void device_family(const struct metrics *m)
{
	const struct tally *t = m->tally;
	const struct reason_text *r;
	size_t i;

	counter_family(m, "device", "Seen on a device, by the one reason each packet gets.");
	for (i = 0; i < t->device_count; i++)
		for (r = reasons; r->name; r++) {
			if (!t->device[i].reason[r->number].all.packets)
				continue;
			counter_begin(m, "device");
			putc(',', m->out);
			label(m->out, "device", t->device[i].device->name, ",");
			label(m->out, "reason", r->name, ",");
			label(m->out, "verdict", verdict_name(r->verdict), "");
			value(m, &t->device[i].reason[r->number].all);
		}
}

static void listener_family(const struct metrics *m)
{
	const struct tally *t = m->tally;
	const struct reason_text *r;
	size_t i;

	counter_family(m, "listener", "For a listener, by reason.");
	for (i = 0; i < t->listener_count; i++)
		for (r = reasons; r->name; r++) {
			if (!t->listener[i].reason[r->number].all.packets)
				continue;
			counter_begin(m, "listener");
			putc(',', m->out);
			label(m->out, "listener", t->listener[i].rule->subject, ",");
			label(m->out, "reason", r->name, "");
			value(m, &t->listener[i].reason[r->number].all);
		}
}

static int rule_out(const struct rule *r, void *arg)
{
	const struct metrics *m = arg;
	struct counter c = gate_rule_counter(m->counters, r->id);

	if (!c.packets)
		return 0;
	counter_begin(m, "rule");
	putc(',', m->out);
	label(m->out, "statement", statement_name(r->statement), ",");
	label(m->out, "subject", r->subject, "");
	value(m, &c);
	return 0;
}

/* ---- visits, and what happens at tc -------------------------------------------- */

static void count_visits(const struct metrics *m, const char *name, const struct listener_tally *l,
			 const char *kind, uint64_t n)
{
	begin(m, name, "_visits_total");
	fputs(",", m->out);
	label(m->out, "listener", l->rule->subject, kind ? "," : "");
	if (kind)
		label(m->out, "kind", kind, "");
	fprintf(m->out, "} %llu\n", (unsigned long long)n);
}

static void visits_family(const struct metrics *m)
{
	size_t i;

	counter_of(m, "listener", "visits", "Judged, by what they turned out to be.");
	for (i = 0; i < m->tally->listener_count; i++) {
		const struct listener_tally *l = &m->tally->listener[i];

		count_visits(m, "listener", l, "served", l->served);
		count_visits(m, "listener", l, "stray", l->stray);
		count_visits(m, "listener", l, "unnamed", l->unnamed);
		count_visits(m, "listener", l, "unreadable", l->unreadable);
		count_visits(m, "listener", l, "unknown", l->unknown);
		count_visits(m, "listener", l, "limited", l->limited);
	}
}

static void unplaced_family(const struct metrics *m)
{
	uint64_t n;

	counter_of(m, "limit_each_unplaced", "packets",
		   "Passed unlimited, since the table of client networks had no place for theirs.");
	if (gate_unplaced(m->gate, &n))
		return;
	begin(m, "limit_each_unplaced", "_packets_total");
	fprintf(m->out, "} %llu\n", (unsigned long long)n);
}

/* Of visits that the gate introduced to the server. */
static const struct {
	const char *name;
	const char *help;
	size_t at; /* in struct engagement */
} introductions[] = {
	{"listener_introduced", "Introduced to the server.", offsetof(struct engagement, introduced)},
	{"listener_bound", "Introduced, and the server answered.", offsetof(struct engagement, bound)},
	{"listener_refused", "Introduced, and the server or a firewall refused.",
	 offsetof(struct engagement, refused)},
};

static void introductions_family(const struct metrics *m, size_t which)
{
	struct engagement e;
	uint64_t n;
	size_t i;

	counter_of(m, introductions[which].name, "visits", introductions[which].help);
	for (i = 0; i < m->tally->listener_count; i++) {
		const struct listener_tally *l = &m->tally->listener[i];

		if (l->rule->l4 != IPPROTO_TCP || gate_engagement(m->gate, l->rule, &e))
			continue;
		memcpy(&n, (const char *)&e + introductions[which].at, sizeof(n));
		count_visits(m, introductions[which].name, l, NULL, n);
	}
}

static void crossings_family(const struct metrics *m)
{
	struct counter sums[2 * CROSSINGS];
	size_t i, k;

	counter_of(m, "device_tc", "packets", "What the filters at tc did with packets of bound visits.");
	for (i = 0; i < m->tally->device_count; i++) {
		if (gate_crossings(m->gate, &m->tally->devices[i], sums))
			continue;
		for (k = 0; k < 2 * CROSSINGS; k++) {
			if (k % CROSSINGS == CROSSED_PASSED || !sums[k].packets)
				continue;
			begin(m, "device_tc", "_packets_total");
			fputs(",", m->out);
			label(m->out, "device", m->tally->devices[i].name, ",");
			label(m->out, "direction", direction_name(k / CROSSINGS), ",");
			label(m->out, "what", crossing_name(k % CROSSINGS), "");
			fprintf(m->out, "} %llu\n", (unsigned long long)sums[k].packets);
		}
	}
}

static void received_family(const struct metrics *m)
{
	size_t i;

	counter_of(m, "device_received", "packets",
		   "Received by the device itself, by its own count, which has 32 bits.");
	for (i = 0; i < m->tally->device_count; i++) {
		begin(m, "device_received", "_packets_total");
		fputs(",", m->out);
		label(m->out, "device", m->tally->devices[i].name, "");
		fprintf(m->out, "} %u\n", netdev_received(m->tally->devices[i].name));
	}
}

/* ---- gauges ------------------------------------------------------------------ */

static void gauge_family(const struct metrics *m, const char *name, const char *help)
{
	fprintf(m->out, "# HELP straygate_%s %s\n# TYPE straygate_%s gauge\n", name, help, name);
}

static void gauge(const struct metrics *m, const char *name, const char *key, const char *of, uint64_t n)
{
	begin(m, name, "");
	if (key) {
		putc(',', m->out);
		label(m->out, key, of, "");
	}
	fprintf(m->out, "} %llu\n", (unsigned long long)n);
}

static void posture_gauge(const struct metrics *m, const char *name)
{
	enum posture p;

	for (p = POSTURE_OBSERVE; p <= POSTURE_AUTO; p++)
		gauge(m, name, "posture", posture_name(p), policy_posture(m->tally->policy) == p);
}

static void attached_gauge(const struct metrics *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->tally->device_count; i++)
		gauge(m, name, "device", m->tally->devices[i].name, m->tally->devices[i].attached);
}

static void generic_gauge(const struct metrics *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->tally->device_count; i++)
		gauge(m, name, "device", m->tally->devices[i].name, m->tally->devices[i].generic);
}

static void tc_lost_gauge(const struct metrics *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->tally->device_count; i++)
		gauge(m, name, "device", m->tally->devices[i].name, m->tally->devices[i].tc_lost);
}

static void handshake_gauge(const struct metrics *m, const char *name)
{
	const struct tally *t = m->tally;
	enum shallow devices = devices_shallow(t->devices, t->device_count);
	size_t i;

	for (i = 0; i < t->listener_count; i++) {
		const struct rule *r = t->listener[i].rule;

		if (r->l4 == IPPROTO_TCP)
			gauge(m, name, "listener", r->subject,
			      *depth_on(m->gate, t->policy, r, devices) == 'h');
	}
}

static bool observes(const struct metrics *m, const struct rule *r)
{
	enum posture p = policy_posture_of(m->tally->policy, r);

	return p == POSTURE_OBSERVE || (p == POSTURE_AUTO && !alarm_acts(m->gate, m->tally->policy, r));
}

static void observed_gauge(const struct metrics *m, const char *name)
{
	const struct tally *t = m->tally;
	size_t i;

	for (i = 0; i < t->listener_count; i++)
		gauge(m, name, "listener", t->listener[i].rule->subject, observes(m, t->listener[i].rule));
}

static void engaged_gauge(const struct metrics *m, const char *name)
{
	const struct tally *t = m->tally;
	size_t i;

	for (i = 0; i < t->listener_count; i++)
		if (policy_posture_of(t->policy, t->listener[i].rule) == POSTURE_AUTO)
			gauge(m, name, "listener", t->listener[i].rule->subject,
			      alarm_acts(m->gate, t->policy, t->listener[i].rule));
}

static void times_gauge(const struct metrics *m, const char *name)
{
	const struct tally *t = m->tally;
	size_t i;

	for (i = 0; i < t->listener_count; i++)
		if (policy_posture_of(t->policy, t->listener[i].rule) == POSTURE_AUTO)
			gauge(m, name, "listener", t->listener[i].rule->subject,
			      alarm_times(m->gate, t->listener[i].rule));
}

static void confirm_gauge(const struct metrics *m, const char *name)
{
	uint64_t deadline = gate_deadline(m->gate), now = monotonic_ns();

	gauge(m, name, NULL, NULL, deadline > now ? (deadline - now + 999999999) / 1000000000 : 0);
}

static void bound_gauge(const struct metrics *m, const char *name)
{
	struct room room;

	if (!gate_room(m->gate, &room))
		gauge(m, name, NULL, NULL, room.bound);
}

static void limit_gauge(const struct metrics *m, const char *name)
{
	struct room room;

	if (!gate_room(m->gate, &room))
		gauge(m, name, NULL, NULL, room.limit);
}

static void draining_gauge(const struct metrics *m, const char *name)
{
	struct room room;

	if (!gate_room(m->gate, &room))
		gauge(m, name, NULL, NULL, room.draining != 0);
}

static void names_gauge(const struct metrics *m, const char *name)
{
	gauge(m, name, NULL, NULL, m->tally->names);
}

static void sources_gauge(const struct metrics *m, const char *name)
{
	gauge(m, name, NULL, NULL, m->tally->sources);
}

static void build_gauge(const struct metrics *m, const char *name)
{
	gauge(m, name, "build", m->gate->meta.build, 1);
}

static void applied_gauge(const struct metrics *m, const char *name)
{
	gauge(m, name, NULL, NULL, m->gate->meta.applied);
}

static const struct {
	const char *name;
	const char *help;
	void (*print)(const struct metrics *m, const char *name);
} gauges[] = {
	{"posture", "The posture that is in force is 1, the others 0.", posture_gauge},
	{"device_attached", "1 if the gate is attached to the device, else 0.", attached_gauge},
	{"device_generic", "1 if the driver has no XDP of its own, which costs more, else 0.", generic_gauge},
	{"device_tc_lost", "1 if the filters at tc were taken away, so that bound visits hang, else 0.",
	 tc_lost_gauge},
	{"listener_handshake", "1 if new visits are judged at the handshake, 0 if at data.", handshake_gauge},
	{"listener_observed", "1 if what would happen is only counted, 0 if it is done.", observed_gauge},
	{"listener_engaged", "Posture auto: 1 while the listener is engaged, 0 while it is asleep.",
	 engaged_gauge},
	{"listener_engaged_times", "Posture auto: how often the listener was engaged.", times_gauge},
	{"confirm_pending_seconds", "Until a change that is not confirmed is rolled back; 0 if none waits.",
	 confirm_gauge},
	{"bound_visits", "Visits that the gate introduced to a server and translates.", bound_gauge},
	{"bound_visits_limit", "For how many bound visits there is room.", limit_gauge},
	{"draining", "1 while no new visits are bound, since `down` waits for the last; else 0.",
	 draining_gauge},
	{"served_names", "Names and zones that are served, those of lists included.", names_gauge},
	{"source_prefixes", "Prefixes in lines about sources, those of lists included.", sources_gauge},
	{"build_info", "1, with the build whose programs run.", build_gauge},
	{"applied_timestamp_seconds", "When the policy was last changed, since 1970.", applied_gauge},
};

/* ---- all --------------------------------------------------------------------- */

int openmetrics_print(FILE *out, struct gate *g, const struct tally *t, const struct rule_counters *counters,
		      enum metrics_format format)
{
	struct metrics m = {out, g, t, counters, format, false};
	int bytes, err = 0;
	size_t i;

	for (bytes = 0; bytes < 2 && !err; bytes++) {
		m.bytes = bytes;
		device_family(&m);
		listener_family(&m);
		if (!counters)
			continue;
		counter_family(&m, "rule", "Decided by a line of the policy.");
		err = gate_lines_each(t->lines, EACH_STATEMENT, rule_out, &m);
	}
	visits_family(&m);
	unplaced_family(&m);
	for (i = 0; i < sizeof(introductions) / sizeof(introductions[0]); i++)
		introductions_family(&m, i);
	crossings_family(&m);
	received_family(&m);
	for (i = 0; i < sizeof(gauges) / sizeof(gauges[0]) && !err; i++) {
		gauge_family(&m, gauges[i].name, gauges[i].help);
		gauges[i].print(&m, gauges[i].name);
	}
	return err;
}

void openmetrics_end(FILE *out, enum metrics_format format)
{
	if (format == METRICS_OPENMETRICS)
		fprintf(out, "# EOF\n");
}
