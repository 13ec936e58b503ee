/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rings of a tap, one a CPU: their records joined and put in order. */
#ifndef STRAYGATE_GATE_RINGS_H
#define STRAYGATE_GATE_RINGS_H

#include <stdint.h>

#include "bpf/tap_record.h"

/* Frames longer than that are cut: the kernel has 64 KB for a record and all about it. */
#define TAP_SNAPLEN_MAX 64512u

/* bytes: record->captured of the frame as it came. Both are the callee's until it returns.
 * Nonzero: enough for now. */
typedef int tap_fn(const struct tap_record *record, const uint8_t *bytes, void *arg);

struct rings;

/* map: of type PERF_EVENT_ARRAY, an entry a CPU. 0 or -errno; rings_close() in any case. */
int rings_open(int map, struct rings **out);
/* Waits for up to ms and calls fn for what there is, in the order of time. 0 or -errno. */
int rings_read(struct rings *r, int ms, tap_fn *fn, void *arg);
void rings_close(struct rings *r);

#endif
