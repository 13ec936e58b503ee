/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF object of this build: the one place that opens the skeleton. */
#ifndef STRAYGATE_GATE_LOAD_H
#define STRAYGATE_GATE_LOAD_H

#include "gate.h"

struct bpf_object;

#ifndef STRAYGATE_BUILD
#define STRAYGATE_BUILD "unknown"
#endif

enum program { PROGRAM_GATE, PROGRAM_EXPLAIN };

/* Loads the maps of a new instance, no program. */
int object_make(struct bpf_object **object);
/* Loads one program on the maps of an instance; *program is its fd, and, with
 * counters, *counters that of the device's own map (an fd >= 0 is used again). */
int object_load(struct gate *g, enum program which, struct bpf_object **object, int *program, int *counters);
/* Does this kernel take the program? 0 or -errno; says nothing. */
int object_try(void);
void object_close(struct bpf_object **object);

#endif
