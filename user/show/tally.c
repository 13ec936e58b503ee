// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/say.h"

const struct reason_text reasons[] = {
#define R(nr, name, verdict, sends, counts, text) {nr, #name, VERDICT_##verdict, COUNTS_##counts, text},
	STRAYGATE_REASONS(R)
#undef R
		{0, NULL, VERDICT_PASS, COUNTS_NO_VISIT, NULL},
};

const struct reason_text *reason_text(unsigned int number)
{
	const struct reason_text *r;

	for (r = reasons; r->name; r++)
		if (r->number == number)
			return r;
	return NULL;
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {"pass", "drop", "answer", "reset"};

	return names[v];
}

static void add(struct counter *to, const struct counter *c)
{
	to->packets += c->packets;
	to->bytes += c->bytes;
}

static void add_reasons(struct sum *to, const struct counter *raw, uint32_t listener)
{
	uint32_t r;

	for (r = 0; r < REASONS_MAX; r++) {
		const struct counter *done = &raw[counter_index(listener, 0, r)];
		const struct counter *observed = &raw[counter_index(listener, 1, r)];

		add(&to[r].all, done);
		add(&to[r].all, observed);
		add(&to[r].observed, observed);
	}
}

/* Of what a line about sources decides these alone are packets of visits. */
static bool is_limited_visit(unsigned int reason)
{
	return reason == REASON_visit_limited || reason == REASON_client_visit_limited ||
	       reason == REASON_client_answered;
}

/* A visit is counted by the packet at which it was judged. */
void tally_sum_listener(struct listener_tally *l)
{
	uint64_t *const sums[] = {
		[COUNTS_SERVED] = &l->served,	    [COUNTS_STRAY] = &l->stray,
		[COUNTS_UNNAMED] = &l->unnamed,	    [COUNTS_UNREADABLE] = &l->unreadable,
		[COUNTS_BY_SOURCE] = &l->by_source, [COUNTS_UNKNOWN] = &l->unknown,
	};
	const struct reason_text *r;

	for (r = reasons; r->name; r++)
		if (r->counts != COUNTS_NO_VISIT)
			*sums[r->counts] = 0;
	l->turned = l->answered = 0;
	for (r = reasons; r->name; r++) {
		const struct sum *s = &l->reason[r->number];
		bool limited = is_limited_visit(r->number);
		bool is_visit = r->counts != COUNTS_BY_SOURCE || limited;

		if (r->counts == COUNTS_NO_VISIT)
			continue;
		*sums[r->counts] += s->all.packets;
		l->limited += limited ? s->all.packets : 0;
		if (is_visit && r->verdict != VERDICT_PASS)
			l->turned += s->all.packets - s->observed.packets;
		if (is_visit && r->verdict == VERDICT_ANSWER)
			l->answered += s->all.packets - s->observed.packets;
	}
	l->visits = l->served + l->stray + l->unnamed + l->unreadable + l->unknown + l->limited;
}

static size_t count_listeners(struct policy *p)
{
	size_t i, n = 0;

	for (i = 0; i < policy_count(p); i++)
		n += policy_rule(p, i)->statement == ST_LISTEN;
	return n;
}

static int allocate(struct tally *t)
{
	size_t i;

	t->device = calloc(t->device_count + 1, sizeof(*t->device));
	t->listener = calloc(count_listeners(t->policy) + 1, sizeof(*t->listener));
	if (!t->device || !t->listener)
		return -ENOMEM;
	for (i = 0; i < policy_count(t->policy); i++)
		if (policy_rule(t->policy, i)->statement == ST_LISTEN)
			t->listener[t->listener_count++].rule = policy_rule(t->policy, i);
	return 0;
}

static int read_device(struct tally *t, size_t i)
{
	struct counter *raw = calloc(COUNTERS_MAX, sizeof(*raw));
	struct device_tally *d = &t->device[i];
	uint32_t r;
	int err = raw ? gate_counters(&t->devices[i], raw) : -ENOMEM;

	d->device = &t->devices[i];
	if (!err) {
		for (r = 0; r <= LISTENERS_FORMER; r++)
			add_reasons(d->reason, raw, r);
		for (r = 0; r < REASONS_MAX; r++)
			add(&d->packets, &d->reason[r].all);
		for (r = 0; r < t->listener_count; r++)
			add_reasons(t->listener[r].reason, raw, t->listener[r].rule->id);
	}
	free(raw);
	return err;
}

#define LISTS (1U << ST_SOURCE | 1U << ST_RESOLVER | 1U << ST_SERVE | 1U << ST_ZONE)

static int take(const struct rule *r, void *arg)
{
	struct tally *t = arg;

	if (r->statement == ST_SERVE || r->statement == ST_ZONE)
		t->names += r->name_count;
	if (r->statement == ST_SOURCE)
		t->sources += r->prefix_count;
	if (r->statement == ST_SOURCE && r->action == ACT_TRUST)
		t->trusts = true;
	return LISTS >> r->statement & 1 ? 0 : policy_take(t->policy, r);
}

static int read_lines(struct gate *g, struct tally *t)
{
	int err;

	gate_ruling(g, &t->ruling);
	err = gate_lines(g, &t->lines);
	if (err)
		return err;
	t->policy = policy_new();
	err = t->policy ? gate_lines_each(t->lines, EACH_STATEMENT, take, t) : -ENOMEM;
	return err ? fail(err, "the running policy cannot be read back: %s", strerror(-err)) : 0;
}

static void take_over_lines(struct tally *t, struct tally *before)
{
	t->ruling = before->ruling;
	t->lines = before->lines;
	t->policy = before->policy;
	t->names = before->names;
	t->sources = before->sources;
	t->trusts = before->trusts;
	before->lines = NULL;
	before->policy = NULL;
}

const struct listener_tally *tally_same_listener(const struct tally *t, const struct listener_tally *l)
{
	static const struct listener_tally none;
	size_t i;

	for (i = 0; i < t->listener_count; i++)
		if (t->listener[i].rule->id == l->rule->id &&
		    !strcmp(t->listener[i].rule->subject, l->rule->subject))
			return &t->listener[i];
	return &none;
}

int tally_read(struct gate *g, struct tally *t)
{
	return tally_again(g, t, NULL);
}

int tally_again(struct gate *g, struct tally *t, struct tally *before)
{
	struct gate_ruling now;
	size_t i;
	int err = 0;

	*t = (struct tally){0};
	gate_ruling(g, &now);
	if (before && before->lines && gate_ruling_same(&before->ruling, &now))
		take_over_lines(t, before);
	else
		err = read_lines(g, t);
	if (!err)
		err = gate_devices(g, &t->devices, &t->device_count);
	if (!err)
		err = allocate(t);
	for (i = 0; i < t->device_count && !err; i++)
		err = read_device(t, i);
	for (i = 0; i < t->listener_count && !err; i++)
		tally_sum_listener(&t->listener[i]);
	return err;
}

void tally_free(struct tally *t)
{
	policy_free(t->policy);
	gate_lines_free(t->lines);
	gate_devices_free(t->devices, t->device_count);
	free(t->device);
	free(t->listener);
	*t = (struct tally){0};
}
