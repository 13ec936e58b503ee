// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/large.h"

#define HUGE_PAGE (2UL << 20)

void *large_alloc(size_t size)
{
	void *got;

	if (size < HUGE_PAGE)
		return malloc(size ? size : 1);
	if (size > SIZE_MAX - HUGE_PAGE)
		return NULL;
	size = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	got = aligned_alloc(HUGE_PAGE, size);
	if (got)
		madvise(got, size, MADV_HUGEPAGE); /* a wish; without it, it is slower */
	return got;
}

void *large_zeroed(size_t count, size_t size)
{
	void *got;

	if (count * size < HUGE_PAGE)
		return calloc(count, size);
	if (count > SIZE_MAX / size)
		return NULL;
	got = large_alloc(count * size);
	return got ? memset(got, 0, count * size) : NULL;
}
