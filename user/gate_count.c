// SPDX-License-Identifier: GPL-2.0-only
/* Counters, heavy hitters and flows: read, sum up over CPUs, clear. */
#include "gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "say.h"

#define BATCH	      4096
#define BATCH_CLEARED 256

/* Sums elements [from, from + n) of a per-CPU array of counters into out. */
static int sum_counters(int fd, struct counter *out, size_t n)
{
	size_t cpus = libbpf_num_possible_cpus(), done = 0, i, cpu;
	struct counter *all = malloc(BATCH * cpus * sizeof(*all));
	uint32_t *keys = malloc(BATCH * sizeof(*keys)), cursor, got;
	int err = all && keys ? 0 : -ENOMEM;

	while (!err && done < n) {
		got = n - done < BATCH ? n - done : BATCH;
		if (bpf_map_lookup_batch(fd, done ? &cursor : NULL, &cursor, keys, all, &got, NULL) &&
		    errno != ENOENT) {
			err = -errno;
			break;
		}
		if (!got)
			break;
		for (i = 0; i < got; i++)
			for (cpu = 0; cpu < cpus; cpu++) {
				out[done + i].packets += all[i * cpus + cpu].packets;
				out[done + i].bytes += all[i * cpus + cpu].bytes;
			}
		done += got;
	}
	free(all);
	free(keys);
	return err;
}

int gate_counters(const struct gate_device *d, struct counter *out)
{
	int err;

	memset(out, 0, COUNTERS_MAX * sizeof(*out));
	err = d->counters < 0 ? -ENOENT : sum_counters(d->counters, out, COUNTERS_MAX);
	out[COUNTER_FORMER_RUNS] = (struct counter){0};
	return err ? fail(err, "the counters of %s cannot be read: %s", d->name, strerror(-err)) : 0;
}

/* ---- rules ------------------------------------------------------------ */

static int open_piece(struct gate *g, const char *kind, uint32_t segment)
{
	char name[PIN_NAME_MAX];

	snprintf(name, sizeof(name), "%s+%u", kind, segment);
	return pin_open(g, name);
}

static size_t ids_of(struct policy *p)
{
	uint32_t last = 0;
	size_t i;

	for (i = 0; i < policy_count(p); i++)
		if (policy_rule(p, i)->id > last)
			last = policy_rule(p, i)->id;
	return last + 1;
}

int gate_rule_counters(struct gate *g, struct policy *p, struct counter **out)
{
	size_t count = ids_of(p), done;
	int err;

	*out = calloc(count, sizeof(**out));
	err = *out ? 0 : -ENOMEM;
	for (done = 0; done < count && !err; done += RULES_SEGMENT) {
		size_t n = count - done < RULES_SEGMENT ? count - done : RULES_SEGMENT;
		cleanup_fd int fd = open_piece(g, "counters", done / RULES_SEGMENT);

		if (fd >= 0)
			err = sum_counters(fd, *out + done, n);
	}
	return err ? fail(err, "the counters of rules cannot be read: %s", strerror(-err)) : 0;
}

static int add_piece(struct gate *g, enum gate_map outer, const char *kind, enum bpf_map_type type,
		     uint32_t value_size, uint32_t segment)
{
	cleanup_fd int fd = bpf_map_create(type, kind, sizeof(uint32_t), value_size, RULES_SEGMENT, NULL);
	char name[PIN_NAME_MAX];
	int err;

	if (fd < 0)
		return fail(-errno, "no memory in the kernel for the counters of rules: %s", strerror(errno));
	snprintf(name, sizeof(name), "%s+%u", kind, segment);
	err = pin_put(g, name, fd);
	if (err)
		return err;
	if (bpf_map_update_elem(g->maps[outer], &segment, &fd, BPF_ANY))
		return fail(-errno, "the counters of rules do not fit: %s", strerror(errno));
	return 0;
}

/* A piece is used for the first time: all of it is zero. */
static int need_piece(struct gate *g, uint32_t segment, bool *fresh)
{
	cleanup_fd int counters = open_piece(g, "counters", segment);
	cleanup_fd int buckets = open_piece(g, "buckets", segment);
	int err = 0;

	*fresh = counters < 0;
	if (counters < 0)
		err = add_piece(g, GATE_RULE_COUNTERS, "counters", BPF_MAP_TYPE_PERCPU_ARRAY,
				sizeof(struct counter), segment);
	if (buckets < 0 && !err)
		err = add_piece(g, GATE_BUCKETS, "buckets", BPF_MAP_TYPE_ARRAY, sizeof(uint64_t), segment);
	return err;
}

static int clear_listener(struct gate *g, uint32_t id)
{
	const struct engagement none = {0};
	size_t cpus = libbpf_num_possible_cpus(), count, i;
	struct counter *zero = calloc(cpus, sizeof(*zero));
	struct gate_device *devices;
	uint32_t at, from = counter_index(id, 0, 0), to = counter_index(id + 1, 0, 0);
	int err = zero ? gate_devices(g, &devices, &count) : -ENOMEM;

	if (!err) {
		for (i = 0; i < count; i++)
			for (at = from; at < to && devices[i].counters >= 0; at++)
				bpf_map_update_elem(devices[i].counters, &at, zero, BPF_ANY);
		gate_devices_free(devices, count);
	}
	free(zero);
	if (!err && bpf_map_update_elem(g->maps[GATE_ENGAGEMENTS], &id, &none, BPF_ANY))
		err = -errno;
	return err;
}

/* Zeroes for these elements of a map. */
static int clear_elements(int fd, uint32_t *keys, uint32_t count, const void *zeroes)
{
	return bpf_map_update_batch(fd, keys, zeroes, &count, NULL) ? -errno : 0;
}

struct ids {
	uint8_t *old; /* by id: stands in the policy before */
	uint8_t *now;
	size_t count;
};

static int mark_ids(struct ids *ids, struct policy *now, struct policy *before)
{
	size_t i;

	ids->count = ids_of(now);
	ids->old = calloc(ids->count, 1);
	ids->now = calloc(ids->count, 1);
	if (!ids->old || !ids->now)
		return -ENOMEM;
	for (i = 0; i < policy_count(now); i++)
		ids->now[policy_rule(now, i)->id] = 1;
	for (i = 0; before && i < policy_count(before); i++)
		if (policy_rule(before, i)->id < ids->count)
			ids->old[policy_rule(before, i)->id] = 1;
	return 0;
}

static int clear_segment(struct gate *g, const struct ids *ids, uint32_t segment, const void *zeroes)
{
	uint32_t id = segment * RULES_SEGMENT, end = id + RULES_SEGMENT, keys[BATCH_CLEARED], n = 0;
	cleanup_fd int counters = -1;
	cleanup_fd int buckets = -1;
	bool fresh;
	int err = need_piece(g, segment, &fresh);

	if (err || fresh)
		return err;
	end = end < ids->count ? end : ids->count;
	for (; id < end && !err; id++) {
		if (ids->now[id] && !ids->old[id]) {
			keys[n++] = id % RULES_SEGMENT;
			err = id <= LISTENERS_MAX ? clear_listener(g, id) : 0;
		}
		if (err || !n || (n < BATCH_CLEARED && id + 1 < end))
			continue;
		if (counters < 0)
			counters = open_piece(g, "counters", segment);
		if (buckets < 0)
			buckets = open_piece(g, "buckets", segment);
		err = clear_elements(counters, keys, n, zeroes);
		if (!err)
			err = clear_elements(buckets, keys, n, zeroes);
		n = 0;
	}
	return err ? fail(err, "the counters of rules cannot be cleared: %s", strerror(-err)) : 0;
}

/* Ids that were not in use before begin at zero; all others keep what they
 * have, whatever else changes. */
int gate_clear_rules(struct gate *g, struct policy *now, struct policy *before)
{
	void *zeroes = calloc(BATCH_CLEARED * libbpf_num_possible_cpus(), sizeof(struct counter));
	struct ids ids = {0};
	uint32_t segment;
	int err = zeroes ? mark_ids(&ids, now, before) : -ENOMEM;

	for (segment = 0; !err && segment * RULES_SEGMENT < ids.count; segment++)
		err = clear_segment(g, &ids, segment, zeroes);
	free(ids.old);
	free(ids.now);
	free(zeroes);
	return err;
}

/* ---- heavy hitters ---------------------------------------------------- */

static int by_hash(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static int by_count(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static size_t merge_heavy(struct heavy *all, size_t count)
{
	size_t i, n = 0;

	qsort(all, count, sizeof(*all), by_hash);
	for (i = 0; i < count; i++) {
		if (!all[i].count)
			continue;
		if (n && all[n - 1].hash == all[i].hash)
			all[n - 1].count += all[i].count;
		else
			all[n++] = all[i];
	}
	qsort(all, n, sizeof(*all), by_count);
	return n;
}

int gate_heavy(struct gate *g, enum gate_map map, struct heavy **out, size_t *count)
{
	size_t cpus = libbpf_num_possible_cpus();
	struct heavy *all = malloc(HEAVY_CELLS * cpus * sizeof(*all));
	uint32_t at;

	if (!all)
		return -ENOMEM;
	for (at = 0; at < HEAVY_CELLS; at++)
		if (bpf_map_lookup_elem(g->maps[map], &at, all + at * cpus)) {
			free(all);
			return fail(-errno, "%s cannot be read: %s", gate_map_names[map], strerror(errno));
		}
	*count = merge_heavy(all, HEAVY_CELLS * cpus);
	*out = all;
	return 0;
}

/* ---- flows ------------------------------------------------------------ */

/* Each is copied: the program goes on writing. */
static int each_flow(const struct flow_set *sets, const struct flow_ends *ends, gate_flow_fn *fn, void *arg)
{
	int err = 0, total = 0, i;
	struct flow_key key;
	struct flow f;

	for (i = 0; i < FLOWS_MAX && !err; i++) {
		f = sets[i / FLOW_WAYS].flows[i % FLOW_WAYS];
		key = ends[i / FLOW_WAYS].of[i % FLOW_WAYS];
		if (f.state == FLOW_NONE)
			continue;
		err = fn(&f, f.flags & FLOW_NAMED ? &key : NULL, arg);
		total++;
	}
	return err ? err : total;
}

int gate_flows(struct gate *g, gate_flow_fn *fn, void *arg)
{
	size_t size = sizeof(struct flow_set) << FLOW_SETS_LOG, ends_size = sizeof(struct flow_ends)
									    << FLOW_SETS_LOG;
	const struct flow_set *sets = map_memory(g->maps[GATE_FLOWS], size, false);
	const struct flow_ends *ends = map_memory(g->maps[GATE_FLOW_ENDS], ends_size, false);
	int ret = sets && ends ? each_flow(sets, ends, fn, arg) : -errno;

	if (ends)
		munmap((void *)ends, ends_size);
	if (sets)
		munmap((void *)sets, size);
	return ret;
}
