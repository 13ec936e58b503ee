// SPDX-License-Identifier: GPL-2.0-only
#include "show/openmetrics.h"

#include <stdio.h>

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

static void family(const char *name, const char *unit, const char *help)
{
	printf("# TYPE straygate_%s counter\n", name);
	if (unit)
		printf("# UNIT straygate_%s %s\n", name, unit);
	printf("# HELP straygate_%s %s\n", name, help);
}

static uint64_t of(const struct counter *c, bool bytes)
{
	return bytes ? c->bytes : c->packets;
}

static void device_family(const struct tally *t, const char *instance, bool bytes)
{
	const char *name = bytes ? "device_bytes" : "device_packets";
	const struct reason_text *r;
	size_t i;

	family(name, bytes ? "bytes" : "packets", "Seen on a device, by the one reason each packet gets.");
	for (i = 0; i < t->device_count; i++)
		for (r = reasons; r->name; r++) {
			if (!t->device[i].reason[r->number].all.packets)
				continue;
			printf("straygate_%s_total{", name);
			label("instance", instance, ",");
			label("device", t->device[i].device->name, ",");
			label("reason", r->name, ",");
			label("verdict", verdict_name(r->verdict), "} ");
			printf("%llu\n", (unsigned long long)of(&t->device[i].reason[r->number].all, bytes));
		}
}

static void listener_family(const struct tally *t, const char *instance, bool bytes)
{
	const char *name = bytes ? "listener_bytes" : "listener_packets";
	const struct reason_text *r;
	size_t i;

	family(name, bytes ? "bytes" : "packets", "For a listener, by reason.");
	for (i = 0; i < t->listener_count; i++)
		for (r = reasons; r->name; r++) {
			if (!t->listener[i].reason[r->number].all.packets)
				continue;
			printf("straygate_%s_total{", name);
			label("instance", instance, ",");
			label("listener", t->listener[i].rule->subject, ",");
			label("reason", r->name, "} ");
			printf("%llu\n",
			       (unsigned long long)of(&t->listener[i].reason[r->number].all, bytes));
		}
}

struct rules {
	struct rule_counters *counters;
	const char *instance;
	bool bytes;
};

static int rule_out(const struct rule *r, void *arg)
{
	const struct rules *f = arg;
	struct counter c = gate_rule_counter(f->counters, r->id);

	if (!c.packets)
		return 0;
	printf("straygate_rule_%s_total{", f->bytes ? "bytes" : "packets");
	label("instance", f->instance, ",");
	label("statement", statement_name(r->statement), ",");
	label("subject", r->subject, "} ");
	printf("%llu\n", (unsigned long long)of(&c, f->bytes));
	return 0;
}

static int rule_family(const struct tally *t, struct rule_counters *counters, const char *instance,
		       bool bytes)
{
	struct rules f = {counters, instance, bytes};

	family(bytes ? "rule_bytes" : "rule_packets", bytes ? "bytes" : "packets",
	       "Decided by a line of the policy.");
	return gate_lines_each(t->lines, EACH_STATEMENT, rule_out, &f);
}

int openmetrics_print(const struct tally *t, struct rule_counters *counters, const char *instance)
{
	int bytes, err = 0;

	for (bytes = 0; bytes < 2 && !err; bytes++) {
		device_family(t, instance, bytes);
		listener_family(t, instance, bytes);
		err = rule_family(t, counters, instance, bytes);
	}
	if (!err)
		printf("# EOF\n");
	return err;
}
