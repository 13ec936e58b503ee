// SPDX-License-Identifier: GPL-2.0-or-later
/* Mixes: several streams from a file, rates that change, visitors who come again. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"

/* A line is an option without its dashes, and its argument; `stream LABEL` begins
 * another stream, whose options follow. */
void mix_read(const char *path, void (*option)(struct stream *s, const char *name, char *arg))
{
	FILE *f = fopen(path, "re");
	char line[1024], *name, *arg;
	unsigned int streams_read = 0;

	if (!f)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "#\n")] = '\0';
		name = line + strspn(line, " \t");
		arg = name + strcspn(name, " \t");
		if (*arg)
			*arg++ = '\0';
		arg += strspn(arg, " \t");
		for (size_t n = strlen(arg); n && strchr(" \t", arg[n - 1]); n--)
			arg[n - 1] = '\0';
		if (!*name)
			continue;
		if (strcmp(name, "stream")) {
			option(streams_read ? &streams[streams_read - 1] : NULL, name, arg);
			continue;
		}
		if (streams_read == MAX_STREAMS)
			die("too many streams", arg);
		streams[streams_read++].label = strdup(arg);
	}
	fclose(f);
}

/* `0:0 2.5:1 30:0.1`: seconds, and the part of the rate that comes then. */
void mix_curve(struct stream *s, char *arg)
{
	struct point *p;
	char *word, *rest = NULL, tail;

	for (word = strtok_r(arg, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (s->points == MAX_POINTS)
			die("too many points", word);
		p = &s->point[s->points];
		if (sscanf(word, "%lf:%lf%c", &p->seconds, &p->part, &tail) != 2 || p->part < 0 ||
		    p->part > 1 || (s->points && p->seconds <= p[-1].seconds))
			die("not a point (SECONDS:PART, times rise, parts are 0 to 1)", word);
		s->points++;
	}
}

/* `3000:1.1:tail.example`: so many names more, the n-th with 1 / n^1.1 of the first's
 * weight; all of them together as heavy as those before. */
void mix_tail(struct stream *s, char *arg)
{
	double exponent, sum = 0, before = s->name_count ? s->names[s->name_count - 1].weight / 1000.0 : 1;
	char below[128], text[256];
	unsigned int count;

	if (sscanf(arg, "%u:%lf:%127s", &count, &exponent, below) != 3 || count > MAX_NAMES)
		die("not a tail (COUNT:EXPONENT:NAME)", arg);
	for (unsigned int i = 1; i <= count; i++)
		sum += pow(i, -exponent);
	for (unsigned int i = 1; i <= count; i++) {
		snprintf(text, sizeof(text), "w%u.%s", i, below);
		name_add(s, text, before * pow(i, -exponent) / sum);
	}
}

/* `0.7:2:3000`: who was not answered comes again, with probability 0.7, at most twice,
 * after 3,000 ms. */
void mix_again(struct stream *s, char *arg)
{
	unsigned int ms;
	char tail;

	if (sscanf(arg, "%lf:%u:%u%c", &s->again_part, &s->again_max, &ms, &tail) != 3 || s->again_part < 0 ||
	    s->again_part > 1 || s->again_max > 100)
		die("not PROBABILITY:TIMES:MS", arg);
	s->again_after = ms * NSEC_PER_MSEC;
}

static double part_at(const struct stream *s, double seconds)
{
	const struct point *p = s->point, *end = p + s->points - 1;

	if (seconds <= p->seconds)
		return p->part;
	for (; p < end; p++)
		if (seconds < p[1].seconds)
			return p->part +
			       (p[1].part - p->part) * (seconds - p->seconds) / (p[1].seconds - p->seconds);
	return end->part;
}

uint64_t mix_next(const struct stream *s)
{
	double gap = NSEC_PER_SEC / s->rate, part;

	if (!s->points)
		return s->begin + (uint64_t)((s->c.offered - s->c.again + s->c.skipped) * gap);
	part = part_at(s, (s->due - s->begin) / 1e9);
	/* Where nobody comes, look again soon. */
	return s->due + (uint64_t)(part * s->rate < 100 ? NSEC_PER_SEC / 100 : gap / part);
}

/* --- those who come again ---------------------------------------------------- */

static void comebacks_grow(struct stream *s)
{
	uint64_t size = s->comebacks_size ? s->comebacks_size * 2 : 4096;
	struct comeback *ring = malloc(size * sizeof(*ring));

	if (!ring)
		die("no memory", s->label);
	for (uint64_t i = s->comebacks_tail; i < s->comebacks_head; i++)
		ring[i & (size - 1)] = s->comebacks[i & (s->comebacks_size - 1)];
	free(s->comebacks);
	s->comebacks = ring;
	s->comebacks_size = size;
}

void comeback_later(struct stream *s, const struct visit *v)
{
	if ((random64() >> 11) * 0x1p-53 >= s->again_part)
		return;
	if (s->comebacks_head - s->comebacks_tail == s->comebacks_size)
		comebacks_grow(s);
	s->comebacks[s->comebacks_head++ & (s->comebacks_size - 1)] = (struct comeback){
		.due = now + s->again_after,
		.name = v->name,
		.again = v->again + 1,
	};
}

unsigned int comebacks_begin(struct stream *s)
{
	unsigned int n = 0;

	for (; s->comebacks_tail != s->comebacks_head && n < 16; s->comebacks_tail++, n++) {
		const struct comeback *c = &s->comebacks[s->comebacks_tail & (s->comebacks_size - 1)];

		if (c->due > now)
			break;
		visit_begin_again(s, c->name, c->again);
	}
	return n;
}
