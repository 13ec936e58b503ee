// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/large.h"

#define BLOCK_SIZE (64 * 1024)
#define BLOCK_MOST (8UL << 20)
#define ALIGNMENT  16

struct arena_block {
	struct arena_block *next;
	void *adopted;
	char data[] __attribute__((aligned(ALIGNMENT)));
};

static struct arena_block *block_new(struct arena *a, size_t size)
{
	struct arena_block *b;

	if (size > SIZE_MAX - sizeof(*b))
		return NULL;
	b = large_alloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->adopted = NULL;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

/* Small policies take little, large ones soon take whole huge pages. */
static size_t next_size(const struct arena *a)
{
	size_t size = a->size ? 2 * a->size : BLOCK_SIZE;

	return size < BLOCK_MOST ? size : BLOCK_MOST - sizeof(struct arena_block);
}

static char *arena_take(struct arena *a, size_t size)
{
	struct arena_block *b;
	char *got;

	size += !size; /* NULL says no memory, nothing else */
	if (size > a->left) {
		/* A large piece gets a block of its own: the current one may
		 * still have room for many small ones. */
		bool own = size > BLOCK_SIZE / 4;
		size_t room = own ? size : next_size(a);

		b = block_new(a, room);
		if (!b)
			return NULL;
		if (own)
			return b->data;
		a->at = b->data;
		a->left = a->size = room;
	}
	got = a->at;
	a->at += size;
	a->left -= size;
	return got;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t skip = -(uintptr_t)a->at & (ALIGNMENT - 1);
	char *got;

	if (skip < a->left) {
		a->at += skip;
		a->left -= skip;
	} else {
		a->left = 0;
	}
	got = arena_take(a, size);
	return got ? memset(got, 0, size) : NULL;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *got = len < SIZE_MAX ? arena_take(a, len + 1) : NULL;

	if (!got)
		return NULL;
	memcpy(got, text, len);
	got[len] = '\0';
	return got;
}

void *arena_adopt(struct arena *a, void *memory)
{
	struct arena_block *b = memory ? block_new(a, 0) : NULL;

	if (!b) {
		free(memory);
		return NULL;
	}
	b->adopted = memory;
	return memory;
}

void arena_splice(struct arena *to, struct arena *from)
{
	struct arena_block **tail = &to->blocks;

	while (*tail)
		tail = &(*tail)->next;
	*tail = from->blocks;
	*from = (struct arena){0};
}

void arena_free(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b; b = next) {
		next = b->next;
		free(b->adopted);
		free(b);
	}
	*a = (struct arena){0};
}
