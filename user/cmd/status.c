// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/change.h"
#include "cmd/compared.h"
#include "cmd/status_check.h"
#include "show/alarm.h"
#include "show/depth.h"
#include "show/headers.h"
#include "host/driver.h"
#include "host/vlan.h"
#include "lib/json.h"
#include "lib/say.h"
#include "gate/place.h"
#include "show/changed.h"
#include "show/sample.h"
#include "show/groups.h"
#include "show/show.h"
#include "show/status.h"
#include "show/strays.h"
#include "cmd/verb.h"

static const char *clock_text(uint64_t seconds)
{
	static char text[40];
	time_t t = seconds, now = time(NULL);
	struct tm tm, today;

	localtime_r(&t, &tm);
	localtime_r(&now, &today);
	strftime(text, sizeof(text),
		 tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year ? "%H:%M:%S" : "%F %T", &tm);
	return text;
}

static const char *file_name(const struct gate *g)
{
	const char *slash = strrchr(g->meta.policy, '/');

	return slash ? slash + 1 : "(none)";
}

/* unseen: so many packets came, and the program saw none. */
static void print_device(struct gate *g, struct policy *running, const struct device_tally *d,
			 uint32_t unseen)
{
	char posture[POSTURE_TEXT];

	printf("%s  %s XDP  %s since %s  policy %s (%s lines, %s names, %s sources)\n", d->device->name,
	       !d->device->attached ? "NOT ATTACHED"
	       : unseen		    ? "ATTACHED BUT NOT RUN"
	       : d->device->generic ? "generic"
				    : "native",
	       posture_print(policy_find(running, ST_POSTURE, ""), posture),
	       clock_text(gate_posture_since(g)), file_name(g), grouped(policy_lines(running)),
	       grouped(policy_entries(running, ST_SERVE) + policy_entries(running, ST_ZONE)),
	       grouped(policy_entries(running, ST_SOURCE)));
	if (d->device->chain.id)
		printf("  packets that it passes go to XDP program %u (\"%s\")\n", d->device->chain.id,
		       d->device->chain.name);
}

/* A listener that came meanwhile, or came anew, began at zero. */
static uint64_t per_second(uint64_t now, uint64_t before)
{
	return (now < before ? now : now - before) * 1000000 / SAMPLE_US;
}

/* What the gate has not learned of its devices and of the host, or stands wrong. */
static void print_changed(struct gate *g, const struct tally *t)
{
	char text[PLACE_TEXT];
	unsigned int mtu;
	size_t i;

	for (i = 0; i < t->device_count; i++) {
		const struct gate_device *d = &t->devices[i];

		if (!d->attached)
			continue;
		if (d->changed)
			printf("  %s: %s changed since the gate looked; run `straygate up %s`\n", d->name,
			       changed_text(d->changed), d->name);
		mtu = d->generic ? 0 : driver_holds_program(d->name);
		if (mtu)
			printf("  %s: with this MTU its driver drops large frames; `ip link set %s mtu %u`\n",
			       d->name, d->name, mtu);
		if (place_of(g, d->name, NULL, 0, text) == PLACE_WRONG)
			printf("  %s: %s\n", d->name, text);
	}
	if (gate_addresses_changed(g))
		puts("  addresses of this host changed since the gate looked; packets to new ones pass "
		     "unjudged until `straygate up` is run");
}

/* What keeps the whole device at data, and what to do about it. */
static void print_shallow_device(const struct gate_device *d)
{
	char remedy[VLAN_REMEDY_SIZE] = "";

	printf("  %s: visits are judged at data: %s", d->name, shallow_text(d->shallow));
	if (d->shallow == SHALLOW_TAGS) {
		vlan_tags_remedy(d->name, d->generic, remedy);
		if (*remedy)
			printf("; `%s`, then `straygate up %s`", remedy, d->name);
		else
			fputs("; a gate on the VLAN's own device does not mind", stdout);
	}
	putchar('\n');
}

static void print_shallow(struct gate *g, const struct tally *t)
{
	size_t i;

	for (i = 0; i < t->device_count; i++) {
		if (t->devices[i].shallow != SHALLOW_NONE)
			print_shallow_device(&t->devices[i]);
		if (t->devices[i].tc_lost)
			printf("  %s: somebody removed the gate's filters at tc, bound visits hang; "
			       "`straygate up "
			       "%s` attaches them again\n",
			       t->devices[i].name, t->devices[i].name);
	}
	for (i = 0; i < t->listener_count; i++) {
		const struct rule *r = t->listener[i].rule;

		if (*shallow_reason(g, t->policy, r))
			printf("  %s is judged at data: %s\n", r->subject, shallow_reason(g, t->policy, r));
	}
}

static void print_headers(struct gate *g, const struct tally *t)
{
	char text[HEADERS_TEXT], help[HEADERS_TEXT];
	size_t i;

	for (i = 0; i < t->listener_count; i++) {
		headers_text(g, t, t->listener[i].rule, text, help);
		if (*text)
			printf("  %s: %s; %s\n", t->listener[i].rule->subject, text, help);
	}
}

/* Nobody came in the time of the sample: what is of interest then is what was. */
static bool is_idle(const struct tally *t, const struct tally *before)
{
	size_t i;

	for (i = 0; i < t->listener_count; i++)
		if (t->listener[i].visits != tally_same_listener(before, &t->listener[i])->visits ||
		    t->listener[i].by_source != tally_same_listener(before, &t->listener[i])->by_source)
			return false;
	return true;
}

/* Behind a listener's row. */
static const char *note_of(struct gate *g, struct policy *p, const struct rule *r)
{
	if (r->observe)
		return "  observed only";
	if (policy_posture_of(p, r) != POSTURE_AUTO)
		return "";
	return alarm_acts(g, p, r) ? "  engaged" : "  asleep";
}

static void print_listeners(struct gate *g, const struct tally *t, const struct tally *before)
{
	static const struct tally none;
	bool idle = is_idle(t, before);
	size_t i;

	if (t->listener_count)
		printf("  %-22s %-5s %-14s %12s %12s %12s %10s %10s\n", "listener", "as", "depth",
		       idle ? "visits" : "visits/s", "served", "stray", "unnamed", "by source");
	for (i = 0; i < t->listener_count; i++) {
		const struct listener_tally *l = &t->listener[i],
					    *b = tally_same_listener(idle ? &none : before, l);

		printf("  %-22s %-5s %-14s %12s %12s %12s %10s %10s%s\n", l->rule->subject,
		       protocol_name(l->rule->as), depth_text(g, t->policy, l->rule),
		       grouped(per_second(l->visits, b->visits)), grouped(per_second(l->served, b->served)),
		       grouped(per_second(l->stray, b->stray)), grouped(per_second(l->unnamed, b->unnamed)),
		       grouped(per_second(l->by_source, b->by_source)), note_of(g, t->policy, l->rule));
	}
	if (t->listener_count && idle)
		puts("  no visit came in this second: these are the totals so far");
}

/* Of the queries for unknown names. */
static uint64_t passed_of(const struct listener_tally *l)
{
	return l->reason[REASON_unknown_passed].all.packets + l->reason[REASON_unknown_familiar].all.packets;
}

/* Random labels below a zone of ours: what came of them in the sample. */
static void print_unknown(const struct tally *t, const struct tally *before)
{
	static const struct tally none;
	bool idle = is_idle(t, before);
	size_t i;

	for (i = 0; i < t->listener_count; i++) {
		const struct listener_tally *l = &t->listener[i],
					    *b = tally_same_listener(idle ? &none : before, l);
		uint64_t passed = passed_of(l) - passed_of(b);

		if (l->unknown != b->unknown)
			printf("  %s: %s queries%s for names that their zone does not have, of which %s "
			       "pass\n",
			       l->rule->subject, grouped(per_second(l->unknown, b->unknown)),
			       idle ? "" : " a second", grouped(per_second(passed, 0)));
	}
}

static void print_strays(struct gate *g, struct policy *running)
{
	struct heavy *names = NULL;
	char text[HEAVY_TEXT];
	size_t count, i;
	uint64_t all = 0;

	if (strays_read(g, running, &names, &count))
		return;
	count = join_protocols(names, count);
	for (i = 0; i < count; i++)
		all += names[i].count;
	if (all) {
		fputs("  most asked for:", stdout);
		for (i = 0; i < count && i < 3; i++) {
			heavy_text(text, &names[i], true);
			printf("%s %s %.0f %%", i ? "," : "", text, 100.0 * names[i].count / all);
		}
		puts(count > 3 ? ", ...  (straygate show strays)" : "  (straygate show strays)");
	}
	free(names);
}

/* Visits that the gate introduced to the server, and translates. */
static void print_bound(struct gate *g)
{
	struct room room;

	if (gate_room(g, &room) || (!room.bound && !room.draining))
		return;
	printf("  bound visits: %s of %s", grouped(room.bound), grouped(room.limit));
	puts(room.draining ? ", draining: no new ones; `straygate up` ends that" : "");
}

/* Networks that `limit each` lines could not count. */
static void print_unplaced(struct gate *g)
{
	uint64_t unplaced;

	if (!gate_unplaced(g, &unplaced) && unplaced)
		printf("  limit each: %s visits or packets passed unlimited, since the table had no place "
		       "for "
		       "their networks; larger networks need fewer\n",
		       grouped(unplaced));
}

static bool observes(struct policy *p)
{
	size_t i;

	if (policy_posture(p) == POSTURE_OBSERVE || policy_canary(p))
		return true;
	for (i = 0; i < policy_count(p); i++)
		if (policy_rule(p, i)->statement == ST_LISTEN && policy_rule(p, i)->observe)
			return true;
	return false;
}

/* Names that the servers have, as `suggest` last found them. */
static void print_compared(struct gate *g, struct policy *running)
{
	cleanup_compared struct compared found;
	char names[256];
	size_t missing;

	compared_read(&found, g->instance);
	missing = compared_missing(&found, running, names, sizeof(names));
	if (missing)
		printf("  %s names of the servers are not served: %s%s; `straygate suggest --diff`\n",
		       grouped(missing), names, missing > 3 ? ", ..." : "");
	if (compared_is_old(&found, policy_posture(running) != POSTURE_OBSERVE, gate_posture_since(g)))
		puts("  the names were not compared with the servers for a day; `straygate suggest --diff`");
}

static void print_learned(struct gate *g, struct policy *running)
{
	struct gate_learned *all;
	size_t count, i, networks = 0;

	if (!gate_learns(running) || gate_learned(g, &all, &count))
		return;
	for (i = 0; i < count; i++)
		networks += all[i].prefix.len == (prefix_is_v4(&all[i].prefix) ? 120 : 56);
	printf("  learned: %s sources and %s networks are refused%s\n", grouped(count - networks),
	       grouped(networks), count ? "; `straygate show sources --learned`" : "");
	free(all);
}

/* In words, what there is to know beyond the figures. */
static void print_notes(struct gate *g, const struct tally *t, struct policy *running)
{
	uint64_t would = 0;
	size_t i, r;

	for (i = 0; i < t->listener_count; i++)
		for (r = 0; r < REASONS_MAX; r++)
			if (reason_text(r) && reason_text(r)->verdict != VERDICT_PASS)
				would += t->listener[i].reason[r].observed.packets;
	if (would && observes(t->policy))
		printf("  observed only: %s packets would have been turned away; `straygate posture "
		       "enforce`\n",
		       grouped(would));
	for (i = 0; i < t->listener_count; i++)
		alarm_print(g, t->policy, t->listener[i].rule);
	print_shallow(g, t);
	print_headers(g, t);
	print_changed(g, t);
	if (seconds_left(g))
		printf("  a change is rolled back in %u s unless `straygate confirm` is run\n",
		       seconds_left(g));
	switch (drift(g, running)) {
	case DRIFT_DIFFERS:
		printf("  what runs differs from the file; `straygate apply --diff %s`\n", g->meta.policy);
		break;
	case DRIFT_UNREADABLE:
		printf("  the file cannot be read any more; `straygate check %s`\n", g->meta.policy);
		break;
	default:
		break;
	}
	print_compared(g, running);
	if (!policy_lines(running))
		puts("  no policy yet: everything passes; `straygate apply FILE`");
	if (!t->device_count)
		puts("  the gate is on no device; `straygate up DEV`");
}

/* A driver may have dropped the program and not have said so. */
static void print_unseen(const struct sample *before, const struct sample *now)
{
	size_t i;

	for (i = 0; i < now->tally.device_count; i++) {
		const char *name = now->tally.devices[i].name;
		uint32_t unseen = sample_unseen(before, now, i);

		if (unseen)
			printf("  %s: of %u packets the gate saw none: the driver does not run its program; "
			       "`straygate up %s --reattach` attaches it again; if that does not help, add "
			       "--generic\n",
			       name, unseen, name);
	}
}

static int status_text(struct gate *g)
{
	cleanup_sample struct sample before = {0};
	cleanup_sample struct sample now = {0};
	cleanup_policy struct policy *running = NULL;
	const struct tally *t = &now.tally;
	int status;
	size_t i;

	if (sample_take(g, &before, NULL))
		return EXIT_FAILED;
	usleep(SAMPLE_US);
	if (sample_take(g, &now, &before) || gate_running(g, &running))
		return EXIT_FAILED;
	status = status_exit(t);
	for (i = 0; i < t->device_count; i++) {
		print_device(g, running, &t->device[i], sample_unseen(&before, &now, i));
		if (sample_unseen(&before, &now, i))
			status = EXIT_FAILED;
	}
	print_listeners(g, t, &before.tally);
	print_bound(g);
	print_learned(g, running);
	print_unplaced(g);
	print_unknown(t, &before.tally);
	print_strays(g, running);
	print_unseen(&before, &now);
	print_notes(g, t, running);
	return status;
}

static int run(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;

	if (c->check)
		return status_check(c);
	if (gate_open(&g, c->instance, GATE_READ))
		return EXIT_FAILED;
	return c->json ? status_json(&g, c->instance) : status_text(&g);
}

const struct verb verb_status = {
	.name = "status",
	.arguments = "",
	.summary = "report what is up, what it does now, and what is worth knowing",
	.help = "Rates are those of one second; if no visit came in it, the totals so far are\n"
		"shown. In posture observe the figures are what would have happened.\n"
		"Exits with 1 if the gate is not attached to one of its devices, or its program is\n"
		"not run there.\n"
		"--check is for monitoring: it prints one line that tells what is wrong, if anything\n"
		"is, and exits with 0 (well), 1 (warning), 2 (critical) or 3 (cannot be told). It is\n"
		"the default if the command is called by the name check_straygate.\n",
	.takes = TAKES_JSON | TAKES_CHECK,
	.least = 0,
	.most = 0,
	.run = run,
};
