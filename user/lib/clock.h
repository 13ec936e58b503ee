/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of nearly all times that are kept: CLOCK_MONOTONIC, which the kernel's
 * bpf_ktime_get_ns() reads as well. */
#ifndef STRAYGATE_CLOCK_H
#define STRAYGATE_CLOCK_H

#include <stdint.h>

#define SECOND_NS 1000000000ULL

uint64_t monotonic_ns(void);
/* CLOCK_BOOTTIME, bpf_ktime_get_boot_ns(): of events, since it also counts while the
 * machine is suspended. */
uint64_t boottime_ns(void);
/* CLOCK_REALTIME, since 1970: for what is printed as a date. It may be set back. */
uint64_t realtime_ns(void);

#endif
