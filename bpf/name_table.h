/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking up a name in an image. Plain C as tree.h is, for the same reason.
 */
#ifndef STRAYGATE_NAME_TABLE_H
#define STRAYGATE_NAME_TABLE_H

#include "bpf/find/finder.h"
#include "bpf/name_hash.h"
#include "bpf/tree.h"

static __always_inline __u32 name_bucket_rule(void *image, const struct image_names *n, __u64 hash)
{
	struct image_bucket *b;
	__u32 i, choice;

	for (choice = 0; choice < 2; choice++) {
		b = image_cell(image, n->buckets + name_bucket(hash, n->bucket_count, choice));
		if (!b)
			return 0;
		for (i = 0; i < IMAGE_BUCKET_NAMES; i++)
			if (b->hash[i] == hash)
				return b->rule[i];
	}
	return 0;
}

struct name_search {
	void *image;
	struct image_names *n;
	struct finder *f;
	struct name_hash h;
	__u64 depths;
	__u32 labels;
	__u32 rule; /* of the longest suffix so far */
	struct name_ends *ends;
};

/* From the end to the beginning: at a dot, h is the hash of what is behind it. */
static long name_search_step(__u32 i, struct name_search *d)
{
	__u8 c = d->f->name[find_place(d->f->name_len - 1 - i)];
	__u32 rule;

	if (c == '.') {
		d->labels++;
		if (d->ends->dots == 0) {
			d->ends->one_len = i;
		} else if (d->ends->dots == 1) {
			d->ends->two_len = i;
			d->ends->two_hash = name_hash_end(&d->h);
		} else if (d->ends->dots == 2) {
			d->ends->three_len = i;
			d->ends->three_hash = name_hash_end(&d->h);
		}
		d->ends->dots++;
		if (d->depths >> (d->labels < 63 ? d->labels : 63) & 1) {
			rule = name_bucket_rule(d->image, d->n, name_hash_end(&d->h) ^ d->n->below);
			if (rule)
				d->rule = rule;
		}
	}
	name_hash_byte(&d->h, d->n, c);
	return 0;
}

/* Index of the rule that serves the name, or 0; with IMAGE_UNKNOWN: of its zone, which
 * does not have it. */
static __always_inline __u32 name_find(void *image, struct image_names *n, struct finder *f, __u32 space,
				       struct name_ends *ends)
{
	struct name_search d = {
		.image = image,
		.n = n,
		.f = f,
		.depths = n->depths[space & 1],
		.ends = ends,
	};
	__u32 rule;

	*ends = (struct name_ends){};

	name_hash_begin(&d.h, n, space);
#ifdef __bpf__
	bpf_loop(f->name_len, name_search_step, &d, 0);
#else
	for (__u32 i = 0; i < f->name_len; i++)
		name_search_step(i, &d);
#endif
	ends->hash = name_hash_end(&d.h);
	if (!n->bucket_count)
		return 0;
	rule = name_bucket_rule(image, n, ends->hash);
	return rule ? rule : d.rule;
}

/* Index of the rule for strays of this protocol that ask for the name with this hash, or 0. */
static __always_inline __u32 name_stray(void *image, const struct image_names *n, __u32 as, __u64 hash)
{
	return n->strays ? name_bucket_rule(image, n, hash ^ n->strays ^ as) : 0;
}

#endif
