/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files to lines, lines to words. */
#ifndef STRAYGATE_TEXT_H
#define STRAYGATE_TEXT_H

#include <sys/types.h>

#include "parser/complain.h"

#define LINE_SIZE_MAX (64 * 1024)
#define FILE_SIZE_MAX (256UL * 1024 * 1024)

struct text {
	char *buf;
	size_t len;
	char *next; /* of the line to come */
};

void text_free(struct text *t);
#define cleanup_text __attribute__((cleanup(text_free)))

enum read_from { READ_ANY, READ_REGULAR };
/* Reads a whole file, also one that gzip(1) made. On failure nothing is said: 0 or
 * -errno. -EFBIG: over FILE_SIZE_MAX, -ENOTSUP: not a regular file where one must be,
 * -EBADMSG: what gzip made is damaged, -EILSEQ: UTF-16. */
int text_read(struct text *t, const char *path, enum read_from what, dev_t *dev, ino_t *ino);
/* A file that could not be read, named in the line at `column` (0: by the user); returns err. */
int complain_file(struct place *at, unsigned int column, const char *path, int err);
int text_copy(struct text *t, const char *text, size_t len);
#define LARGE_TEXT (1 << 20) /* of what is smaller nobody sees that it is being read */
/* Of a large file it is shown how much was read: who reads it counts t->next - t->buf. */
void text_progress(const struct text *t, const char *path);
/* 1 and the next line without its end, 0 at the end, <0 after a complaint.
 * The byte behind the line may be written. */
int text_line(struct text *t, struct place *at, char **line, size_t *len);

struct word {
	char *text;
	size_t len;
	unsigned int column;
	bool quoted; /* never a keyword */
};

struct words {
	struct word *word;
	size_t count;
	size_t room;
	unsigned int end; /* column behind the last */
};

/* Splits a line in place; the words stay in it. */
int words_split(struct words *w, char *line, size_t len, struct place *at);
void words_free(struct words *w);

/* dir + path, unless path is absolute. 0 or -ENAMETOOLONG. */
int path_join(const char *dir, const char *path, char *out, size_t size);

#endif
