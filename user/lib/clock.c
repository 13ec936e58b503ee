// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/clock.h"

#include <time.h>

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t monotonic_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

uint64_t boottime_ns(void)
{
	return now_ns(CLOCK_BOOTTIME);
}

uint64_t realtime_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}
