// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gate of the world remembers: its maps, read and written by tests. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "gate/events.h"
#include "gate/object.h"
#include "gate/tc.h"
#include "inside.h"
#include "world.h"

/* Of maps that have one value. */
static void cell_read(enum gate_map map, void *to)
{
	uint32_t zero = 0;

	cr_assert(!bpf_map_lookup_elem(world_gate.maps[map], &zero, to));
}

static void cell_write(enum gate_map map, const void *from)
{
	uint32_t zero = 0;

	cr_assert(!bpf_map_update_elem(world_gate.maps[map], &zero, from, BPF_ANY));
}

static const struct rule *listener_rule(const char *subject)
{
	const struct rule *r = policy_find(world_running, ST_LISTEN, subject);

	cr_assert(r, "no listener %s", subject);
	return r;
}

struct engagement world_engagement(const char *listener)
{
	struct engagement e;

	cr_assert(!gate_engagement(&world_gate, listener_rule(listener), &e));
	return e;
}

void world_set_engagement(const char *listener, const struct engagement *e)
{
	uint32_t id = listener_rule(listener)->id;

	cr_assert(!bpf_map_update_elem(world_gate.maps[GATE_ENGAGEMENTS], &id, e, BPF_ANY));
}

struct alarm world_alarm(const char *listener)
{
	uint32_t id = listener_rule(listener)->id;
	struct alarm a;

	cr_assert(!bpf_map_lookup_elem(world_gate.maps[GATE_ALARMS], &id, &a));
	return a;
}

struct pace world_pace(void)
{
	struct pace p;

	cell_read(GATE_PACE, &p);
	return p;
}

void world_set_pace(const struct pace *p)
{
	cell_write(GATE_PACE, p);
}

struct shake world_shake(void)
{
	struct shake s;

	cell_read(GATE_SHAKE, &s);
	return s;
}

void world_set_shake(const struct shake *s)
{
	cell_write(GATE_SHAKE, s);
}

struct room world_room(void)
{
	struct room r;

	cell_read(GATE_ROOM, &r);
	return r;
}

void world_set_room(const struct room *r)
{
	cell_write(GATE_ROOM, r);
}

bool world_read_event(enum event_ring ring, struct events_place *at, struct event *e, uint64_t *lost)
{
	int r = events_next(&world_gate, ring, at, e, lost);

	cr_assert(r >= 0, "%s", strerror(-r));
	return r;
}

bool world_next_event(struct event *e, uint64_t *lost)
{
	static struct events_place place;

	return world_read_event(EVENTS_OF_PROGRAMS, &place, e, lost);
}

void world_write_event(enum event_kind kind, const char *subject)
{
	events_write(&world_gate, kind, subject, 0);
}

void world_announce_only(enum event_kind kind)
{
	events_announce(&world_gate, kind, 0, 1);
	events_write_announced(&world_gate, CONTROL_COUNT(gate_word(&world_gate)) + 1, 0);
}

void world_take_number(enum event_ring ring)
{
	uint32_t at = ring;
	union event_cell cell;

	cr_assert(!bpf_map_lookup_elem(world_gate.maps[GATE_EVENTS], &at, &cell));
	cell.event.serial++;
	cr_assert(!bpf_map_update_elem(world_gate.maps[GATE_EVENTS], &at, &cell, BPF_ANY));
}

struct flow_key visit_key(const struct visit *v)
{
	struct flow_key k = {.client_port = htons(v->client_port), .server_port = htons(v->server_port)};

	memcpy(k.client, v->client, 16);
	memcpy(k.server, v->server, 16);
	return k;
}

bool world_knows(enum gate_map map, const struct visit *v, void *value)
{
	static uint8_t any[16384];
	struct flow_key k = visit_key(v);

	return !bpf_map_lookup_elem(world_gate.maps[map], &k, value ? value : any);
}

size_t world_learned(const char *within)
{
	struct gate_learned *all;
	struct prefix p = {0};
	size_t count, i, n = 0;

	cr_assert(!within || !prefix_parse(within, &p));
	cr_assert(!gate_learned(&world_gate, &all, &count));
	for (i = 0; i < count; i++)
		n += !within || prefix_covers(&p, &all[i].prefix);
	free(all);
	return n;
}

int world_save_learned(const char *path)
{
	FILE *f = fopen(path, "we");
	int err = f ? gate_save_learned(&world_gate, f) : -errno;

	if (f)
		fclose(f);
	return err;
}

int world_restore_learned(const char *path)
{
	return gate_restore_learned(&world_gate, path);
}

void world_reset_learned(void)
{
	cr_assert(!gate_clear_learned(&world_gate));
}

void world_forgets(enum gate_map map, const struct visit *v)
{
	struct flow_key k = visit_key(v);

	cr_assert(!bpf_map_delete_elem(world_gate.maps[map], &k));
}

void world_no_cookies(void)
{
	struct shaken_ports s;

	cell_read(GATE_SHAKEN_PORTS, &s);
	s.cookie_tick = 0;
	cell_write(GATE_SHAKEN_PORTS, &s);
}

uint64_t world_crossed(enum direction d, enum crossing what)
{
	uint32_t index = d * CROSSINGS + what;
	struct counter *all = calloc(libbpf_num_possible_cpus(), sizeof(*all));
	uint64_t n = 0;
	int cpu;

	cr_assert(all && !bpf_map_lookup_elem(world_loaded.crossings, &index, all));
	for (cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		n += all[cpu].packets;
	free(all);
	return n;
}

uint64_t world_filter_runs(enum direction d)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	cr_assert(!bpf_obj_get_info_by_fd(d == DIRECTION_IN ? world_loaded.ingress : world_loaded.egress,
					  &info, &size));
	return info.run_cnt;
}

uint64_t world_heavy(enum gate_map map, const void *key, size_t length, size_t *place)
{
	struct heavy *all;
	uint64_t n = 0;
	size_t count;

	cr_assert(!gate_heavy(&world_gate, map, &all, &count));
	for (*place = 0; *place < count && !n; ++*place)
		if (!memcmp(all[*place].key, key, length) && !all[*place].key[length])
			n = all[*place].count;
	*place -= !!n;
	free(all);
	return n;
}

static int count_flow(const struct flow *f, const struct flow_key *ends, void *arg)
{
	(void)f;
	(void)ends;
	(void)arg;
	return 0;
}

int world_flows(void)
{
	return gate_flows(&world_gate, count_flow, NULL);
}

static uint64_t memory_of(int fd)
{
	char path[64], line[128];
	uint64_t bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	cr_assert(f, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		sscanf(line, "memlock: %lu", &bytes);
	fclose(f);
	return bytes;
}

uint64_t world_memory(void)
{
	uint64_t sum = memory_of(world_loaded.counters) + memory_of(world_loaded.device);
	int i;

	/* As many entries as visits, and no more than there is room for. */
	for (i = 0; i < GATE_MAPS; i++)
		if (i != GATE_BOUND)
			sum += memory_of(world_gate.maps[i]);
	return sum;
}

uint64_t world_rule_packets(enum statement s, const char *subject)
{
	const struct rule *r = policy_find(world_running, s, subject);
	struct rule_counters *all;
	uint64_t n;

	cr_assert(r, "no rule %s", subject);
	cr_assert(!gate_rule_counters(&world_gate, &all));
	n = gate_rule_counter(all, r->id).packets;
	gate_rule_counters_free(all);
	return n;
}

struct tap_reader *world_tap(const struct tap_filter *filter)
{
	struct tap_reader *t = NULL;

	cr_assert(!tap_open(&world_gate, filter, &t));
	return t;
}

void world_tap_is_left(int64_t ns)
{
	struct control *c = map_memory(world_gate.maps[GATE_CONTROL], sizeof(*c), true);
	struct tap *taps = map_memory(world_gate.maps[GATE_TAPS], TAPS_MAX * sizeof(*taps), true);
	int i;

	cr_assert(c && taps);
	c->tapped = monotonic_ns() + TAP_LEASE - ns;
	for (i = 0; i < TAPS_MAX; i++)
		taps[i].until = taps[i].until ? monotonic_ns() + TAP_LEASE - ns : 0;
	munmap(c, sizeof(*c));
	munmap(taps, TAPS_MAX * sizeof(*taps));
}

uint64_t world_tapped(void)
{
	struct control c;

	cell_read(GATE_CONTROL, &c);
	return c.tapped;
}

uint64_t world_unplaced(void)
{
	uint64_t n;

	cr_assert(!gate_unplaced(&world_gate, &n));
	return n;
}
