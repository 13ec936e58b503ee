// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gate/object.h"
#include "gate/rings.h"
#include "lib/say.h"

struct tap_reader {
	struct gate *gate;
	struct control *control;
	struct tap *taps;
	uint32_t own; /* of these; TAPS_MAX: none */
	uint64_t owner;
	int map; /* of the rings */
	struct rings *rings;
};

/* ---- the lease ------------------------------------------------------------------ */

static uint64_t load(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static void store(__u64 *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_SEQ_CST);
}

/* The program looks at taps until the last of them is over. */
static void announce(struct tap_reader *t, uint64_t until)
{
	__u64 before = load((uint64_t *)&t->control->tapped);

	while (before < until && !__atomic_compare_exchange_n(&t->control->tapped, &before, until, false,
							      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

/* If it was the last. Who renews meanwhile has changed the word. */
static void withdraw(struct tap_reader *t)
{
	__u64 word = load((uint64_t *)&t->control->tapped);
	uint64_t now = monotonic_ns();
	size_t i;

	for (i = 0; i < TAPS_MAX; i++)
		if (load((uint64_t *)&t->taps[i].until) > now)
			return;
	__atomic_compare_exchange_n(&t->control->tapped, &word, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

int tap_renew(struct tap_reader *t)
{
	struct tap *own = &t->taps[t->own];
	uint64_t now = monotonic_ns();

	if (load((uint64_t *)&own->owner) != t->owner || load((uint64_t *)&own->until) + TAP_LEASE < now)
		return fail(-ETIME, "this command was stopped for so long that the gate no longer serves it; "
				    "start it again");
	store(&own->until, now + TAP_LEASE);
	announce(t, now + TAP_LEASE);
	return 0;
}

/* ---- a tap of one's own ----------------------------------------------------------- */

static int clear_counts(struct tap_reader *t)
{
	struct tap_cpu *zeros = calloc(libbpf_num_possible_cpus(), sizeof(*zeros));
	int err = zeros ? 0 : -ENOMEM;

	if (!err && bpf_map_update_elem(t->gate->maps[GATE_TAP_CPUS], &t->own, zeros, BPF_ANY))
		err = -errno;
	free(zeros);
	return err;
}

/* One that was nobody's for as long as a lease: its owner, if it lives, has seen that. */
static uint32_t find_free(const struct tap_reader *t)
{
	uint64_t now = monotonic_ns();
	uint32_t i;

	for (i = 0; i < TAPS_MAX; i++)
		if (load((uint64_t *)&t->taps[i].until) + TAP_LEASE < now)
			break;
	return i;
}

static int claim(struct tap_reader *t, const struct tap_filter *filter)
{
	uint32_t at = find_free(t);
	struct tap *own = &t->taps[at];
	uint64_t now;

	if (at == TAPS_MAX)
		return fail(-EBUSY,
			    "%d commands `watch` and `capture` run on instance %s already; end one of them",
			    TAPS_MAX, t->gate->instance);
	t->own = at;
	if (clear_counts(t) || bpf_map_update_elem(t->gate->maps[GATE_TAP_RINGS], &at, &t->map, BPF_ANY))
		return fail(-errno, "%s: the tap cannot be written: %s", t->gate->dir, strerror(errno));
	own->second = 0;
	own->records = 0;
	own->filter = *filter;
	store(&own->owner, t->owner);
	now = monotonic_ns();
	store(&own->until, now + TAP_LEASE);
	announce(t, now + TAP_LEASE);
	return 0;
}

static int map_maps(struct tap_reader *t)
{
	void *control = map_memory(t->gate->maps[GATE_CONTROL], sizeof(struct control), true);
	void *taps = map_memory(t->gate->maps[GATE_TAPS], TAPS_MAX * sizeof(struct tap), true);

	t->control = control;
	t->taps = taps;
	return control && taps ? 0 : -errno;
}

int tap_open(struct gate *g, const struct tap_filter *filter, struct tap_reader **out)
{
	struct tap_reader *t = calloc(1, sizeof(*t));
	int err;

	*out = t;
	if (!t)
		return fail(-ENOMEM, "no memory");
	*t = (struct tap_reader){.gate = g, .own = TAPS_MAX, .map = -1};
	err = map_maps(t);
	if (err)
		return fail(err, "%s/taps cannot be mapped: %s", g->dir, strerror(-err));
	if (getrandom(&t->owner, sizeof(t->owner), 0) != sizeof(t->owner))
		return fail(-EIO, "no random numbers");
	t->map = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "tap", sizeof(uint32_t), sizeof(uint32_t),
				cpu_ids(), NULL);
	err = t->map < 0 ? -errno : rings_open(t->map, &t->rings);
	if (err)
		return fail(err, "the kernel provides no ring buffer for this command: %s%s", strerror(-err),
			    lacks_privilege(err) ? "; run as root" : "");
	if (flock(g->lock, LOCK_EX))
		return fail(-errno, "%s: %s", g->dir, strerror(errno));
	err = claim(t, filter);
	flock(g->lock, LOCK_UN);
	return err;
}

/* ---- reading and end ------------------------------------------------------------------ */

int tap_read(struct tap_reader *t, int ms, tap_fn *fn, void *arg)
{
	return rings_read(t->rings, ms, fn, arg);
}

struct tap_counts tap_counts(const struct tap_reader *t)
{
	struct tap_cpu *cpus = calloc(libbpf_num_possible_cpus(), sizeof(*cpus));
	struct tap_counts sum = {0};
	int i;

	if (cpus && !bpf_map_lookup_elem(t->gate->maps[GATE_TAP_CPUS], &t->own, cpus))
		for (i = 0; i < libbpf_num_possible_cpus(); i++) {
			sum.matched += cpus[i].counts.matched;
			sum.sent += cpus[i].counts.sent;
			sum.over += cpus[i].counts.over;
			sum.lost += cpus[i].counts.lost;
		}
	free(cpus);
	return sum;
}

void tap_stop(struct tap_reader *t)
{
	struct tap *own = &t->taps[t->own];

	if (load((uint64_t *)&own->owner) != t->owner)
		return;
	store(&own->until, monotonic_ns() - 1);
	/* The kernel waits until no program uses it any more. */
	bpf_map_delete_elem(t->gate->maps[GATE_TAP_RINGS], &t->own);
	withdraw(t);
}

void tap_close(struct tap_reader *t)
{
	if (!t)
		return;
	if (t->own < TAPS_MAX) {
		tap_stop(t);
		if (load((uint64_t *)&t->taps[t->own].owner) == t->owner)
			store(&t->taps[t->own].until, 0);
	}
	rings_close(t->rings);
	close_fd(&t->map);
	if (t->control)
		munmap(t->control, sizeof(*t->control));
	if (t->taps)
		munmap(t->taps, TAPS_MAX * sizeof(*t->taps));
	free(t);
}
