// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters of devices, heavy hitters and flows: read, sum up over CPUs, clear. */
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/say.h"

#define BATCH 4096

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

int gate_crossings(struct gate *g, const struct gate_device *d, struct counter *out)
{
	cleanup_fd int fd = device_pin_open(g, d->name, "crossings");

	memset(out, 0, 2 * CROSSINGS * sizeof(*out));
	return fd < 0 ? -errno : sum_counters(fd, out, 2 * CROSSINGS);
}

/* Adds one counter of a device to another, on each CPU, and clears it. */
static int move_counter(int fd, uint32_t from, uint32_t to, struct counter *moved, struct counter *sum,
			size_t cpus)
{
	const struct counter none = {0};
	bool any = false;
	size_t i;

	if (bpf_map_lookup_elem(fd, &from, moved))
		return -errno;
	for (i = 0; i < cpus; i++)
		any |= memcmp(&moved[i], &none, sizeof(none)) != 0;
	if (!any)
		return 0;
	if (bpf_map_lookup_elem(fd, &to, sum))
		return -errno;
	for (i = 0; i < cpus; i++) {
		sum[i].packets += moved[i].packets;
		sum[i].bytes += moved[i].bytes;
		moved[i] = none;
	}
	return bpf_map_update_elem(fd, &from, moved, BPF_ANY) || bpf_map_update_elem(fd, &to, sum, BPF_ANY)
		       ? -errno
		       : 0;
}

static int retire_counters(int fd, uint32_t listener, struct counter *two, size_t cpus)
{
	uint32_t observed, reason;
	int err = 0;

	for (observed = 0; observed < 2; observed++)
		for (reason = 0; reason < REASONS_MAX && !err; reason++)
			err = move_counter(fd, counter_index(listener, observed, reason),
					   counter_index(LISTENERS_FORMER, observed, reason), two, two + cpus,
					   cpus);
	return err;
}

/* As of a listener that is new: no packets, and not engaged. */
int gate_clear_listener(struct gate *g, uint32_t id)
{
	const struct engagement none = {0};
	const struct alarm calm = {0};
	size_t cpus = libbpf_num_possible_cpus(), count, i;
	struct counter *two = calloc(2 * cpus, sizeof(*two));
	struct gate_device *devices;
	int err = two ? gate_devices(g, &devices, &count) : -ENOMEM;

	if (!err) {
		for (i = 0; i < count && !err; i++)
			err = devices[i].counters < 0 ? 0
						      : retire_counters(devices[i].counters, id, two, cpus);
		gate_devices_free(devices, count);
	}
	free(two);
	if (!err && (bpf_map_update_elem(g->maps[GATE_ENGAGEMENTS], &id, &none, BPF_ANY) ||
		     bpf_map_update_elem(g->maps[GATE_ALARMS], &id, &calm, BPF_ANY)))
		err = -errno;
	return err ? err : gate_clear_familiar(g, id);
}

/* ---- heavy hitters ---------------------------------------------------- */

/* By what they are. */
static int by_key(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;
	int order = memcmp(x->key, y->key, sizeof(x->key));

	if (!order)
		order = x->length - y->length;
	return order ? order : x->protocol - y->protocol;
}

static int by_count(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static size_t merge_heavy(struct heavy *all, size_t count)
{
	size_t i, n = 0;

	qsort(all, count, sizeof(*all), by_key);
	for (i = 0; i < count; i++) {
		if (!all[i].count)
			continue;
		if (n && !by_key(&all[n - 1], &all[i]))
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
	struct heavy *all = calloc(HEAVY_CELLS * cpus, sizeof(*all));
	uint32_t *keys = malloc(HEAVY_CELLS * sizeof(*keys)), cursor, got = HEAVY_CELLS;
	int err = all && keys ? 0 : -ENOMEM;

	/* ENOENT: these were all. */
	if (!err && bpf_map_lookup_batch(g->maps[map], NULL, &cursor, keys, all, &got, NULL) &&
	    errno != ENOENT)
		err = -errno;
	free(keys);
	if (err) {
		free(all);
		return fail(err, "%s cannot be read: %s", gate_map_names[map], strerror(-err));
	}
	*count = merge_heavy(all, HEAVY_CELLS * cpus);
	*out = all;
	return 0;
}

int gate_clear_heavy(struct gate *g, enum gate_map map)
{
	struct heavy *none = calloc(libbpf_num_possible_cpus(), sizeof(*none));
	int err = none ? 0 : -ENOMEM;
	uint32_t at;

	for (at = 0; at < HEAVY_CELLS && !err; at++)
		if (bpf_map_update_elem(g->maps[map], &at, none, BPF_ANY))
			err = -errno;
	free(none);
	return err ? fail(err, "%s cannot be cleared: %s", gate_map_names[map], strerror(-err)) : 0;
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
