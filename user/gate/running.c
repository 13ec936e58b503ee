// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy that runs, read back: as a policy, or line by line where nothing is
 * to be changed in it, which takes neither memory nor an index for a million.
 */
#include "gate/slot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "host/address.h"
#include "image/image.h"
#include "lib/say.h"

uint64_t gate_word(struct gate *g)
{
	struct control c = {.word = CONTROL_WORD(CONTROL_NO_SLOT, CONTROL_NO_SLOT, 0, 0)};
	uint32_t zero = 0;

	bpf_map_lookup_elem(g->maps[GATE_CONTROL], &zero, &c);
	return c.word;
}

/* As the programs see it: past a deadline the previous policy rules. */
uint32_t ruling_slot(uint64_t word)
{
	if (CONTROL_DEADLINE(word) && monotonic_ns() >> CONTROL_DEADLINE_SHIFT >= CONTROL_DEADLINE(word))
		return CONTROL_PREVIOUS(word);
	return CONTROL_SLOT(word);
}

void gate_ruling(struct gate *g, struct gate_ruling *out)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	*out = (struct gate_ruling){.word = gate_word(g)};
	out->slot = ruling_slot(out->word);
	if (!bpf_obj_get_info_by_fd(g->maps[GATE_CONTROL], &info, &size))
		out->map = info.id;
}

bool gate_ruling_same(const struct gate_ruling *a, const struct gate_ruling *b)
{
	return a->map && a->map == b->map && a->word == b->word && a->slot == b->slot;
}

struct text {
	struct text_head *head;
	const char *bytes;
	size_t room;
};

static int open_text(struct gate *g, uint32_t slot, struct text *t)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	char name[PIN_NAME_MAX];
	cleanup_fd int fd = -1;

	snprintf(name, sizeof(name), "policy+%u", slot);
	fd = pin_open_mapped(g, name);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	t->room = (size_t)info.max_entries * info.value_size;
	t->head = map_memory(fd, t->room, false);
	if (!t->head)
		return -errno;
	t->bytes = (const char *)(t->head + 1);
	if (t->head->length <= t->room - sizeof(*t->head) && t->head->gone <= t->head->length &&
	    t->head->base <= GENERATIONS)
		return 0;
	return -EINVAL;
}

static void close_text(struct text *t)
{
	if (t->head)
		munmap(t->head, t->room);
	t->head = NULL;
}
#define cleanup_text __attribute__((cleanup(close_text)))

/* A policy that has no base: it keeps the mapping. */
static int view_text(struct text *t, enum load_care care, struct policy **p)
{
	int err = t->head->base ? -EINVAL : policy_view(p, t->bytes, t->head->length, care);

	if (err)
		return err;
	policy_keep(*p, t->head, t->room);
	t->head = NULL;
	return 0;
}

/* Of one that has a base; to be freed also when it fails. */
static int load_changes(const struct text *t, struct policy **changed, struct policy **gone)
{
	size_t changed_size = t->head->length - t->head->gone;
	int err = policy_load(changed, t->bytes, changed_size);

	return err ? err : policy_load(gone, t->bytes + changed_size, t->head->gone);
}

/* What was changed in the base, of which the policy becomes a clone. */
static int load_over(const struct text *t, struct policy *base, struct policy **p)
{
	cleanup_policy struct policy *changed = NULL;
	cleanup_policy struct policy *gone = NULL;
	int err = load_changes(t, &changed, &gone);

	*p = err ? NULL : policy_clone(base);
	if (!err)
		err = *p ? policy_make(*p, changed, gone) : -ENOMEM;
	return err;
}

/* In a slot: the policy there and, if it is laid over another, that one, too. The
 * first must be freed before the second. */
static int load_slot(struct gate *g, uint32_t slot, enum load_care care, struct policy **p,
		     struct policy **base)
{
	cleanup_text struct text t = {0};
	cleanup_text struct text under = {0};
	int err = open_text(g, slot, &t);

	if (err || !t.head->base)
		return err ? err : view_text(&t, care, p);
	err = open_text(g, t.head->base - 1, &under);
	if (!err)
		err = view_text(&under, care, base);
	return err ? err : load_over(&t, *base, p);
}

static int read_head(struct gate *g, uint32_t slot, struct image_head *head)
{
	uint32_t zero = IMAGE_HEAD;
	char name[PIN_NAME_MAX];
	cleanup_fd int fd = -1;

	snprintf(name, sizeof(name), "image+%u", slot);
	fd = slot == CONTROL_NO_SLOT ? -1 : pin_open(g, name);
	return fd < 0 || bpf_map_lookup_elem(fd, &zero, head) ? -ENOENT : 0;
}

uint32_t base_slot(struct gate *g, uint32_t slot)
{
	struct image_head head;

	if (read_head(g, slot, &head) || !head.base || head.base > GENERATIONS)
		return CONTROL_NO_SLOT;
	return head.base - 1;
}

bool gate_addresses_changed(struct gate *g)
{
	struct prefix *local = NULL;
	struct image_head head;
	bool changed;
	size_t count;

	if (read_head(g, ruling_slot(gate_word(g)), &head) || !head.addresses ||
	    local_addresses(&local, &count))
		return false;
	changed = head.addresses != image_addresses(local, count);
	free(local);
	return changed;
}

/* Who only reads has no lock: while it reads, another policy may have come. */
#define READ_TRIES 5

static int cannot_read(struct gate *g, uint32_t slot, int err)
{
	return fail(err,
		    "the running policy cannot be read back (%s/policy+%u): %s; `straygate apply FILE` "
		    "replaces it",
		    g->dir, slot, strerror(-err));
}

static int running(struct gate *g, enum load_care care, struct policy **p, struct policy **base)
{
	uint64_t word, tries = 0;
	uint32_t slot;
	int err;

	do {
		policy_free(*p);
		policy_free(*base);
		*p = *base = NULL;
		word = gate_word(g);
		slot = ruling_slot(word);
		if (slot == CONTROL_NO_SLOT) {
			*p = policy_new();
			return *p ? 0 : -ENOMEM;
		}
		err = load_slot(g, slot, care, p, base);
		g->waits = slot == CONTROL_SLOT(word) ? CONTROL_DEADLINE(word) : 0;
	} while (word != gate_word(g) && ++tries < READ_TRIES);
	return err ? cannot_read(g, slot, err) : 0;
}

int gate_running(struct gate *g, struct policy **p)
{
	struct policy *base = NULL;
	int err;

	*p = NULL;
	err = running(g, LOAD_ALL, p, &base);
	if (base && *p)
		policy_adopt(*p, base);
	else
		policy_free(base);
	return err;
}

int gate_running_lines(struct gate *g, struct policy **p, struct policy **base)
{
	*p = *base = NULL;
	return running(g, LOAD_LINES, p, base);
}

int gate_fallback(struct gate *g, struct policy **p, struct policy **base)
{
	uint32_t slot = CONTROL_PREVIOUS(gate_word(g));
	int err;

	*p = *base = NULL;
	if (!gate_deadline(g) || slot == CONTROL_NO_SLOT)
		return 0;
	err = load_slot(g, slot, LOAD_LINES, p, base);
	return err ? cannot_read(g, slot, err) : 0;
}

/* ---- its lines, one after the other ---------------------------------------- */

struct gate_lines {
	struct text text;
	struct text under;	/* of the base, or empty */
	struct policy *changed; /* if there is a base: over it, as of load_over() */
	struct policy *gone;
};

void gate_lines_free(struct gate_lines *l)
{
	if (!l)
		return;
	policy_free(l->changed);
	policy_free(l->gone);
	close_text(&l->under);
	close_text(&l->text);
	free(l);
}

static int open_lines(struct gate *g, uint32_t slot, struct gate_lines *l)
{
	const struct text *whole = &l->text;
	int err = open_text(g, slot, &l->text);

	if (!err && l->text.head->base) {
		err = load_changes(&l->text, &l->changed, &l->gone);
		if (!err)
			err = open_text(g, l->text.head->base - 1, &l->under);
		whole = &l->under;
	}
	if (!err && whole->head->base)
		err = -EINVAL;
	return err ? err : policy_sound(whole->bytes, whole->head->length);
}

int gate_lines(struct gate *g, struct gate_lines **out)
{
	struct gate_lines *l = NULL;
	uint64_t word, tries = 0;
	uint32_t slot;
	int err;

	do {
		gate_lines_free(l);
		l = calloc(1, sizeof(*l));
		word = gate_word(g);
		slot = ruling_slot(word);
		err = !l ? -ENOMEM : slot == CONTROL_NO_SLOT ? 0 : open_lines(g, slot, l);
	} while (word != gate_word(g) && ++tries < READ_TRIES);
	if (!err) {
		*out = l;
		return 0;
	}
	gate_lines_free(l);
	return cannot_read(g, slot, err);
}

struct merge {
	const struct gate_lines *lines;
	rule_fn *fn;
	void *arg;
	bool *done; /* of those that are changed: had its place in the base */
};

static int merge_rule(const struct rule *r, void *arg)
{
	struct merge *m = arg;
	struct policy *changed = m->lines->changed;
	struct rule *other;
	size_t i;

	/* Deleted and added again is another line, behind all others. */
	if (policy_find(m->lines->gone, r->statement, r->subject))
		return 0;
	other = policy_find(changed, r->statement, r->subject);
	for (i = 0; other && i < policy_count(changed); i++)
		m->done[i] |= policy_rule(changed, i) == other;
	return m->fn(other ? other : r, m->arg);
}

static int each_over(const struct gate_lines *l, unsigned int statements, rule_fn *fn, void *arg)
{
	size_t count = policy_count(l->changed), i;
	struct merge m = {l, fn, arg, calloc(count + 1, sizeof(*m.done))};
	int err = m.done ? policy_each(l->under.bytes, l->under.head->length, statements, merge_rule, &m)
			 : -ENOMEM;

	for (i = 0; i < count && !err; i++)
		if (!m.done[i] && statements >> policy_rule(l->changed, i)->statement & 1)
			err = fn(policy_rule(l->changed, i), arg);
	free(m.done);
	return err;
}

int gate_lines_each(const struct gate_lines *l, unsigned int statements, rule_fn *fn, void *arg)
{
	if (!l->text.head)
		return 0;
	if (l->text.head->base)
		return each_over(l, statements, fn, arg);
	return policy_each(l->text.bytes, l->text.head->length, statements, fn, arg);
}
