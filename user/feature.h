/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel and a driver can do for us; tried, not guessed. */
#ifndef STRAYGATE_FEATURE_H
#define STRAYGATE_FEATURE_H

#include <stdbool.h>
#include <stddef.h>

struct feature {
	const char *name;
	bool here;
	char text[120]; /* what follows from it */
};
#define FEATURES_MAX 16

size_t features_kernel(struct feature out[FEATURES_MAX]);
size_t features_device(const char *device, struct feature out[FEATURES_MAX]);
const char *kernel_release(void);

#endif
