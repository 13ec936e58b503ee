/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BPF object of this build: the one place that opens the skeleton. */
#ifndef STRAYGATE_GATE_LOAD_H
#define STRAYGATE_GATE_LOAD_H

#include "gate/gate.h"

struct bpf_object;

/* Which build this is. */
extern const char gate_build[64];

/* What a device's programs are made of; fds are those of the object. */
struct loaded {
	struct bpf_object *object;
	int program;
	int ingress; /* at tc */
	int egress;
	int counters;
	int crossings;
	int device;
	int chain; /* the map of the program behind the gate */
};
#define LOADED_INIT                                                                                        \
	{                                                                                                  \
		.program = -1, .ingress = -1, .egress = -1, .counters = -1, .crossings = -1, .device = -1, \
		.chain = -1                                                                                \
	}
void loaded_close(struct loaded *l);
#define cleanup_loaded __attribute__((cleanup(loaded_close)))

/* CPUs are numbered below this. */
size_t cpu_ids(void);
/* A map as `rule_counters` has them (gate_rules.c): fd or -errno. */
int rule_counters_piece(void);
/* Loads the maps of a new instance, no program; `bound` visits have room, 0: BOUND_MAX. */
int object_make(struct bpf_object **object, uint32_t bound);
/* Loads the programs of a device on the maps of an instance; counters, crossings and
 * device that are fds of the device's own maps already are used again. */
int object_load(struct gate *g, struct loaded *l);
/* The same, for a gate with another program behind it. If l->chain is a device's map
 * already it is used again; else `behind`, an fd, is put into a new one. Two errors of
 * which nothing is said: -EINVAL, the kernel does not let programs of these kinds call
 * each other; -EBUSY, functions of `behind` are replaced by other programs. */
int object_load_chain(struct gate *g, struct loaded *l, int behind);
/* Loads explain's program. */
int object_load_explain(struct gate *g, struct loaded *l);
/* Does this kernel take the program? 0 or -errno; says nothing. */
int object_try(void);
void object_close(struct bpf_object **object);
/* Does a load fail with err for want of privileges? */
bool lacks_privilege(int err);

#endif
