// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A packet comes in two records: what it was, before anything was written over it, and
 * what became of it. They are joined here by CPU and serial; a packet without its outcome,
 * which found no room, was counted as lost and is left out.
 */
#include "gate/rings.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "gate/object.h"

#define RING_BYTES	(1u << 20)
#define RING_BYTES_MANY (1u << 18) /* on machines with many CPUs */
#define MANY_CPUS	16

/* One of the batch: its record and bytes are `at` in the bytes of the batch. */
struct place {
	uint64_t time;
	size_t at;
};

/* The packet of a CPU that waits for its outcome. */
struct waiting {
	bool waits;
	struct tap_record record;
	uint8_t *bytes; /* TAP_SNAPLEN_MAX */
};

struct rings {
	struct perf_buffer *perf;
	struct waiting *waiting; /* by CPU */
	size_t cpus;
	struct place *list;
	size_t count, room;
	uint8_t *batch;
	size_t used, size;
	int err;
};

static bool grow(void **at, size_t *room, size_t wanted, size_t each)
{
	size_t size = *room ? *room : 64;
	void *grown;

	if (wanted <= *room)
		return true;
	while (size < wanted)
		size *= 2;
	grown = reallocarray(*at, size, each);
	if (!grown)
		return false;
	*at = grown;
	*room = size;
	return true;
}

static void add(struct rings *r, const struct tap_record *record, const uint8_t *bytes)
{
	size_t length = (sizeof(*record) + record->captured + 7) & ~(size_t)7;

	if (!grow((void **)&r->list, &r->room, r->count + 1, sizeof(*r->list)) ||
	    !grow((void **)&r->batch, &r->size, r->used + length, 1)) {
		r->err = -ENOMEM;
		return;
	}
	r->list[r->count++] = (struct place){.time = record->time, .at = r->used};
	memcpy(r->batch + r->used, record, sizeof(*record));
	if (record->captured)
		memcpy(r->batch + r->used + sizeof(*record), bytes, record->captured);
	r->used += length;
}

static void finish(struct rings *r, struct waiting *w, const struct tap_record *outcome)
{
	if (w->waits && w->record.serial == outcome->serial) {
		w->record.acted = outcome->acted;
		w->record.flags = outcome->flags;
		add(r, &w->record, w->bytes);
	}
	w->waits = false;
}

static void take(struct rings *r, struct waiting *w, const uint8_t *data, size_t size)
{
	struct tap_record record = {0};
	size_t known = size < sizeof(record) ? size : sizeof(record);

	memcpy(&record, data, known);
	if (size >= TAP_OUTCOME_SIZE && record.kind == TAP_OUTCOME) {
		finish(r, w, &record);
	} else if (size >= sizeof(record) && record.kind == TAP_VERDICT) {
		record.captured = 0;
		add(r, &record, NULL);
	} else if (size >= sizeof(record) && record.captured <= size - sizeof(record) &&
		   record.captured <= TAP_SNAPLEN_MAX) {
		w->waits = true;
		w->record = record;
		memcpy(w->bytes, data + sizeof(record), record.captured);
	}
}

static enum bpf_perf_event_ret event(void *arg, int cpu, struct perf_event_header *header)
{
	const struct {
		struct perf_event_header header;
		uint32_t size;
		uint8_t data[];
	} *sample = (const void *)header;
	struct rings *r = arg;

	if (header->type == PERF_RECORD_SAMPLE && cpu >= 0 && (size_t)cpu < r->cpus)
		take(r, &r->waiting[cpu], sample->data, sample->size);
	return r->err ? LIBBPF_PERF_EVENT_ERROR : LIBBPF_PERF_EVENT_CONT;
}

static int make_perf(struct rings *r, int map)
{
	size_t bytes = r->cpus > MANY_CPUS ? RING_BYTES_MANY : RING_BYTES;
	/* Who reads is woken when a ring is half full, and looks by himself before that. */
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
		.wakeup_watermark = bytes / 2,
	};

	r->perf = perf_buffer__new_raw(map, bytes / getpagesize(), &attr, event, r, NULL);
	return r->perf ? 0 : -errno;
}

int rings_open(int map, struct rings **out)
{
	struct rings *r = calloc(1, sizeof(*r));
	size_t i;

	*out = r;
	if (!r)
		return -ENOMEM;
	r->cpus = cpu_ids();
	r->waiting = calloc(r->cpus, sizeof(*r->waiting));
	if (!r->waiting)
		return -ENOMEM;
	for (i = 0; i < r->cpus; i++) {
		r->waiting[i].bytes = malloc(TAP_SNAPLEN_MAX);
		if (!r->waiting[i].bytes)
			return -ENOMEM;
	}
	return make_perf(r, map);
}

static int by_time(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

int rings_read(struct rings *r, int ms, tap_fn *fn, void *arg)
{
	size_t i;
	int err;

	r->count = 0;
	r->used = 0;
	err = perf_buffer__poll(r->perf, ms);
	if (err >= 0 || err == -EINTR)
		err = perf_buffer__consume(r->perf);
	if (r->err || err < 0)
		return r->err ? r->err : err;
	if (r->count)
		qsort(r->list, r->count, sizeof(*r->list), by_time);
	for (i = 0; i < r->count; i++) {
		const uint8_t *at = r->batch + r->list[i].at;

		if (fn((const struct tap_record *)at, at + sizeof(struct tap_record), arg))
			break;
	}
	return 0;
}

void rings_close(struct rings *r)
{
	size_t i;

	if (!r)
		return;
	perf_buffer__free(r->perf);
	for (i = 0; r->waiting && i < r->cpus; i++)
		free(r->waiting[i].bytes);
	free(r->waiting);
	free(r->list);
	free(r->batch);
	free(r);
}
