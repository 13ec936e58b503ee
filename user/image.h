/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a policy to the image that the kernel judges by (bpf/image.h).
 */
#ifndef STRAYGATE_USER_IMAGE_H
#define STRAYGATE_USER_IMAGE_H

#include "cells.h"
#include "policy.h"

/*
 * Builds the image of a policy whose rules have their ids (policy_inherit()),
 * for a host with these local addresses. The caller frees with cells_free().
 * 0, -ENOMEM, or -E2BIG when the policy is larger than the tables.
 */
int image_build(struct cells *out, struct policy *p, const struct prefix *local, size_t local_count);

#endif
