// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy that runs: read it back, replace it in one step.
 *
 * A slot holds the tables that the programs read (image+N) and the policy that
 * they were made of (policy+N), so that what runs can always be shown, and
 * changed by a line, without any file.
 */
#include "gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "image.h"
#include "local.h"
#include "say.h"

#define PAGE_LENGTH 4096

uint64_t gate_word(struct gate *g)
{
	struct control c = {.word = CONTROL_WORD(CONTROL_NO_SLOT, CONTROL_NO_SLOT, 0, 0)};
	uint32_t zero = 0;

	bpf_map_lookup_elem(g->maps[GATE_CONTROL], &zero, &c);
	return c.word;
}

/* As the programs see it: past a deadline the previous policy rules. */
static uint32_t ruling_slot(uint64_t word)
{
	if (CONTROL_DEADLINE(word) && monotonic_ns() >> CONTROL_DEADLINE_SHIFT >= CONTROL_DEADLINE(word))
		return CONTROL_PREVIOUS(word);
	return CONTROL_SLOT(word);
}

/* ---- reading --------------------------------------------------------- */

/* First the length, then the bytes of policy_store(). */
static int load_text(int fd, struct policy **p)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	uint64_t *at;
	size_t room;
	int err;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	room = (size_t)info.max_entries * info.value_size;
	at = map_memory(fd, room, false);
	if (!at)
		return -errno;
	err = *at > room - sizeof(*at) ? -EINVAL : policy_load(p, at + 1, *at);
	munmap(at, room);
	return err;
}

int gate_running(struct gate *g, struct policy **p)
{
	uint32_t slot = ruling_slot(gate_word(g));
	char name[PIN_NAME_MAX];
	cleanup_fd int fd = -1;
	int err;

	if (slot == CONTROL_NO_SLOT) {
		*p = policy_new();
		return *p ? 0 : -ENOMEM;
	}
	snprintf(name, sizeof(name), "policy+%u", slot);
	fd = pin_open(g, name);
	err = fd < 0 ? -errno : load_text(fd, p);
	return err ? fail(err,
			  "the policy that runs cannot be read back (%s/%s): %s; `straygate apply FILE` "
			  "replaces it",
			  g->dir, name, strerror(-err))
		   : 0;
}

/* ---- writing --------------------------------------------------------- */

static int no_room(const char *what, int err)
{
	return fail(err, "no memory in the kernel for %s: %s", what, strerror(-err));
}

static int put_array(struct gate *g, const char *kind, uint32_t slot, uint32_t flags, uint32_t value_size,
		     const void *head, size_t head_len, const void *bytes, size_t len, int *out)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | flags);
	size_t entries = (head_len + len + value_size - 1) / value_size;
	char name[PIN_NAME_MAX];
	uint8_t *at;
	int err;

	*out = bpf_map_create(BPF_MAP_TYPE_ARRAY, kind, sizeof(uint32_t), value_size, entries, &opts);
	if (*out < 0)
		return no_room(kind, -errno);
	at = map_memory(*out, entries * value_size, true);
	if (!at)
		return no_room(kind, -errno);
	if (head_len)
		memcpy(at, head, head_len);
	memcpy(at + head_len, bytes, len);
	munmap(at, entries * value_size);
	snprintf(name, sizeof(name), "%s+%u", kind, slot);
	err = pin_put(g, name, *out);
	return err;
}

static int put_text(struct gate *g, struct policy *p, uint32_t slot)
{
	cleanup_fd int fd = -1;
	uint64_t length;
	void *bytes;
	size_t len;
	int err = policy_store(p, &bytes, &len);

	if (err)
		return fail(err, "the policy cannot be stored: %s", strerror(-err));
	length = len;
	err = put_array(g, "policy", slot, 0, PAGE_LENGTH, &length, sizeof(length), bytes, len, &fd);
	free(bytes);
	return err;
}

static int put_image(struct gate *g, struct policy *p, uint32_t slot)
{
	__attribute__((cleanup(cells_free))) struct cells cells = {0};
	struct prefix *local;
	cleanup_fd int fd = -1;
	size_t count;
	int err = local_addresses(&local, &count);

	if (err)
		return err;
	err = image_build(&cells, p, local, count);
	free(local);
	if (err)
		return fail(err, "the policy is larger than the tables: %s", strerror(-err));
	err = put_array(g, "image", slot, BPF_F_INNER_MAP, IMAGE_CELL, NULL, 0, cells.cell,
			cells.count * IMAGE_CELL, &fd);
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

static int make_current(struct gate *g, uint64_t word, uint32_t slot, uint32_t deadline)
{
	uint32_t previous = deadline ? fallback_slot(word) : CONTROL_NO_SLOT, i;
	int err;

	fault_point();
	err = store_word(g, CONTROL_WORD(slot, previous, CONTROL_COUNT(word) + 1, deadline));
	fault_point();
	if (err)
		return err;
	/* The kernel keeps a map that a program still reads until it is done. */
	for (i = 0; i < GENERATIONS; i++)
		if (i != slot && i != previous)
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

int gate_confirm(struct gate *g)
{
	return make_current(g, gate_word(g), CONTROL_SLOT(gate_word(g)), 0);
}

/* Rounded up: nobody is given less time than he asked for. */
static uint32_t deadline_in(unsigned int seconds)
{
	return ((monotonic_ns() + seconds * 1000000000ULL) >> CONTROL_DEADLINE_SHIFT) + 1;
}

int gate_publish(struct gate *g, struct policy *p, struct policy *before, unsigned int seconds)
{
	uint64_t word = gate_word(g);
	uint32_t slot = 0;
	int err;

	while (slot == ruling_slot(word) || slot == fallback_slot(word))
		slot++;
	err = gate_clear_rules(g, p, before);
	if (!err)
		err = put_text(g, p, slot);
	if (!err)
		err = put_image(g, p, slot);
	return err ? err : make_current(g, word, slot, seconds ? deadline_in(seconds) : 0);
}
