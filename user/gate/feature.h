/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel and a driver can do for us; tried or asked, not guessed. */
#ifndef STRAYGATE_FEATURE_H
#define STRAYGATE_FEATURE_H

#include <stddef.h>

enum presence {
	FEATURE_NO,
	FEATURE_YES,
	FEATURE_UNKNOWN, /* this kernel cannot be asked */
};

struct feature {
	const char *name;
	enum presence here;
	char text[320]; /* what follows from it */
};
#define FEATURES_MAX 24

size_t features_kernel(struct feature out[FEATURES_MAX]);
size_t features_device(const char *device, struct feature out[FEATURES_MAX]);
const char *kernel_release(void);

#endif
