/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a policy to the image that the kernel judges by (bpf/image.h).
 */
#ifndef STRAYGATE_USER_IMAGE_H
#define STRAYGATE_USER_IMAGE_H

#include "image/cells.h"
#include "image/overlay.h"
#include "policy/policy.h"

/*
 * Builds the image of a policy whose rules have their ids (policy_inherit()),
 * for a host with these local addresses. The caller frees with cells_free().
 * keys are the secrets of the hashes of names; NULL, or all zero: they are drawn.
 * 0, -ENOMEM, or -E2BIG when the policy is larger than the tables.
 */
int image_build(struct cells *out, struct policy *p, const struct prefix *local, size_t local_count,
		const uint64_t *keys);

/*
 * The same laid over an image that stands already, for a policy that differs from
 * that one's in nothing but the sources with these prefixes. -E2BIG also when too
 * much would have to be said anew.
 */
int image_build_over(struct cells *out, struct policy *p, const struct prefix *local, size_t local_count,
		     const uint64_t *keys, const struct image_over *over);

/* A sum over local addresses in any order, by which an image tells for which it was
 * made (image_head.addresses); never 0, which is in one of an older build. */
uint32_t image_addresses(const struct prefix *local, size_t count);

#endif
