// SPDX-License-Identifier: GPL-2.0-or-later
/* Files to lines, lines to words. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "parser/text.h"
#include "lib/fd.h"
#include "lib/large.h"
#include "lib/progress.h"

void text_free(struct text *t)
{
	free(t->buf);
	*t = (struct text){0};
}

/* Ends it with a NUL, and leaves out the mark that some editors put first. */
static void text_start(struct text *t)
{
	t->buf[t->len] = '\0';
	t->next = t->buf;
	if (t->len >= 3 && !memcmp(t->buf, "\xef\xbb\xbf", 3))
		t->next += 3;
}

int text_copy(struct text *t, const char *text, size_t len)
{
	*t = (struct text){.buf = malloc(len + 1), .len = len};
	if (!t->buf)
		return -ENOMEM;
	memcpy(t->buf, text, len);
	text_start(t);
	return 0;
}

/* Room for what comes, and for the NUL behind it. */
static int text_grow(struct text *t, size_t *room)
{
	size_t size = *room * 2 + 4096;
	char *more = realloc(t->buf, size);

	if (!more)
		return -ENOMEM;
	t->buf = more;
	*room = size;
	return 0;
}

static int read_all(struct text *t, int fd, size_t expected)
{
	size_t room = expected + 2; /* one for the NUL, one to see the end */
	int err = 0;

	t->buf = large_alloc(room);
	if (!t->buf)
		return -ENOMEM;
	while (!err) {
		ssize_t got = read(fd, t->buf + t->len, room - t->len - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		t->len += (size_t)got;
		if (t->len > FILE_SIZE_MAX)
			return -EFBIG;
		if (t->len + 1 == room)
			err = text_grow(t, &room);
	}
	return err;
}

static bool is_gzip(const struct text *t)
{
	return t->len > 2 && !memcmp(t->buf, "\x1f\x8b", 2);
}

/* What editors of Windows call "Unicode": each character has a NUL byte, and would be an
 * error of its own. */
static bool is_utf16(const struct text *t)
{
	return t->len >= 2 && (!memcmp(t->buf, "\xff\xfe", 2) || !memcmp(t->buf, "\xfe\xff", 2));
}

/* A file of gzip may have several parts, one behind the other. */
static int inflate_all(struct text *to, z_stream *z)
{
	size_t room = 0;
	int err = 0, got = Z_OK;

	while (!err) {
		if (got == Z_STREAM_END && (!z->avail_in || inflateReset(z) != Z_OK))
			break;
		if (to->len + 1 >= room) {
			err = text_grow(to, &room);
			continue;
		}
		z->next_out = (unsigned char *)to->buf + to->len;
		z->avail_out = (unsigned int)(room - to->len - 1);
		got = inflate(z, Z_NO_FLUSH);
		to->len = room - 1 - z->avail_out;
		if (got != Z_STREAM_END && (got != Z_OK || (!z->avail_in && z->avail_out)))
			err = got == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
		else if (to->len > FILE_SIZE_MAX)
			err = -EFBIG;
	}
	return err;
}

static int text_inflate(struct text *t)
{
	z_stream z = {.next_in = (unsigned char *)t->buf, .avail_in = (unsigned int)t->len};
	struct text to cleanup_text = {0};
	int err;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	err = inflate_all(&to, &z);
	inflateEnd(&z);
	if (!err) {
		text_free(t);
		*t = to;
		to = (struct text){0};
	}
	return err;
}

int text_read(struct text *t, const char *path, enum read_from what, dev_t *dev, ino_t *ino)
{
	/* Only where the user named the file may it be a pipe: no list makes
	 * us wait for whoever opens its other end. */
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (what == READ_REGULAR ? O_NONBLOCK : 0);
	cleanup_fd int fd = open(path, flags);
	struct stat st;
	int err;

	*t = (struct text){0};
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (what == READ_REGULAR && !S_ISREG(st.st_mode))
		return -ENOTSUP;
	if (st.st_size > (off_t)FILE_SIZE_MAX)
		return -EFBIG;
	if (dev)
		*dev = st.st_dev;
	if (ino)
		*ino = st.st_ino;
	err = read_all(t, fd, (size_t)st.st_size);
	if (!err && is_utf16(t))
		return -EILSEQ;
	if (!err && is_gzip(t))
		err = text_inflate(t);
	if (!err)
		text_start(t);
	return err;
}

void text_progress(const struct text *t, const char *path)
{
	if (t->len >= LARGE_TEXT)
		progress(NULL, t->len, "reading %s", path);
}

int text_line(struct text *t, struct place *at, char **line, size_t *len)
{
	char *end = t->buf + t->len, *stop, *nul;

	if (t->next >= end)
		return 0;
	at->line++;
	*line = t->next;
	stop = memchr(*line, '\n', (size_t)(end - *line));
	t->next = stop ? stop + 1 : end;
	if (!stop)
		stop = end;
	if (stop > *line && stop[-1] == '\r')
		stop--;
	*len = (size_t)(stop - *line);
	if (*len > LINE_SIZE_MAX)
		return complain(at, LINE_SIZE_MAX + 1, "line of %zu bytes; expected at most %d", *len,
				LINE_SIZE_MAX);
	nul = memchr(*line, '\0', *len);
	if (nul)
		return complain(at, (unsigned int)(nul - *line) + 1, "NUL byte; expected text");
	return 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct word *word_add(struct words *w)
{
	if (w->count == w->room) {
		size_t room = w->room ? 2 * w->room : 32;
		struct word *more = realloc(w->word, room * sizeof(*more));

		if (!more)
			return NULL;
		w->word = more;
		w->room = room;
	}
	return &w->word[w->count++];
}

/* Takes the escapes out of "..." in place; returns what follows, or NULL. */
static char *unquote(struct word *word, char *at, const char *end)
{
	char *to = at;

	word->text = at;
	word->quoted = true;
	for (; at < end && *at != '"'; at++) {
		if (*at == '\\' && ++at == end)
			return NULL;
		*to++ = *at;
	}
	word->len = (size_t)(to - word->text);
	return at < end ? at + 1 : NULL;
}

int words_split(struct words *w, char *line, size_t len, struct place *at)
{
	char *end = line + len, *c = line;

	w->count = 0;
	w->end = 1;
	for (;;) {
		struct word *word;

		while (c < end && is_blank(*c))
			c++;
		if (c == end || *c == '#')
			break;
		word = word_add(w);
		if (!word)
			return complain_memory(at);
		*word = (struct word){.text = c, .column = (unsigned int)(c - line) + 1};
		if (*c == '"') {
			c = unquote(word, c + 1, end);
			if (!c)
				return complain(at, word->column, "quote without end; expected \"");
		}
		while (c < end && !is_blank(*c) && *c != '#' && *c != '"' && !word->quoted)
			c++;
		if (c < end && !is_blank(*c) && *c != '#')
			return complain(at, (unsigned int)(c - line) + 1,
					"quote within a word; expected a blank");
		if (!word->quoted)
			word->len = (size_t)(c - word->text);
		w->end = (unsigned int)(c - line) + 1;
	}
	/* Only now: the byte behind a word may be a '#' still to be seen. */
	for (size_t i = 0; i < w->count; i++) {
		struct word *word = &w->word[i];

		word->text[word->len] = '\0';
		for (size_t j = 0; j < word->len; j++)
			if ((unsigned char)word->text[j] < 0x20 || word->text[j] == 0x7f)
				return complain(at, word->column + (unsigned int)j,
						"control character \\x%02x; expected text",
						(unsigned char)word->text[j]);
	}
	return 0;
}

void words_free(struct words *w)
{
	free(w->word);
	*w = (struct words){0};
}

static const char *file_problem(int err, char *buf, size_t size)
{
	switch (err) {
	case -EISDIR:
		return "it is a directory; expected a file";
	case -ENOTSUP:
		return "it is no regular file; expected one";
	case -EILSEQ:
		return "it is UTF-16; expected UTF-8, as `iconv -f utf-16 -t utf-8` makes it";
	case -EBADMSG:
		return "it is damaged; expected a whole file of gzip";
	case -EFBIG:
		snprintf(buf, size, "it is larger than %lu MB; expected a smaller one", FILE_SIZE_MAX >> 20);
		return buf;
	default:
		snprintf(buf, size, "%s; expected a readable file", strerror(-err));
		return buf;
	}
}

int complain_file(struct place *at, unsigned int column, const char *path, int err)
{
	char buf[128];

	if (err == -ENOMEM)
		return complain_memory(at);
	if (column)
		complain(at, column, "cannot read '%s': %s", text_shown(at, path, strlen(path)),
			 file_problem(err, buf, sizeof(buf)));
	else
		complain(at, 0, "cannot read: %s", file_problem(err, buf, sizeof(buf)));
	return err;
}

int path_join(const char *dir, const char *path, char *out, size_t size)
{
	bool alone = *path == '/' || !*dir;
	size_t len = strlen(dir);
	const char *slash = len && dir[len - 1] == '/' ? "" : "/";
	int got = snprintf(out, size, "%s%s%s", alone ? "" : dir, alone ? "" : slash, path);

	return got < 0 || (size_t)got >= size ? -ENAMETOOLONG : 0;
}
