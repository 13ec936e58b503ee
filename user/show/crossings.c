// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/crossings.h"

#include <stdio.h>

#include "lib/say.h"
#include "show/show.h"

static const char *const directions[] = {[DIRECTION_IN] = "in", [DIRECTION_OUT] = "out"};

static const char *const names[CROSSINGS] = {
	[CROSSED_PASSED] = "passed",	 [CROSSED_TRANSLATED] = "translated", [CROSSED_BOUND] = "bound",
	[CROSSED_REFUSED] = "refused",	 [CROSSED_RETRIED] = "retried",	      [CROSSED_DROPPED] = "dropped",
	[CROSSED_INJECTED] = "injected", [CROSSED_FAILED] = "failed",
};

const char *direction_name(enum direction d)
{
	return directions[d];
}

const char *crossing_name(enum crossing c)
{
	return names[c];
}

static int read_crossings(struct gate *g, const struct gate_device *d, struct since *since,
			  struct counter sums[2 * CROSSINGS])
{
	int err = gate_crossings(g, d, sums);

	for (unsigned int i = 0; !err && i < 2 * CROSSINGS; i++)
		since_counter(since, "tc", d->name, i, &sums[i]);
	return err;
}

json_t *crossings_json(struct gate *g, const struct gate_device *d, struct since *since)
{
	struct counter sums[2 * CROSSINGS];
	json_t *all = json_object();
	unsigned int way, what;

	if (read_crossings(g, d, since, sums)) {
		json_decref(all);
		return json_null();
	}
	for (way = DIRECTION_IN; way <= DIRECTION_OUT; way++) {
		json_t *one = json_object();

		for (what = 0; what < CROSSINGS; what++)
			json_object_set_new(one, names[what],
					    json_integer(sums[way * CROSSINGS + what].packets));
		json_object_set_new(all, directions[way], one);
	}
	return all;
}

void crossings_text(struct gate *g, const struct gate_device *d, struct since *since)
{
	struct counter sums[2 * CROSSINGS];
	unsigned int i;

	if (read_crossings(g, d, since, sums))
		return;
	for (i = 0; i < 2 * CROSSINGS; i++)
		if (sums[i].packets && i % CROSSINGS != CROSSED_PASSED)
			printf("  tc %-3s %-20s %15s %18s\n", directions[i / CROSSINGS], names[i % CROSSINGS],
			       grouped(sums[i].packets), grouped(sums[i].bytes));
}
