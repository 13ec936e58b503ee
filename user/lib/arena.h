/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is freed all at once. A policy of a million lines is a million
 * rules and strings that die together; malloc would charge for each.
 */
#ifndef STRAYGATE_ARENA_H
#define STRAYGATE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	char *at; /* free space of the current block */
	size_t left;
	size_t size; /* of the current block */
};

/* Zeroed and aligned for any type; NULL without memory. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy of text, with a NUL behind it. */
char *arena_text(struct arena *a, const char *text, size_t len);
/* Takes over what malloc() gave; frees it at once if that cannot be noted. */
void *arena_adopt(struct arena *a, void *memory);
/* Everything of `from` is now of `to`. */
void arena_splice(struct arena *to, struct arena *from);
void arena_free(struct arena *a);

#endif
