/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that nobody would send, the same ones for the same seed. */
#ifndef STRAYGATE_TESTS_MUTATE_H
#define STRAYGATE_TESTS_MUTATE_H

#include "frame.h"

struct mutation {
	uint32_t first, seed;
	struct frame kept; /* an earlier one, to be spliced with */
};

void mutation_begin(struct mutation *m, uint32_t seed);
/* Of a packet, of a visit's next one that is made up, or of nothing at all. */
void mutate(struct mutation *m, const struct frame *in, const struct visit *v, struct frame *out);

#endif
