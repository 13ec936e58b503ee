/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc() for what may be many megabytes and is used at once: in huge pages
 * where the kernel has them, since a first touch of each small page would cost
 * more than what is done with it. free() as ever; realloc() too.
 */
#ifndef STRAYGATE_LARGE_H
#define STRAYGATE_LARGE_H

#include <stddef.h>

void *large_alloc(size_t size);
void *large_zeroed(size_t count, size_t size);

#endif
