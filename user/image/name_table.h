/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of an image: a table of buckets, two choices a name, hashed with
 * secrets of the instance (bpf/name_hash.h).
 */
#ifndef STRAYGATE_USER_NAME_TABLE_H
#define STRAYGATE_USER_NAME_TABLE_H

#include "image/cells.h"
#include "policy/policy.h"

struct name_table {
	struct image_names head;
	struct name_table_entry {
		uint64_t hash;
		uint32_t rule;
		bool yields; /* to an equal one that does not */
	} * entry;
	size_t count;
	size_t room;
	bool yields; /* so does what is added from now on */
};

/* keys: four secrets; NULL, or all zero: they are drawn. 0 or -errno of getrandom(2). */
int name_table_begin(struct name_table *d, const uint64_t *keys);
/* Adds a name for a rule (index in the image) to served names or zones. */
int name_table_add(struct name_table *d, enum image_namespace space, const struct name *n, uint32_t rule);
/* Adds the rule for strays of a protocol that ask for this name. */
int name_table_add_stray(struct name_table *d, enum protocol as, const struct name *n, uint32_t rule);
/* Writes buckets and head into the image. 0 or -ENOMEM. */
int name_table_write(struct name_table *d, struct cells *c);
void name_table_free(struct name_table *d);

#endif
