/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures of moments that somebody may want to compare with later: a folder with a file
 * for each, named by its time. There are at most MOMENTS_MAX, and they are not larger than
 * MOMENTS_BYTES together. Those that go first are the ones that are missed least: near to
 * others, for how long ago they were. So of who asks every second the last minutes stay by
 * the second, and hours and days roughly.
 */
#ifndef STRAYGATE_MOMENTS_H
#define STRAYGATE_MOMENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MOMENTS_MAX   128
#define MOMENTS_BYTES (16UL * 1024 * 1024)

struct moment {
	uint64_t at; /* ns, of whatever clock; they differ */
	off_t size;
};

struct moments {
	int dir;			     /* fd */
	struct moment list[MOMENTS_MAX + 1]; /* in their order */
	size_t count;
};

/* Makes the folder (0700) if it is not there, and locks it. 0 or -errno. */
int moments_open(struct moments *m, const char *path);
/* Others may add meanwhile, and what they did is seen after the next lock. */
void moments_unlock(struct moments *m);
int moments_lock(struct moments *m);
/* free(*buf). 0 or -errno. */
int moments_read(const struct moments *m, size_t i, void **buf, size_t *len);
/* Whole or not at all; with the lock. 0 or -errno. */
int moments_add(struct moments *m, uint64_t at, const void *buf, size_t len);
void moments_drop(struct moments *m, size_t i);
void moments_close(struct moments *m);
#define cleanup_moments __attribute__((cleanup(moments_close)))

/* The folder and all that is in it. */
void moments_remove(const char *path);

#endif
