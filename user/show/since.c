// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/since.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/login.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/say.h"
#include "lib/when.h"

#define FOLDER "/run/straygate"
#define MAGIC  0x31746e756f636773ULL
#define SHOWN  5 /* moments, in an error */

/* Of a file; samples follow. */
struct head {
	uint64_t magic;
	uint32_t map;
	uint32_t count;
};

/* ---- where they are kept --------------------------------------------------------------- */

static int folder(const char *instance, char out[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	uid_t who = login_uid();

	if (!geteuid()) {
		mkdir(FOLDER, 0755);
		snprintf(out, PATH_MAX, FOLDER "/%s.counters.%u", instance, who == LOGIN_UNKNOWN ? 0 : who);
		return 0;
	}
	if (!runtime || *runtime != '/')
		return fail(-ENOENT,
			    "--since: earlier counters are kept in XDG_RUNTIME_DIR, which is not set; "
			    "set it to a directory of your own, or use sudo");
	if (snprintf(out, PATH_MAX, "%s/straygate.%s.counters", runtime, instance) >= PATH_MAX)
		return fail(-ENAMETOOLONG, "--since: the name of XDG_RUNTIME_DIR is too long");
	return 0;
}

static int open_moments(struct since *s, const char *instance)
{
	char path[PATH_MAX];
	int err = folder(instance, path);

	if (err)
		return err;
	err = moments_open(&s->moments, path);
	return err ? fail(err, "--since: %s: %s", path, strerror(-err)) : 0;
}

void since_forget(const char *instance)
{
	char pattern[PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), FOLDER "/%s.counters.*", instance);
	if (glob(pattern, GLOB_NOSORT, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		moments_remove(found.gl_pathv[i]);
	globfree(&found);
}

/* ---- samples --------------------------------------------------------------------------- */

static int by_what(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->what > y->what) - (x->what < y->what);
}

/* FNV-1a, of both texts with their ends. */
static uint64_t hash(const char *kind, const char *name, unsigned int number)
{
	const char *const texts[] = {kind, name};
	uint64_t h = 14695981039346656037ULL;

	for (int i = 0; i < 2; i++)
		for (const char *c = texts[i];; c++) {
			h = (h ^ (unsigned char)*c) * 1099511628211ULL;
			if (!*c)
				break;
		}
	return (h ^ number) * 1099511628211ULL;
}

static void note(struct since *s, const struct sample *sample)
{
	struct samples *to = &s->current;

	if (s->err)
		return;
	if (to->count == to->room) {
		size_t room = to->room ? 2 * to->room : 1024;
		void *more = realloc(to->list, room * sizeof(*to->list));

		if (!more) {
			s->err = -ENOMEM;
			return;
		}
		to->list = more;
		to->room = room;
	}
	to->list[to->count++] = *sample;
}

void since_counter(struct since *s, const char *kind, const char *name, unsigned int number,
		   struct counter *c)
{
	struct sample now = {.counter = *c};
	const struct sample *then;

	if (!s || (!c->packets && !c->bytes))
		return;
	now.what = hash(kind, name, number);
	note(s, &now);
	then = bsearch(&now, s->then.list, s->then.count, sizeof(now), by_what);
	if (!then || then->counter.packets > c->packets || then->counter.bytes > c->bytes)
		return;
	c->packets -= then->counter.packets;
	c->bytes -= then->counter.bytes;
}

static void since_sums(struct since *s, const char *kind, const char *name, struct sum sums[REASONS_MAX])
{
	for (unsigned int i = 0; i < REASONS_MAX; i++) {
		since_counter(s, kind, name, 2 * i, &sums[i].all);
		since_counter(s, kind, name, 2 * i + 1, &sums[i].observed);
	}
}

void since_tally(struct since *s, struct tally *t)
{
	for (size_t i = 0; i < t->device_count; i++) {
		struct device_tally *d = &t->device[i];
		struct counter runs = {.packets = d->device->runs};

		since_sums(s, "device", d->device->name, d->reason);
		since_counter(s, "runs", d->device->name, 0, &runs);
		d->device->runs = runs.packets;
		d->packets = (struct counter){0};
		for (unsigned int r = 0; r < REASONS_MAX; r++) {
			d->packets.packets += d->reason[r].all.packets;
			d->packets.bytes += d->reason[r].all.bytes;
		}
	}
	for (size_t i = 0; i < t->listener_count; i++) {
		since_sums(s, "listener", t->listener[i].rule->subject, t->listener[i].reason);
		tally_sum_listener(&t->listener[i]);
	}
}

/* ---- which moment ------------------------------------------------------------------------ */

/* s since 1970. */
static time_t wall_of(const struct since *s, uint64_t boottime)
{
	return (time_t)((s->real - s->now + boottime) / SECOND_NS);
}

/* When the instance was made: what is in it was pinned then. */
static int came_up(struct since *s, struct gate *g)
{
	char path[PATH_MAX + 16];
	struct stat st;
	uint64_t real, ago;

	snprintf(path, sizeof(path), "%s/%s", g->dir, gate_map_names[GATE_CONTROL]);
	if (stat(path, &st))
		return fail(-errno, "%s: %s", path, strerror(errno));
	real = (uint64_t)st.st_mtim.tv_sec * SECOND_NS + (uint64_t)st.st_mtim.tv_nsec;
	ago = s->real > real ? s->real - real : 0;
	s->from = s->now > ago ? s->now - ago : 0;
	s->up = true;
	return 0;
}

static bool is_of(const struct since *s, const struct head *h, size_t len)
{
	return len >= sizeof(*h) && h->magic == MAGIC && h->map == s->map &&
	       len == sizeof(*h) + h->count * sizeof(struct sample);
}

/* Those of a gate that was taken down go, and what is no such file. */
static void sweep(struct since *s)
{
	for (size_t i = s->moments.count; i-- > 0;) {
		void *buf = NULL;
		size_t len = 0;

		if (moments_read(&s->moments, i, &buf, &len) || !is_of(s, buf, len) ||
		    s->moments.list[i].at >= s->now)
			moments_drop(&s->moments, i);
		free(buf);
	}
}

static int take(struct since *s, size_t i)
{
	void *buf;
	size_t len;
	int err = moments_read(&s->moments, i, &buf, &len);

	if (err)
		return fail(err, "--since: what was kept cannot be read: %s", strerror(-err));
	s->then.count = ((struct head *)buf)->count;
	memmove(buf, (char *)buf + sizeof(struct head), s->then.count * sizeof(struct sample));
	s->then.list = buf;
	s->from = s->moments.list[i].at;
	s->up = false;
	return 0;
}

static int unknown_moment(const struct since *s, const char *text)
{
	size_t count = s->moments.count, first = count > SHOWN ? count - SHOWN : 0;
	char known[SHOWN * 32] = "", up[40];

	for (size_t i = first; i < count; i++) {
		strcat(known, i > first ? ", " : "");
		when_local((uint64_t)wall_of(s, s->moments.list[i].at) * SECOND_NS, known + strlen(known),
			   32);
	}
	when_local((uint64_t)wall_of(s, s->from) * SECOND_NS, up, sizeof(up));
	if (!count)
		return fail(
			EXIT_FAILED,
			"--since %s: the counters of that time are not known; each `show counters --since` "
			"stores them, and there was none since the gate came up (%s); `--since last` "
			"compares with that moment",
			text, up);
	return fail(EXIT_FAILED,
		    "--since %s: the counters of that time are not known; each `show counters --since` "
		    "stores them: "
		    "%s%s%s, and all were zero when the gate came up (%s)",
		    text, known, first ? " are the last of " : "", first ? grouped(count) : "", up);
}

static int choose(struct since *s, const char *text)
{
	time_t now = time(NULL), from = 0;
	bool last = !strcmp(text, "last");
	size_t i = s->moments.count;

	if (!last && !when_parse(text, now, &from)) {
		say("--since %s: expected last, or a time (" WHEN_FORMS ")", text);
		return EXIT_USAGE;
	}
	if (from > now) {
		say("--since %s: that is in the future", text);
		return EXIT_USAGE;
	}
	while (!last && i && wall_of(s, s->moments.list[i - 1].at) > from)
		i--;
	if (i)
		return take(s, i - 1) ? EXIT_FAILED : EXIT_OK;
	return last || from <= wall_of(s, s->from) ? EXIT_OK : unknown_moment(s, text);
}

int since_begin(struct since *s, struct gate *g, const char *text)
{
	struct gate_ruling ruling;
	int status;

	gate_ruling(g, &ruling);
	*s = (struct since){
		.moments = {.dir = -1},
		.map = ruling.map,
		.now = boottime_ns(),
		.real = realtime_ns(),
	};
	if (came_up(s, g) || open_moments(s, g->instance))
		return EXIT_FAILED;
	sweep(s);
	status = choose(s, text);
	/* Whoever reads what is printed may take his time. */
	moments_unlock(&s->moments);
	return status;
}

int since_end(struct since *s)
{
	struct head head = {.magic = MAGIC, .map = s->map, .count = (uint32_t)s->current.count};
	size_t size = s->current.count * sizeof(struct sample);
	char *buf = s->err ? NULL : malloc(sizeof(head) + size);
	int err = buf ? 0 : -ENOMEM;

	if (buf) {
		qsort(s->current.list, s->current.count, sizeof(*s->current.list), by_what);
		memcpy(buf, &head, sizeof(head));
		memcpy(buf + sizeof(head), s->current.list, size);
		err = moments_lock(&s->moments);
		if (!err)
			err = moments_add(&s->moments, s->now, buf, sizeof(head) + size);
	}
	free(buf);
	return err ? fail(EXIT_FAILED, "--since: these figures could not be kept for the next time: %s",
			  strerror(-err))
		   : EXIT_OK;
}

void since_free(struct since *s)
{
	moments_close(&s->moments);
	free(s->then.list);
	free(s->current.list);
}

/* ---- what is said of it ------------------------------------------------------------------- */

void since_text(const struct since *s)
{
	char time[40], span[64];

	when_local((uint64_t)wall_of(s, s->from) * SECOND_NS, time, sizeof(time));
	duration_print((s->now - s->from) / SECOND_NS * SECOND_NS, span, sizeof(span));
	printf("since %s%s, %s ago\n", time, s->up ? ", when the gate came up" : "",
	       s->now - s->from < SECOND_NS ? "less than a second" : span);
}

void since_json(const struct since *s)
{
	char time[40];

	when_utc((uint64_t)wall_of(s, s->from) * SECOND_NS, time, sizeof(time));
	json_member("since", json_string(time));
	json_member("since_what", json_string(s->up ? "up" : "call"));
	json_member("seconds", json_real((double)(s->now - s->from) / SECOND_NS));
}
