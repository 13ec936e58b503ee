// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters and buckets of rules: in pieces of RULES_SEGMENT ids, which are added
 * as ids are given out, mapped to be read and to be cleared. */
#include "gate/events.h"
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "gate/object.h"
#include "lib/say.h"

#define PIECES	      (RULES_MAX / RULES_SEGMENT)
#define COUNTERS_SIZE (RULES_SEGMENT * sizeof(struct counter)) /* of a CPU */
#define BUCKETS_SIZE  (RULES_SEGMENT * sizeof(uint64_t))

static int open_piece(struct gate *g, const char *kind, uint32_t segment)
{
	char name[PIN_NAME_MAX];

	snprintf(name, sizeof(name), "%s+%u", kind, segment);
	return pin_open(g, name);
}

/* ---- reading ------------------------------------------------------------- */

struct rule_counters {
	size_t cpus;
	const struct counter
		*pieces[PIECES]; /* of each CPU, one behind the other; NULL: none has such an id */
};

void gate_rule_counters_free(struct rule_counters *c)
{
	size_t i;

	for (i = 0; c && i < PIECES; i++)
		if (c->pieces[i])
			munmap((void *)c->pieces[i], c->cpus * COUNTERS_SIZE);
	free(c);
}

int gate_rule_counters(struct gate *g, struct rule_counters **out)
{
	struct rule_counters *c = calloc(1, sizeof(*c));
	char name[PIN_NAME_MAX];
	uint32_t i;
	int err = c ? 0 : -ENOMEM;

	for (i = 0; i < PIECES && !err; i++) {
		cleanup_fd int fd = -1;

		snprintf(name, sizeof(name), "counters+%u", i);
		fd = pin_open_mapped(g, name);

		if (fd < 0) {
			err = errno == ENOENT ? 0 : -errno;
			break;
		}
		c->cpus = cpu_ids();
		c->pieces[i] = map_memory(fd, c->cpus * COUNTERS_SIZE, false);
		err = c->pieces[i] ? 0 : -errno;
	}
	if (err) {
		gate_rule_counters_free(c);
		return fail(err, "the counters of rules cannot be read: %s", strerror(-err));
	}
	*out = c;
	return 0;
}

struct counter gate_rule_counter(const struct rule_counters *c, uint32_t id)
{
	const struct counter *at = id < RULES_MAX ? c->pieces[id / RULES_SEGMENT] : NULL;
	struct counter sum = {0};
	size_t cpu;

	if (!at)
		return sum;
	for (at += id % RULES_SEGMENT, cpu = 0; cpu < c->cpus; cpu++, at += RULES_SEGMENT) {
		sum.packets += at->packets;
		sum.bytes += at->bytes;
	}
	return sum;
}

/* ---- adding -------------------------------------------------------------- */

static int make_array(const char *kind, uint32_t value_size, uint32_t entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, kind, sizeof(uint32_t), value_size, entries, &opts);

	return fd < 0 ? -errno : fd;
}

int rule_counters_piece(void)
{
	return make_array("counters", COUNTERS_SIZE, cpu_ids());
}

static int add_piece(struct gate *g, enum gate_map outer, const char *kind, int piece, uint32_t segment)
{
	cleanup_fd int fd = piece;
	char name[PIN_NAME_MAX];
	int err;

	if (fd < 0)
		return fail(fd, "no memory in the kernel for the counters of rules: %s", strerror(-fd));
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
		err = add_piece(g, GATE_RULE_COUNTERS, "counters", rule_counters_piece(), segment);
	if (buckets < 0 && !err)
		err = add_piece(g, GATE_BUCKETS, "buckets",
				make_array("buckets", sizeof(uint64_t), RULES_SEGMENT), segment);
	return err;
}

/* ---- clearing ------------------------------------------------------------ */

struct ids {
	uint8_t *old; /* by id: stands in the policy before */
	uint8_t *now;
	size_t count;
};

static size_t ids_of(struct policy *p)
{
	uint32_t last = 0;
	size_t i;

	for (i = 0; i < policy_count(p); i++)
		if (policy_rule(p, i)->id > last)
			last = policy_rule(p, i)->id;
	return last + 1;
}

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

static bool is_new(const struct ids *ids, uint32_t id)
{
	return ids->now[id] && !ids->old[id];
}

/* Its new ids, in memory that the programs go on counting in: those of others are
 * not touched. */
static void clear_piece(const struct ids *ids, uint32_t from, uint32_t end, struct counter *counters,
			uint64_t *buckets)
{
	size_t cpus = cpu_ids(), cpu;
	uint32_t id;

	for (id = from; id < end; id++) {
		if (!is_new(ids, id))
			continue;
		for (cpu = 0; cpu < cpus; cpu++)
			counters[cpu * RULES_SEGMENT + id - from] = (struct counter){0};
		buckets[id - from] = 0;
	}
}

static int map_and_clear(struct gate *g, const struct ids *ids, uint32_t from, uint32_t end)
{
	cleanup_fd int counters_fd = open_piece(g, "counters", from / RULES_SEGMENT);
	cleanup_fd int buckets_fd = open_piece(g, "buckets", from / RULES_SEGMENT);
	size_t size = cpu_ids() * COUNTERS_SIZE;
	struct counter *counters = map_memory(counters_fd, size, true);
	uint64_t *buckets = counters ? map_memory(buckets_fd, BUCKETS_SIZE, true) : NULL;
	int err = buckets ? 0 : -errno;

	if (buckets) {
		clear_piece(ids, from, end, counters, buckets);
		munmap(buckets, BUCKETS_SIZE);
	}
	if (counters)
		munmap(counters, size);
	return err;
}

static int clear_segment(struct gate *g, const struct ids *ids, uint32_t segment)
{
	uint32_t from = segment * RULES_SEGMENT, end = from + RULES_SEGMENT, id;
	bool fresh, any = false;
	int err = need_piece(g, segment, &fresh);

	if (err || fresh)
		return err;
	end = end < ids->count ? end : ids->count;
	for (id = from; id < end && !err; id++) {
		any |= is_new(ids, id);
		if (is_new(ids, id) && id <= LISTENERS_MAX)
			err = gate_clear_listener(g, id);
	}
	if (!err && any)
		err = map_and_clear(g, ids, from, end);
	return err ? fail(err, "the counters of rules cannot be cleared: %s", strerror(-err)) : 0;
}

/* What networks have spent of lines that are new here. */
static int clear_limits(struct gate *g, const struct ids *ids, struct policy *now)
{
	bool any = false;
	size_t i;

	for (i = 0; i < policy_count(now); i++) {
		const struct rule *r = policy_rule(now, i);

		/* from here on: ids of such lines alone */
		ids->now[r->id] = r->statement == ST_LIMIT && is_new(ids, r->id);
		any |= ids->now[r->id];
	}
	return any ? gate_clear_clients(g, ids->now, ids->count) : 0;
}

/* Ids that were not in use before begin at zero; all others keep what they
 * have, whatever else changes. */
int gate_clear_rules(struct gate *g, struct policy *now, struct policy *before)
{
	struct ids ids = {0};
	uint32_t segment;
	int err = mark_ids(&ids, now, before);

	for (segment = 0; !err && segment * RULES_SEGMENT < ids.count; segment++)
		err = clear_segment(g, &ids, segment);
	if (!err)
		err = clear_limits(g, &ids, now);
	free(ids.old);
	free(ids.now);
	return err ? err : events_name_listeners(g, now);
}
