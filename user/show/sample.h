/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of the gate beside those of its devices, at one moment. */
#ifndef STRAYGATE_SAMPLE_H
#define STRAYGATE_SAMPLE_H

#include "show/tally.h"

#define SAMPLE_US      1000000 /* between two of them, which makes rates */
#define SAMPLE_DEVICES 64      /* more are not compared */

struct sample {
	uint64_t at; /* ns of CLOCK_MONOTONIC */
	struct tally tally;
	uint32_t received[SAMPLE_DEVICES]; /* by the devices' own count */
};

/* before: the one that was taken last, or NULL; see tally_again(). Prints its own errors.
 * 0 or -errno; sample_free() in any case. */
int sample_take(struct gate *g, struct sample *s, struct sample *before);
void sample_free(struct sample *s);
#define cleanup_sample __attribute__((cleanup(sample_free)))

/* How many packets the i-th device received between the two, of which the gate saw none
 * although it is attached: its driver does not run the program. 0: it saw some, or so
 * few came that it means nothing. */
uint32_t sample_unseen(const struct sample *before, const struct sample *now, size_t i);

#endif
