// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/events.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "lib/say.h"

/* Its writer takes microseconds, unless it was killed in between. */
#define WRITING_NS 1000000000ULL

static union event_cell *map_cells(struct gate *g)
{
	return map_memory(g->maps[GATE_EVENTS], EVENT_CELLS * sizeof(union event_cell), true);
}

static void unmap_cells(union event_cell *cells)
{
	munmap(cells, EVENT_CELLS * sizeof(*cells));
}

int events_name_listeners(struct gate *g, struct policy *p)
{
	union event_cell *cells = map_cells(g);
	size_t i;

	if (!cells)
		return fail(-errno, "%s/events cannot be mapped: %s", g->dir, strerror(errno));
	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);
		char *subject =
			cells[EVENT_LISTENER_CELL(r->id <= LISTENERS_MAX ? r->id : 0)].listener.subject;

		if (r->statement == ST_LISTEN && r->id && r->id <= LISTENERS_MAX)
			strncpy(subject, r->subject, sizeof(cells->listener.subject) - 1);
	}
	unmap_cells(cells);
	return 0;
}

/* ---- reading ---------------------------------------------------------------- */

static int read_cell(struct gate *g, uint32_t at, struct event *e)
{
	union event_cell cell;

	if (bpf_map_lookup_elem(g->maps[GATE_EVENTS], &at, &cell))
		return -errno;
	*e = cell.event;
	return 0;
}

/* The number that was taken last. */
static int read_head(struct gate *g, enum event_ring ring, uint64_t *head)
{
	struct event e;
	int err = read_cell(g, ring, &e);

	*head = err ? 0 : e.serial;
	return err;
}

/* Is this the event of that number, and whole? A look at its serial, then a copy, and
 * then one at the head: who overwrites it takes a number first. */
static int read_event(struct gate *g, enum event_ring ring, uint64_t serial, struct event *e, uint64_t *head)
{
	int err = read_cell(g, EVENT_CELL(ring, serial), e);

	if (!err && e->serial == serial)
		err = read_cell(g, EVENT_CELL(ring, serial), e);
	return err ? err : read_head(g, ring, head);
}

/* One that was taken and is not there: being written, or its writer was killed. */
static bool is_awaited(struct events_place *at, enum event_ring ring, uint64_t serial)
{
	uint64_t now = boottime_ns();

	if (at->missing[ring] != serial) {
		at->missing[ring] = serial;
		at->patience[ring] = now + WRITING_NS;
	}
	return now < at->patience[ring];
}

int events_next(struct gate *g, enum event_ring ring, struct events_place *at, struct event *e,
		uint64_t *lost)
{
	uint64_t head, serial;
	int err = read_head(g, ring, &head);

	for (*lost = 0; !err;) {
		serial = at->read[ring] + 1;
		if (head >= EVENTS_MAX && serial <= head - EVENTS_MAX) {
			*lost += head - EVENTS_MAX + 1 - serial;
			serial = head - EVENTS_MAX + 1;
			at->read[ring] = serial - 1;
		}
		if (serial > head)
			return 0;
		err = read_event(g, ring, serial, e, &head);
		if (err || (head >= EVENTS_MAX && serial <= head - EVENTS_MAX))
			continue;
		if (e->serial != serial && is_awaited(at, ring, serial))
			return 0;
		at->read[ring] = serial;
		if (e->serial == serial)
			return 1;
		++*lost;
	}
	return err;
}
