// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/openmetrics.h"

#include <stdio.h>

#include "show/alarm.h"
#include "show/depth.h"

/* Label values: backslash, quote and newline are escaped (OpenMetrics 1.0.0,
 * "Escaping"). */
static void label(const char *name, const char *value, const char *behind)
{
	printf("%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putchar('\\');
		if (*value == '\n')
			fputs("\\n", stdout);
		else
			putchar(*value);
	}
	printf("\"%s", behind);
}

struct metrics {
	struct gate *gate;
	const struct tally *tally;
	const struct rule_counters *counters;
	enum metrics_format format;
	bool bytes; /* of the family that is being printed */
};

/* A counter's samples have names in _total, in OpenMetrics its family has not. */
static void counter_family(const struct metrics *m, const char *name, const char *help)
{
	const char *unit = m->bytes ? "bytes" : "packets";

	if (m->format == METRICS_PROMETHEUS) {
		printf("# HELP straygate_%s_%s_total %s\n", name, unit, help);
		printf("# TYPE straygate_%s_%s_total counter\n", name, unit);
		return;
	}
	printf("# TYPE straygate_%s_%s counter\n", name, unit);
	printf("# UNIT straygate_%s_%s %s\n", name, unit, unit);
	printf("# HELP straygate_%s_%s %s\n", name, unit, help);
}

/* The label is not called instance, which Prometheus itself gives to each target. */
static void begin(const struct metrics *m, const char *name, const char *suffix)
{
	printf("straygate_%s%s{", name, suffix);
	label("gate", m->gate->instance, "");
}

static void counter_begin(const struct metrics *m, const char *name)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "%s_%s", name, m->bytes ? "bytes" : "packets");
	begin(m, whole, "_total");
}

static void value(const struct metrics *m, const struct counter *c)
{
	printf("} %llu\n", (unsigned long long)(m->bytes ? c->bytes : c->packets));
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
			putchar(',');
			label("device", t->device[i].device->name, ",");
			label("reason", r->name, ",");
			label("verdict", verdict_name(r->verdict), "");
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
			putchar(',');
			label("listener", t->listener[i].rule->subject, ",");
			label("reason", r->name, "");
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
	putchar(',');
	label("statement", statement_name(r->statement), ",");
	label("subject", r->subject, "");
	value(m, &c);
	return 0;
}

/* ---- gauges ------------------------------------------------------------------ */

static void gauge_family(const char *name, const char *help)
{
	printf("# HELP straygate_%s %s\n# TYPE straygate_%s gauge\n", name, help, name);
}

static void gauge(const struct metrics *m, const char *name, const char *key, const char *of, uint64_t n)
{
	begin(m, name, "");
	if (key) {
		putchar(',');
		label(key, of, "");
	}
	printf("} %llu\n", (unsigned long long)n);
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

static void handshake_gauge(const struct metrics *m, const char *name)
{
	const struct tally *t = m->tally;
	size_t i;

	for (i = 0; i < t->listener_count; i++) {
		const char *depth = depth_text(m->gate, t->policy, t->listener[i].rule);

		if (*depth != '-')
			gauge(m, name, "listener", t->listener[i].rule->subject, *depth == 'h');
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
	{"listener_handshake", "1 if new visits are judged at the handshake, 0 if at data.", handshake_gauge},
	{"listener_observed", "1 if what would happen is only counted, 0 if it is done.", observed_gauge},
	{"listener_engaged", "Posture auto: 1 while the listener is engaged, 0 while it is asleep.",
	 engaged_gauge},
	{"listener_engaged_times", "Posture auto: how often the listener was engaged.", times_gauge},
	{"confirm_pending_seconds", "Until a change goes back that was not confirmed; 0: none waits.",
	 confirm_gauge},
	{"bound_visits", "Visits that the gate introduced to a server and translates.", bound_gauge},
	{"applied_timestamp_seconds", "When the policy was last changed, since 1970.", applied_gauge},
};

/* ---- all --------------------------------------------------------------------- */

int openmetrics_print(struct gate *g, const struct tally *t, const struct rule_counters *counters,
		      enum metrics_format format)
{
	struct metrics m = {g, t, counters, format, false};
	int bytes, err = 0;
	size_t i;

	for (bytes = 0; bytes < 2 && !err; bytes++) {
		m.bytes = bytes;
		device_family(&m);
		listener_family(&m);
		counter_family(&m, "rule", "Decided by a line of the policy.");
		err = gate_lines_each(t->lines, EACH_STATEMENT, rule_out, &m);
	}
	for (i = 0; i < sizeof(gauges) / sizeof(gauges[0]) && !err; i++) {
		gauge_family(gauges[i].name, gauges[i].help);
		gauges[i].print(&m, gauges[i].name);
	}
	if (!err && format == METRICS_OPENMETRICS)
		printf("# EOF\n");
	return err;
}
