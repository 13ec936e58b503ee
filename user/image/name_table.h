/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names of an image: a table of buckets, two choices a name, hashed with
 * secrets that are drawn anew for each image (bpf/name_hash.h).
 */
#ifndef STRAYGATE_USER_NAME_TABLE_H
#define STRAYGATE_USER_NAME_TABLE_H

#include "image/cells.h"
#include "policy/policy.h"

struct dictionary {
	struct image_names head;
	struct dictionary_entry {
		uint64_t hash;
		uint32_t rule;
	} * entry;
	size_t count;
	size_t room;
};

/* Draws the secrets. 0 or -errno of getrandom(2). */
int dictionary_begin(struct dictionary *d);
/* Adds a name for a rule (index in the image) to served names or zones. */
int dictionary_add(struct dictionary *d, enum image_namespace space, const struct name *n, uint32_t rule);
/* Writes buckets and head into the image. 0 or -ENOMEM. */
int dictionary_write(struct dictionary *d, struct cells *c);
void dictionary_free(struct dictionary *d);

#endif
