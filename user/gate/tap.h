/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking on at verdicts and packets, for `watch` and `capture`: see bpf/tap.h. What the
 * kernel buffers goes with the process, however it ends.
 */
#ifndef STRAYGATE_GATE_TAP_H
#define STRAYGATE_GATE_TAP_H

#include "gate/gate.h"
#include "gate/rings.h"

struct tap_reader;

/* filter: what is wanted. g is to outlive it. 0 or -errno, which is said; tap_close() in any
 * case. A packet of `judged` that ended with a reason that is not wanted may be read, too. */
int tap_open(struct gate *g, const struct tap_filter *filter, struct tap_reader **out);
/* To be called every second. 0 or -errno, said: this process was stopped for too long. */
int tap_renew(struct tap_reader *t);
/* Waits for up to ms and calls fn for what there is, in the order of time. 0 or -errno. */
int tap_read(struct tap_reader *t, int ms, tap_fn *fn, void *arg);
/* No records come any more; what has come can still be read. */
void tap_stop(struct tap_reader *t);
/* What came so far, over all CPUs. */
struct tap_counts tap_counts(const struct tap_reader *t);
void tap_close(struct tap_reader *t);

#endif
