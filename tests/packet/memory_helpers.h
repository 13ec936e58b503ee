/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For suites whose tests must leave the maps' memory as it was. SUITE is defined before. */
#ifndef STRAYGATE_MEMORY_HELPERS_H
#define STRAYGATE_MEMORY_HELPERS_H

#include <criterion/criterion.h>

#include "world/world.h"

static uint64_t memory; /* when the test began */

static inline void same_memory(void)
{
	cr_expect(world_memory() == memory, "memory: %lu bytes, then %lu", (unsigned long)memory,
		  (unsigned long)world_memory());
}

/* In the test's own body: Criterion does not count what fails in .fini. */
#define CASE_OF(suite, name)    \
	static void name(void); \
	Test(suite, name)       \
	{                       \
		name();         \
		same_memory();  \
	}                       \
	static void name(void)
#define Case(name) CASE_OF(SUITE, name)

#endif
