/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often the gate's programs ran on a device: the kernel counts for each program, and
 * what those ran that were replaced is kept in the first line of the device's counters.
 */
#ifndef STRAYGATE_GATE_RUNS_H
#define STRAYGATE_GATE_RUNS_H

#include <stdint.h>

struct bpf_prog_info;

/* Adds those of a program that was just replaced; once, if called again. old: its fd. */
void runs_carry(int old, int counters);
/* All on the device; counters may be -1. next: one that is about to take over, id 0 if
 * there is none. */
uint64_t runs_all(const struct bpf_prog_info *program, const struct bpf_prog_info *next, int counters);

#endif
