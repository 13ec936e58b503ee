// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers. There are few distinct delays, so each has a queue of its own in which
 * timers stand in the order they were set, which is the order they end. A timer
 * is never taken out: it is void if its visit has set another since.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crowd.h"

static const uint64_t delays[DELAYS] = {250 * NSEC_PER_MSEC, 500 * NSEC_PER_MSEC, 1000 * NSEC_PER_MSEC,
					2000 * NSEC_PER_MSEC, 4000 * NSEC_PER_MSEC};

struct timer {
	uint64_t end;
	struct stream *stream;
	uint32_t slot, stamp;
};

static struct timer_queue {
	struct timer *ring;
	uint64_t size, head, tail;
} queues[DELAYS];

static void queue_grow(struct timer_queue *q)
{
	uint64_t size = q->size ? q->size * 2 : 4096;
	struct timer *ring = malloc(size * sizeof(*ring));

	if (!ring) {
		perror("crowd: timers");
		exit(1);
	}
	for (uint64_t i = q->tail; i < q->head; i++)
		ring[i & (size - 1)] = q->ring[i & (q->size - 1)];
	free(q->ring);
	q->ring = ring;
	q->size = size;
}

void timer_set(struct stream *s, struct visit *v, unsigned int delay)
{
	struct timer_queue *q = &queues[delay < DELAYS ? delay : DELAYS - 1];

	if (q->head - q->tail == q->size)
		queue_grow(q);
	q->ring[q->head++ & (q->size - 1)] = (struct timer){
		.end = now + delays[q - queues],
		.stream = s,
		.slot = v->n & s->mask,
		.stamp = ++v->stamp,
	};
}

void timer_stop(struct visit *v)
{
	v->stamp++;
}

/* Ends timers, a bounded number a round so that replies do not wait. */
void visits_timers(void)
{
	unsigned int budget = 64;

	for (unsigned int i = 0; i < DELAYS; i++) {
		struct timer_queue *q = &queues[i];

		while (q->tail != q->head && budget) {
			struct timer *t = &q->ring[q->tail & (q->size - 1)];
			struct visit *v = &t->stream->visits[t->slot];
			bool valid = t->stamp == v->stamp;

			if (valid && t->end > now)
				break;
			q->tail++;
			if (valid) {
				budget--;
				visit_timer(t->stream, v);
			}
		}
	}
}

uint64_t visits_next_timer(void)
{
	uint64_t next = UINT64_MAX;

	for (unsigned int i = 0; i < DELAYS; i++) {
		struct timer_queue *q = &queues[i];

		if (q->tail != q->head && q->ring[q->tail & (q->size - 1)].end < next)
			next = q->ring[q->tail & (q->size - 1)].end;
	}
	return next;
}
