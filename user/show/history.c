// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/history.h"

#include <stdio.h>
#include <string.h>

/* What was counted for one listener. */
struct came {
	uint64_t served, stray, other, turned;
};

static uint64_t more(uint64_t now, uint64_t before)
{
	return now < before ? now : now - before;
}

/* Visits that were neither served nor strays. */
static uint64_t others(const struct listener_tally *l)
{
	return l->visits - l->served - l->stray;
}

static struct came came_between(const struct listener_tally *b, const struct listener_tally *n)
{
	return (struct came){
		.served = more(n->served, b->served),
		.stray = more(n->stray, b->stray),
		.other = more(others(n), others(b)),
		.turned = more(n->turned, b->turned),
	};
}

/* The share of the i-th of n seconds: all shares together are the whole. */
static uint32_t share(uint64_t whole, uint64_t i, uint64_t n)
{
	uint64_t s = whole * (i + 1) / n - whole * i / n;

	return s < UINT32_MAX ? s : UINT32_MAX;
}

static struct second share_of(const struct came *c, uint64_t i, uint64_t n)
{
	return (struct second){share(c->served, i, n), share(c->stray, i, n), share(c->other, i, n),
			       share(c->turned, i, n)};
}

static void add(struct second *to, const struct second *s)
{
	to->served += s->served;
	to->stray += s->stray;
	to->other += s->other;
	to->turned += s->turned;
}

static struct track *make_track(struct history *h, const struct rule *r)
{
	struct track *t = (struct track *)track_of(h, r);
	size_t i;

	for (i = 0; !t && i < POLICY_LISTENERS_MAX; i++)
		if (!h->tracks[i].id) {
			t = &h->tracks[i];
			*t = (struct track){.id = r->id};
			snprintf(t->subject, sizeof(t->subject), "%s", r->subject);
		}
	return t;
}

/* Those of listeners that are gone make room. */
static void drop_tracks(struct history *h, const struct tally *now)
{
	size_t i, k;

	for (i = 0; i < POLICY_LISTENERS_MAX; i++) {
		for (k = 0; k < now->listener_count; k++)
			if (track_of(h, now->listener[k].rule) == &h->tracks[i])
				break;
		if (k == now->listener_count)
			h->tracks[i].id = 0;
	}
}

/* Makes room for so many seconds, and says which is the first of them. */
static uint64_t begin_seconds(struct history *h, uint64_t second)
{
	uint64_t from = h->last + 1, s;
	size_t i;

	if (!h->first) {
		h->first = second;
		from = second;
	}
	if (from > second)
		from = second;
	for (s = from; s <= second && s - from < HISTORY_SECONDS; s++) {
		if (s == h->last)
			continue;
		h->seconds[s % HISTORY_SECONDS] = (struct second){0};
		for (i = 0; i < POLICY_LISTENERS_MAX; i++)
			h->tracks[i].seconds[s % HISTORY_LISTENER] = (struct second){0};
	}
	h->last = second;
	return from;
}

void history_add(struct history *h, uint64_t second, const struct tally *before, const struct tally *now)
{
	uint64_t from = begin_seconds(h, second), n = second - from + 1, s;
	size_t i;

	drop_tracks(h, now);
	for (i = 0; i < now->listener_count; i++) {
		const struct listener_tally *l = &now->listener[i];
		struct track *t = make_track(h, l->rule);
		struct came c = came_between(tally_same_listener(before, l), l);

		for (s = n > HISTORY_SECONDS ? second - HISTORY_SECONDS + 1 : from; s <= second; s++) {
			struct second part = share_of(&c, s - from, n);

			add(&h->seconds[s % HISTORY_SECONDS], &part);
			if (t && second - s < HISTORY_LISTENER)
				add(&t->seconds[s % HISTORY_LISTENER], &part);
		}
	}
}

static bool is_known(const struct history *h, uint64_t second, uint64_t room)
{
	return h->first && second >= h->first && second <= h->last && h->last - second < room;
}

struct second history_at(const struct history *h, uint64_t second)
{
	return is_known(h, second, HISTORY_SECONDS) ? h->seconds[second % HISTORY_SECONDS]
						    : (struct second){0};
}

const struct track *track_of(const struct history *h, const struct rule *listener)
{
	size_t i;

	for (i = 0; i < POLICY_LISTENERS_MAX; i++)
		if (h->tracks[i].id == listener->id && !strcmp(h->tracks[i].subject, listener->subject))
			return &h->tracks[i];
	return NULL;
}

struct second track_at(const struct history *h, const struct track *t, uint64_t second)
{
	return t && is_known(h, second, HISTORY_LISTENER) ? t->seconds[second % HISTORY_LISTENER]
							  : (struct second){0};
}
