// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy that runs: replace it in one step.
 *
 * A slot holds the tables that the programs read (image+N) and the policy that
 * they were made of (policy+N), so that what runs can always be shown, and
 * changed by a line, without any file.
 */
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/membarrier.h>

#include "gate/events.h"
#include "gate/slot.h"
#include "image/image.h"
#include "host/address.h"
#include "lib/progress.h"
#include "lib/say.h"

#define PAGE_LENGTH 4096

/* ---- writing --------------------------------------------------------- */

static int no_room(const char *what, int err)
{
	return fail(err, "no memory in the kernel for %s: %s", what, strerror(-err));
}

struct piece {
	const void *bytes;
	size_t len;
};

static int put_array(struct gate *g, const char *kind, uint32_t slot, uint32_t flags, uint32_t value_size,
		     const struct piece *pieces, size_t count, int *out)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | flags);
	size_t len = 0, entries, i;
	char name[PIN_NAME_MAX];
	uint8_t *at, *to;

	for (i = 0; i < count; i++)
		len += pieces[i].len;
	entries = (len + value_size - 1) / value_size;

	*out = bpf_map_create(BPF_MAP_TYPE_ARRAY, kind, sizeof(uint32_t), value_size, entries, &opts);
	if (*out < 0)
		return no_room(kind, -errno);
	at = map_memory(*out, entries * value_size, true);
	if (!at)
		return no_room(kind, -errno);
	for (i = 0, to = at; i < count; to += pieces[i++].len)
		memcpy(to, pieces[i].bytes, pieces[i].len);
	munmap(at, entries * value_size);
	snprintf(name, sizeof(name), "%s+%u", kind, slot);
	return pin_put(g, name, *out);
}

static int cannot_store(int err)
{
	return fail(err, "the policy cannot be stored: %s", strerror(-err));
}

static int put_text(struct gate *g, struct policy *p, uint32_t slot)
{
	cleanup_fd int fd = -1;
	struct text_head head = {0};
	void *bytes;
	size_t len;
	int err = policy_store(p, &bytes, &len);

	if (err)
		return cannot_store(err);
	head.length = len;
	err = put_array(g, "policy", slot, 0, PAGE_LENGTH,
			(struct piece[]){{&head, sizeof(head)}, {bytes, len}}, 2, &fd);
	free(bytes);
	return err;
}

/* over: NULL, or what it is laid over. */
static int put_image(struct gate *g, struct policy *p, uint32_t slot, const struct image_over *over)
{
	__attribute__((cleanup(cells_free))) struct cells cells = {0};
	struct prefix *local;
	cleanup_fd int fd = -1;
	uint64_t keys[4];
	size_t count;
	int err = gate_name_keys(g, keys);

	if (!err)
		err = local_addresses(&local, &count);
	if (err)
		return err;
	err = over ? image_build_over(&cells, p, local, count, keys, over)
		   : image_build(&cells, p, local, count, keys);
	free(local);
	if (err == -E2BIG && over)
		return err;
	if (err)
		return fail(err, "the policy is larger than the tables: %s", strerror(-err));
	err = put_array(g, "image", slot, BPF_F_INNER_MAP, IMAGE_CELL,
			&(struct piece){cells.cell, cells.count * IMAGE_CELL}, 1, &fd);
	if (err)
		return err;
	fault_point();
	if (bpf_map_update_elem(g->maps[GATE_IMAGES], &slot, &fd, BPF_ANY))
		return fail(-errno, "the new tables do not fit the running program: %s", strerror(errno));
	return 0;
}

static void clear_slot(struct gate *g, uint32_t slot)
{
	char name[PIN_NAME_MAX];

	bpf_map_delete_elem(g->maps[GATE_IMAGES], &slot);
	snprintf(name, sizeof(name), "image+%u", slot);
	pin_remove(g, name);
	snprintf(name, sizeof(name), "policy+%u", slot);
	pin_remove(g, name);
}

/* One 64-bit store, through a mapping: a system call would copy the word, and
 * nothing promises that it copies it whole. */
static int store_word(struct gate *g, uint64_t word)
{
	struct control *c = map_memory(g->maps[GATE_CONTROL], sizeof(*c), true);

	if (!c)
		return fail(-errno, "%s/control cannot be mapped: %s", g->dir, strerror(errno));
	__atomic_store_n(&c->word, word, __ATOMIC_SEQ_CST);
	munmap(c, sizeof(*c));
	return 0;
}

/* What would rule again: while one waits to be confirmed, what ruled before it. */
static uint32_t fallback_slot(uint64_t word)
{
	uint32_t ruling = ruling_slot(word);

	return CONTROL_DEADLINE(word) && ruling == CONTROL_SLOT(word) ? CONTROL_PREVIOUS(word) : ruling;
}

/* Until no program runs any more that has read the word before: the kernel keeps a
 * map that is being read, but its slot would be found empty, and the packet pass.
 * That membarrier(2) waits for a grace period of RCU is how it is made
 * (kernel/sched/membarrier.c); where it refuses (nohz_full), longer than a packet. */
static void wait_for_readers(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(20000);
}

static int make_current(struct gate *g, uint64_t word, uint32_t slot, uint32_t deadline)
{
	uint32_t previous = deadline ? fallback_slot(word) : CONTROL_NO_SLOT, i;
	uint32_t base = base_slot(g, slot), previous_base = base_slot(g, previous);
	int err;

	events_write_announced(g, CONTROL_COUNT(word) + 1, deadline);
	fault_point();
	err = store_word(g, CONTROL_WORD(slot, previous, CONTROL_COUNT(word) + 1, deadline));
	fault_point();
	if (err)
		return err;
	wait_for_readers();
	for (i = 0; i < GENERATIONS; i++)
		if (i != slot && i != previous && i != base && i != previous_base)
			clear_slot(g, i);
	return 0;
}

uint64_t gate_deadline(struct gate *g)
{
	uint64_t word = gate_word(g);

	if (!CONTROL_DEADLINE(word) || ruling_slot(word) != CONTROL_SLOT(word))
		return 0;
	return (uint64_t)CONTROL_DEADLINE(word) << CONTROL_DEADLINE_SHIFT;
}

uint64_t gate_posture_since(struct gate *g)
{
	uint64_t word = gate_word(g);

	return ruling_slot(word) == CONTROL_SLOT(word) ? g->meta.enforcing : g->meta.before;
}

int gate_confirm(struct gate *g)
{
	return make_current(g, gate_word(g), CONTROL_SLOT(gate_word(g)), 0);
}

/* Rounded up: nobody is given less time than he asked for. 0 s: none. What waits to
 * be confirmed goes on waiting, and no longer than it was to: somebody else's change
 * is no confirmation. */
static uint32_t deadline_of(const struct gate *g, uint64_t word, unsigned int seconds)
{
	/* Also if its time was over since it was read. */
	uint32_t waits = g->waits ?: ruling_slot(word) == CONTROL_SLOT(word) ? CONTROL_DEADLINE(word) : 0;
	uint32_t wanted =
		seconds ? ((monotonic_ns() + seconds * 1000000000ULL) >> CONTROL_DEADLINE_SHIFT) + 1 : 0;

	return !wanted || (waits && waits < wanted) ? waits : wanted;
}

/* One that is in nobody's way. */
static uint32_t free_slot(struct gate *g, uint64_t word)
{
	uint32_t ruling = ruling_slot(word), fallback = fallback_slot(word);
	uint32_t base = base_slot(g, ruling), fallback_base = base_slot(g, fallback), slot = 0;

	while (slot == ruling || slot == fallback || slot == base || slot == fallback_base)
		slot++;
	return slot;
}

static int publish_whole(struct gate *g, struct policy *p, uint32_t slot)
{
	int err = policy_check_lists(p);

	if (err)
		return fail(err,
			    "the running policy cannot be read back: %s; `straygate apply FILE` "
			    "replaces it",
			    strerror(-err));
	progress(NULL, 0, "storing the policy");
	err = put_text(g, p, slot);
	progress(NULL, 0, "making the tables");
	return err ? err : put_image(g, p, slot, NULL);
}

/* err: of what was to be put there. Half of it is not left to take up memory. */
static int publish_slot(struct gate *g, uint64_t word, uint32_t slot, unsigned int seconds, int err)
{
	if (!err)
		return make_current(g, word, slot, deadline_of(g, word, seconds));
	clear_slot(g, slot);
	return err;
}

int gate_publish(struct gate *g, struct policy *p, struct policy *before, unsigned int seconds)
{
	uint64_t word = gate_word(g);
	uint32_t slot = free_slot(g, word);
	int err = gate_clear_rules(g, p, before);

	if (!err)
		err = publish_whole(g, p, slot);
	err = publish_slot(g, word, slot, seconds, err);
	return err ? err : gate_forget_strays(g, p, before);
}

/* ---- over another -------------------------------------------------------- */

#define OVER_WORTH 20000 /* entries: with fewer, all is built anew */
#define OVER_MOST  512	 /* changes: with more, all is built anew */

/* The prefixes of changed sources; 0: something else was changed, too. */
static size_t changed_prefixes(struct policy *p, struct prefix *out)
{
	size_t i;

	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement != ST_SOURCE || r->from)
			return 0;
		out[i] = r->prefixes[0];
	}
	return i;
}

static int put_changes(struct gate *g, struct policy *changed, struct policy *gone, uint32_t base,
		       uint32_t slot)
{
	struct text_head head = {.base = base + 1};
	cleanup_fd int fd = -1;
	void *bytes, *gone_bytes;
	size_t len;
	int err = policy_store(changed, &bytes, &len);

	if (err)
		return cannot_store(err);
	err = policy_store(gone, &gone_bytes, &head.gone);
	if (err)
		cannot_store(err);
	else {
		head.length = len + head.gone;
		err = put_array(
			g, "policy", slot, 0, PAGE_LENGTH,
			(struct piece[]){{&head, sizeof(head)}, {bytes, len}, {gone_bytes, head.gone}}, 3,
			&fd);
		free(gone_bytes);
	}
	free(bytes);
	return err;
}

/* -EXDEV: what was changed does not go over the base. */
static int put_over(struct gate *g, struct policy *p, struct policy *base, uint32_t base_slot, uint32_t slot)
{
	cleanup_policy struct policy *changed = NULL;
	cleanup_policy struct policy *gone = NULL;
	struct prefix prefixes[OVER_MOST];
	struct image_over over = {.base = base_slot, .changed = prefixes};
	size_t all;
	int err = policy_changes(base, p, &changed, &gone);

	if (err)
		return cannot_store(err);
	all = policy_count(changed) + policy_count(gone);
	if (all > OVER_MOST)
		return -EXDEV;
	over.count = changed_prefixes(changed, prefixes);
	over.count += changed_prefixes(gone, prefixes + over.count);
	if (over.count != all)
		return -EXDEV;
	err = put_changes(g, changed, gone, base_slot, slot);
	if (!err)
		err = put_image(g, p, slot, &over);
	return err == -E2BIG ? -EXDEV : err;
}

static bool is_worth_it(const struct policy *p)
{
	return policy_entries(p, ST_SOURCE) + policy_entries(p, ST_SERVE) + policy_entries(p, ST_ZONE) >=
	       OVER_WORTH;
}

int gate_publish_over(struct gate *g, struct policy *p, struct policy *before, struct policy *base,
		      unsigned int seconds)
{
	uint64_t word = gate_word(g);
	uint32_t slot = free_slot(g, word), ruling = ruling_slot(word), under = base_slot(g, ruling);
	int err;

	if (ruling == CONTROL_NO_SLOT || !is_worth_it(p))
		return -EXDEV;
	err = gate_clear_rules(g, p, before);
	if (!err)
		err = under == CONTROL_NO_SLOT ? put_over(g, p, before, ruling, slot)
					       : put_over(g, p, base, under, slot);
	return publish_slot(g, word, slot, seconds, err);
}
