/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From prefixes to the boundary trees of an image (bpf/image.h).
 */
#ifndef STRAYGATE_TREE_H
#define STRAYGATE_TREE_H

#include "image/cells.h"
#include "policy/policy.h"

/* A prefix and the index of its rule in the image. Of two with the same prefix
 * the one with the higher rank rules, and the other follows when it expires. */
struct tree_item {
	struct prefix prefix;
	bool around; /* holds only where an inner one has expired: of itself the tree says nothing */
	uint32_t rank;
	uint32_t rule; /* 0: none, what is around it holds */
};

/* Where the leaves of all trees of an image go. */
struct leaves {
	struct image_leaf *leaf;
	size_t count; /* the first is none */
	size_t room;
};

/*
 * Builds the tree of IPv4 in cell `cell` and that of IPv6 in the one behind it.
 * Sorts items. With leaves the values are leaves, else 1. 0 or -ENOMEM.
 */
int tree_build(struct cells *c, uint32_t cell, struct tree_item *items, size_t count, struct leaves *leaves);

#endif
