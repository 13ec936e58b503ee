/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of all times that are kept: CLOCK_MONOTONIC, which the kernel's
 * bpf_ktime_get_ns() reads as well. */
#ifndef STRAYGATE_CLOCK_H
#define STRAYGATE_CLOCK_H

#include <stdint.h>

#define SECOND_NS 1000000000ULL

uint64_t monotonic_ns(void);

#endif
