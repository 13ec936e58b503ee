// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Learned sources and regulars in a file, so that they outlive a reboot. Lines of text:
 *
 *	saved 1764190000		seconds since 1970
 *	served 8c2f1a9e33d05b71		policy_served_sum()
 *	learned 203.0.113.7 432 2	for so many seconds yet, learned so many times
 *	regular 198.51.100.0/24		served today or yesterday
 *
 * Under a policy that serves other names by then, who was learned may have asked for one of
 * these: only the regulars are taken back. Regulars of IPv6 are in a filter that is keyed by
 * secrets of this boot: they are learned anew.
 */
#include "gate/gate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>

#include "bpf/learn_table.h"
#include "lib/say.h"

#define REGULARS_SIZE (sizeof(struct regular_cell) * REGULAR_CELLS)
#define LEARNED_SIZE  (sizeof(struct learned_set) * LEARN_SETS)
#define FIRST_LINE    "# straygate: learned sources, for `straygate reset learned FILE`"
#define TWO_DAYS      172800

/* As learn_day() of the programs has it. */
static uint32_t today(struct gate *g)
{
	struct pace p = {0};
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(g->maps[GATE_PACE], &zero, &p) || !p.day)
		return 1;
	return (uint32_t)(gate_alarm_now(g) / p.day + 1);
}

/* ---- into the file ------------------------------------------------------------- */

static int save_regulars(struct gate *g, FILE *out)
{
	struct regular_cell *cells = map_memory(g->maps[GATE_REGULARS], REGULARS_SIZE, false);
	uint32_t net, day = today(g);

	if (!cells)
		return -errno;
	for (net = 0; net < 1U << 24; net++)
		if (regular_has(&cells[net / REGULAR_BITS], day, net % REGULAR_BITS))
			fprintf(out, "regular %u.%u.%u.0/24\n", net >> 16, net >> 8 & 255, net & 255);
	munmap(cells, REGULARS_SIZE);
	return 0;
}

/* Of what runs. */
static int served_sum(struct gate *g, uint64_t *sum)
{
	cleanup_policy struct policy *p = NULL;
	int err = gate_running(g, &p);

	*sum = err ? 0 : policy_served_sum(p);
	return err;
}

int gate_save_learned(struct gate *g, FILE *out)
{
	uint64_t sum;
	struct gate_learned *all = NULL;
	char text[PREFIX_TEXT];
	size_t count, i;
	int err = served_sum(g, &sum) ?: gate_learned(g, &all, &count);

	if (err)
		return err;
	fprintf(out, "%s\nsaved %" PRIu64 "\nserved %016" PRIx64 "\n", FIRST_LINE, (uint64_t)time(NULL), sum);
	for (i = 0; i < count; i++) {
		prefix_print(&all[i].prefix, text, sizeof(text));
		fprintf(out, "learned %s %" PRIu64 " %u\n", text, (uint64_t)(all[i].left / SECOND_NS + 1),
			all[i].times);
	}
	free(all);
	err = save_regulars(g, out);
	return err ? fail(err, "the regulars cannot be read: %s", strerror(-err)) : 0;
}

/* ---- and back -------------------------------------------------------------------- */

struct line {
	uint64_t key, left;
	uint32_t kind;
	unsigned int times; /* 0: a regular */
};

struct file {
	const char *path;
	unsigned int number; /* of the line in hand */
	uint64_t saved, served;
	bool other; /* names are served now */
	struct line *lines;
	size_t count, room;
};

static int wrong(const struct file *f)
{
	return fail(-EINVAL,
		    "%s:%u: expected \"saved TIME\", \"served SUM\", \"learned PREFIX SECONDS TIMES\" or "
		    "\"regular PREFIX\", as `straygate save --learned` writes them; nothing was changed",
		    f->path, f->number);
}

/* A source, or the network around it. */
static bool read_key(const char *text, bool regular, struct line *l)
{
	struct prefix p;
	unsigned int i, bytes, from;
	bool v4;

	if (prefix_parse(text, &p))
		return false;
	v4 = prefix_is_v4(&p);
	if (p.len != (v4 ? 120 : 56) && (regular || p.len != (v4 ? 128 : 64)))
		return false;
	l->kind = v4 ? LEARN_HOST4 : LEARN_HOST6;
	if (p.len == (v4 ? 120 : 56))
		l->kind = LEARN_NET_OF(l->kind);
	bytes = v4 ? 4 : 8;
	from = v4 ? 12 : 0;
	for (i = 0; i < bytes; i++)
		l->key = l->key << 8 | p.addr[from + i];
	return !regular || v4;
}

static int keep_line(struct file *f, const struct line *l)
{
	if (f->count == f->room) {
		size_t room = f->room ? 2 * f->room : 1024;
		struct line *lines = realloc(f->lines, room * sizeof(*lines));

		if (!lines)
			return -ENOMEM;
		f->lines = lines;
		f->room = room;
	}
	f->lines[f->count++] = *l;
	return 0;
}

static int read_line(struct file *f, const char *text)
{
	struct line l = {0};
	char prefix[PREFIX_TEXT], rest;

	if (*text == '#')
		return 0;
	if (sscanf(text, "saved %" SCNu64 " %c", &f->saved, &rest) == 1)
		return 0;
	if (sscanf(text, "served %16" SCNx64 " %c", &f->served, &rest) == 1)
		return 0;
	if (sscanf(text, "learned %55s %" SCNu64 " %u %c", prefix, &l.left, &l.times, &rest) == 3 &&
	    l.times && l.times < 256 && l.left <= LEARN_TIME_MOST + 1 && read_key(prefix, false, &l))
		return keep_line(f, &l);
	l = (struct line){0};
	if (sscanf(text, "regular %55s %c", prefix, &rest) == 1 && read_key(prefix, true, &l))
		return keep_line(f, &l);
	return wrong(f);
}

static int read_lines(struct file *f, FILE *in)
{
	char text[256];
	int err = 0;

	while (!err && fgets(text, sizeof(text), in)) {
		f->number++;
		err = strchr(text, '\n') ? read_line(f, text) : wrong(f);
	}
	if (!err && ferror(in))
		err = fail(-EIO, "%s: %s", f->path, strerror(EIO));
	if (!err && !f->saved)
		err = wrong(f);
	return err;
}

static void put_learned(struct learned_set *set, const struct line *l, uint32_t until)
{
	size_t i;

	for (i = 0; i < LEARN_WAYS; i++) {
		struct learned *e = &set->of[i];

		if (e->word || !__sync_bool_compare_and_swap(&e->word, 0, LEARN_BEING_WRITTEN))
			continue;
		e->key = l->key;
		__atomic_store_n(&e->word, LEARN_WORD(until, l->times, l->kind), __ATOMIC_SEQ_CST);
		return;
	}
}

static int put_lines(struct gate *g, const struct file *f)
{
	struct regular_cell *cells = map_memory(g->maps[GATE_REGULARS], REGULARS_SIZE, true);
	struct learned_set *sets = map_memory(g->maps[GATE_LEARNED], LEARNED_SIZE, true);
	uint64_t now = (uint64_t)time(NULL), passed = now > f->saved ? now - f->saved : 0;
	uint64_t clock = gate_alarm_now(g);
	uint32_t zero = 0, day = today(g);
	struct shake shake;
	int err = cells && sets ? 0 : -errno;

	if (!err && bpf_map_lookup_elem(g->maps[GATE_SHAKE], &zero, &shake))
		err = -errno;
	for (size_t i = 0; !err && i < f->count; i++) {
		const struct line *l = &f->lines[i];
		uint64_t hash = learn_hash(&shake, LEARN_NET_KEY(l->key));
		struct regular_place place = regular_place(l->key, l->kind, hash);

		if (!l->times && passed < TWO_DAYS)
			regular_set(&cells[place.cell], day, place.bits[0]);
		else if (l->times && l->left > passed && !f->other)
			put_learned(&sets[learn_set_index(hash)], l,
				    LEARN_CLOCK(clock + (l->left - passed) * SECOND_NS));
	}
	if (cells)
		munmap(cells, REGULARS_SIZE);
	if (sets)
		munmap(sets, LEARNED_SIZE);
	return err ? fail(err, "the learned sources cannot be written: %s", strerror(-err)) : 0;
}

int gate_restore_learned(struct gate *g, const char *path)
{
	struct file f = {.path = path};
	FILE *in = fopen(path, "re");
	uint64_t sum = 0;
	int err;

	if (!in)
		return fail(-errno, "%s: %s", path, strerror(errno));
	err = read_lines(&f, in);
	fclose(in);
	if (err == -ENOMEM)
		fail(err, "%s: %s", path, strerror(ENOMEM));
	if (!err)
		err = served_sum(g, &sum);
	f.other = sum != f.served;
	if (!err)
		err = gate_clear_learned(g);
	if (!err)
		err = put_lines(g, &f);
	if (!err && f.other && f.count)
		say("%s: the policy serves other names than when this was saved: only regulars were taken "
		    "back",
		    path);
	free(f.lines);
	return err;
}
