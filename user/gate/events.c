// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/events.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "host/login.h"
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

/* ---- by commands ------------------------------------------------------------- */

static char command[sizeof(((struct event *)NULL)->what)];

/* Terminals, and UTF-8, are for others. */
void events_set_command(int argc, char **argv)
{
	size_t n = 0;
	int i;

	for (i = 1; i < argc && n < sizeof(command) - 1; i++) {
		const char *c;

		if (i > 1)
			command[n++] = ' ';
		for (c = argv[i]; *c && n < sizeof(command) - 1; c++)
			command[n++] = *c < ' ' || *c > '~' ? '?' : *c;
	}
	command[n] = 0;
	if (n == sizeof(command) - 1)
		memcpy(command + n - 3, "...", 3);
}

static void sign(struct event *e)
{
	e->time = boottime_ns();
	e->uid = getuid();
	e->login = login_uid();
	e->pid = getpid();
	login_name(e->login != EVENT_NO_LOGIN ? e->login : e->uid, e->who, sizeof(e->who));
	memcpy(e->what, command, sizeof(e->what));
}

/* Under the lock of the instance, so there is one writer. */
static void put(struct gate *g, struct event *e)
{
	union event_cell *cells = g->maps[GATE_EVENTS] < 0 ? NULL : map_cells(g);
	struct event *to;
	uint64_t serial;

	if (!cells)
		return;
	sign(e);
	serial = __atomic_add_fetch(&cells[EVENTS_OF_COMMANDS].event.serial, 1, __ATOMIC_SEQ_CST);
	fault_point();
	to = &cells[EVENT_CELL(EVENTS_OF_COMMANDS, serial)].event;
	__atomic_store_n(&to->serial, 0, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memcpy(&to->time, &e->time, sizeof(*e) - offsetof(struct event, time));
	__atomic_store_n(&to->serial, serial, __ATOMIC_SEQ_CST);
	unmap_cells(cells);
}

void events_announce(struct gate *g, enum event_kind kind, uint32_t cause, uint64_t figure)
{
	g->announced = (struct event){.kind = kind, .cause = cause, .figure = figure};
}

void events_write_announced(struct gate *g, uint32_t count, uint32_t deadline)
{
	struct event *e = &g->announced;

	if (!e->kind)
		return;
	e->count = count & 0xffff;
	if (deadline)
		e->deadline = ((uint64_t)deadline << CONTROL_DEADLINE_SHIFT) + boottime_ns() - monotonic_ns();
	put(g, e);
	*e = (struct event){0};
}

void events_write(struct gate *g, enum event_kind kind, const char *subject, uint32_t cause)
{
	struct event e = {.kind = kind, .cause = cause, .count = EVENT_NO_COUNT};

	snprintf(e.subject, sizeof(e.subject), "%s", subject ?: "");
	put(g, &e);
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

/* The next number of a ring, if something is there. As events_next(). */
static int next_written(struct gate *g, enum event_ring ring, struct events_place *at, struct event *e,
			uint64_t *lost)
{
	uint64_t head, serial;
	int err = read_head(g, ring, &head);

	while (!err) {
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

/* A change, as it was announced, came true with the store of the control word that has
 * its count, if the next one that was announced has not the same: then that one did. 1: it
 * came true, 0: it did not, and never will; -EAGAIN: that cannot be told yet. */
static int came_true(struct gate *g, const struct event *e, const struct events_place *at)
{
	struct events_place ahead = *at;
	struct event next;
	uint64_t lost = 0;
	int r;

	if (e->count == EVENT_NO_COUNT)
		return 1;
	while ((r = next_written(g, EVENTS_OF_COMMANDS, &ahead, &next, &lost)) > 0)
		if (next.count != EVENT_NO_COUNT)
			return next.count != e->count;
	if (r < 0)
		return r;
	if ((int16_t)(CONTROL_COUNT(gate_word(g)) - e->count) >= 0)
		return 1;
	/* Who wrote it has the lock still, or was killed; and if another came since, that. */
	return ahead.read[EVENTS_OF_COMMANDS] > e->serial ? 0 : -EAGAIN;
}

int events_next(struct gate *g, enum event_ring ring, struct events_place *at, struct event *e,
		uint64_t *lost)
{
	struct events_place before;
	int r, truth;

	*lost = 0;
	do {
		before = *at;
		r = next_written(g, ring, at, e, lost);
		truth = r == 1 && ring == EVENTS_OF_COMMANDS ? came_true(g, e, at) : 1;
	} while (r == 1 && !truth);
	if (truth > 0)
		return r;
	memcpy(at->read, before.read, sizeof(at->read));
	*lost = 0;
	return truth == -EAGAIN ? 0 : truth;
}
