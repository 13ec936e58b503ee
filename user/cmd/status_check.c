// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/status_check.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/compared.h"
#include "lib/json.h"
#include "lib/say.h"
#include "show/findings.h"

static void check_names(struct findings *f, struct gate *g, struct policy *p)
{
	cleanup_compared struct compared found;
	char names[120];
	size_t missing;

	compared_read(&found, g->instance);
	missing = compared_missing(&found, p, names, sizeof(names));
	if (missing)
		findings_add(f, LEVEL_WARNING, "%zu names of the servers are not served: %s%s", missing,
			     names, missing > 3 ? ", ..." : "");
	if (compared_is_old(&found, policy_posture(p) != POSTURE_OBSERVE, gate_posture_since(g)))
		findings_add(f, LEVEL_WARNING, "the names were not compared with the servers for a day");
}

static void check_running(struct findings *f, struct gate *g)
{
	cleanup_policy struct policy *running = NULL;

	if (!gate_running(g, &running))
		check_names(f, g, running);
}

/* ---- what is said ---------------------------------------------------------------- */

static void print_text(const struct findings *f, const struct tally *t)
{
	uint64_t visits = 0, served = 0, stray = 0;
	char posture[POSTURE_TEXT];
	size_t i;

	printf("STRAYGATE %s:", level_name(f->level));
	for (i = 0; i < f->count; i++)
		printf("%s %s", i ? ";" : "", f->cause[i].text);
	for (i = 0; !f->count && i < t->device_count; i++)
		printf("%s %s", i ? "," : "", t->devices[i].name);
	if (!f->count)
		printf(" in posture %s, %zu listeners",
		       posture_print(policy_find(t->policy, ST_POSTURE, ""), posture), t->listener_count);
	for (i = 0; i < t->listener_count; i++) {
		visits += t->listener[i].visits;
		served += t->listener[i].served;
		stray += t->listener[i].stray;
	}
	/* Performance data: c is a counter. Of a gate that was not read there are none, not 0. */
	if (!t->policy) {
		putchar('\n');
		return;
	}
	printf(" | visits=%lluc served=%lluc stray=%lluc\n", (unsigned long long)visits,
	       (unsigned long long)served, (unsigned long long)stray);
}

static void print_json(const struct findings *f, const char *instance)
{
	size_t i;

	json_open(instance);
	json_member("status", json_string(level_name(f->level)));
	json_list("causes");
	for (i = 0; i < f->count; i++)
		json_item(json_string(f->cause[i].text));
	json_list_end();
	json_close();
}

/* Whoever looks at the one line sees why. */
static char heard[240];

static void hear(const char *line)
{
	if (!heard[0])
		snprintf(heard, sizeof(heard), "%s", line);
}

int status_check(const struct call *c)
{
	cleanup_gate struct gate g = GATE_INIT;
	struct sample before = {0}, now = {0};
	struct findings f = {0};
	int err;

	say_to = hear;
	err = gate_open(&g, c->instance, GATE_READ);
	if (err == -ENOENT)
		findings_add(&f, LEVEL_CRITICAL, "instance %s is not up", c->instance);
	else if (!err)
		err = sample_take(&g, &before, NULL);
	if (!err) {
		usleep(SAMPLE_US);
		err = sample_take(&g, &now, &before);
	}
	say_to = NULL;
	if (err && err != -ENOENT)
		findings_add(&f, LEVEL_UNKNOWN, "the gate cannot be read: %s", heard);
	if (!err) {
		findings_of(&f, &g, &before, &now);
		check_running(&f, &g);
	}
	if (c->json)
		print_json(&f, c->instance);
	else
		print_text(&f, &now.tally);
	sample_free(&before);
	sample_free(&now);
	return f.level;
}
