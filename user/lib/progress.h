/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far long work is: one line on stderr, if that is a terminal which can take a line back,
 * and if we are in its foreground. It comes after half a second, is written anew five times a
 * second by a thread of its own, is no wider than the terminal, and is taken away at the end
 * and before each line of say().
 *
 * What prints to stdout calls progress_end() first: the line may be in the way there.
 */
#ifndef STRAYGATE_PROGRESS_H
#define STRAYGATE_PROGRESS_H

#include <stdint.h>

/*
 * What is done now, in a few words; ends what was done before. From the first of these on
 * progress is shown. unit: of what progress_done() counts, "visits"; NULL: only the percentage
 * is shown. total: how many there will be; 0: unknown.
 *
 *	reading cn.prefixes: 40 %
 */
void progress(const char *unit, uint64_t total, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Counted by whoever does the work, in one thread; costs a store. */
extern uint64_t progress_count;
static inline void progress_done(uint64_t so_far)
{
	__atomic_store_n(&progress_count, so_far, __ATOMIC_RELAXED);
}

/* Can it be seen at all? Else a command that waits may want to say so once. */
int progress_shown(void);

void progress_end(void);

/* Round what else is written to the terminal: the line is away between these. */
void progress_hide(void);
void progress_unhide(void);

#endif
