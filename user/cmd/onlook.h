/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `watch` and `capture` have in common: they look on until there is an end. */
#ifndef STRAYGATE_CMD_ONLOOK_H
#define STRAYGATE_CMD_ONLOOK_H

#include "gate/tap.h"
#include "show/call.h"
#include "show/verdict.h"

struct onlooker {
	const struct call *call;
	struct gate *gate;
	struct tap_filter filter;
	struct tap_reader *tap;
	struct lines_by_id *lines;
	uint64_t begun; /* ns, CLOCK_MONOTONIC */
	uint64_t wall;	/* ns to be added to a time of that clock */
	uint64_t count; /* ends after so many; 0: never */
	uint64_t taken; /* so far */
	FILE *out;	/* where a reader may go away */
	bool unread;	/* nobody reads any more, */
	bool ended;	/* or there is nothing more to come */
	/* One more. 0, or -errno, which is said. bytes: as tap_fn. */
	int (*take)(struct onlooker *o, const struct tap_record *r, const uint8_t *bytes);
	/* What was written goes out. 0 or -errno, said; EPIPE is none: onlook_unread(). */
	int (*flush)(struct onlooker *o);
	/* Once a second. 0 or -errno, said. */
	int (*second)(struct onlooker *o);
	int err;
};

/* Reads the filter and opens the tap; `packets` and `rate` as wanted_read(). An exit status. */
int onlook_begin(struct onlooker *o, bool packets, unsigned int rate);
/* Until SIGINT, SIGTERM, count or time, until nobody reads any more, or the gate is gone. 0
 * or -errno, said. No records come any more then. */
int onlook(struct onlooker *o);
/* Who has read enough has gone: that is no error. */
void onlook_unread(struct onlooker *o);
void onlook_end(struct onlooker *o);
#define cleanup_onlooker __attribute__((cleanup(onlook_end)))

/* "N over --rate, N faster than they were read, N after the end": of what was not taken,
 * counts->matched - taken. As snprintf(3). */
int onlook_missed(const struct onlooker *o, const struct tap_counts *counts, char *out, size_t size);

#endif
