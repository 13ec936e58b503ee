// SPDX-License-Identifier: GPL-2.0-or-later
/* Posture auto, as the controller sees it. */
#include "gate/gate.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "bpf/alarm_state.h"

struct pace alarm_pace(void)
{
	return (struct pace){
		.arm = 3600 * SECOND_NS,
		.memory = 3600 * SECOND_NS,
		.patience = 300 * SECOND_NS,
		.patience_most = 3600 * SECOND_NS,
		.relapse = 3600 * SECOND_NS,
		.habit = 600 * SECOND_NS,
		.day = 86400 * SECOND_NS,
	};
}

static struct pace read_pace(struct gate *g)
{
	struct pace p;
	uint32_t zero = 0;

	return bpf_map_lookup_elem(g->maps[GATE_PACE], &zero, &p) ? alarm_pace() : p;
}

uint64_t gate_alarm_now(struct gate *g)
{
	uint64_t clock = read_pace(g).clock;

	return clock ? clock : monotonic_ns();
}

int gate_alarm(struct gate *g, const struct rule *listener, struct alarm *out)
{
	uint64_t now = gate_alarm_now(g);
	uint32_t id = listener->id;

	memset(out, 0, sizeof(*out));
	if (bpf_map_lookup_elem(g->maps[GATE_ALARMS], &id, out))
		return -errno;
	alarm_settle(out, now);
	/* Nothing has come since the window that was ended last. */
	if (out->ends && now >= out->ends + ALARM_WINDOW)
		out->last = (struct alarm_window){0};
	return 0;
}

bool gate_alarm_is_armed(struct gate *g, const struct alarm *a, uint64_t *wait)
{
	struct pace p = read_pace(g);
	uint64_t now = gate_alarm_now(g), end = a->begun + p.arm;

	*wait = !a->begun ? p.arm : now < end ? end - now : 0;
	return alarm_is_armed(a, &p, now);
}

static int clear_set(struct gate *g, uint32_t index)
{
	static const struct familiar_set none;
	struct familiar_set there;

	if (bpf_map_lookup_elem(g->maps[GATE_FAMILIAR], &index, &there))
		return -errno;
	if (memcmp(&there, &none, sizeof(none)) &&
	    bpf_map_update_elem(g->maps[GATE_FAMILIAR], &index, &none, BPF_ANY))
		return -errno;
	return 0;
}

int gate_clear_familiar(struct gate *g, uint32_t id)
{
	int err = clear_set(g, id); /* what they have spent together: familiar_all() */

	for (uint32_t i = 0; !err && i < FAMILIAR_SETS; i++)
		err = clear_set(g, id * FAMILIAR_SETS + i);
	return err;
}
