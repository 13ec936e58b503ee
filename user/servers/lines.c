// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/lines.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "servers/files.h"

/* Takes quotes away, and the backslash before a blank or a quote; "#" begins a comment where a
 * word may begin. */
static void split(struct line *l, char *at)
{
	l->count = 0;
	while (l->count < LINE_WORDS) {
		char *to, quote = 0;

		while (isspace((unsigned char)*at))
			at++;
		if (!*at || *at == '#')
			break;
		l->word[l->count++] = to = at;
		for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
			if (*at == '\\' && at[1] && strchr(" \"'\\#", at[1]))
				*to++ = *++at;
			else if (quote ? *at == quote : *at == '"' || *at == '\'')
				quote = quote ? 0 : *at;
			else
				*to++ = *at;
		}
		if (!*at) {
			*to = '\0';
			break;
		}
		*to = '\0';
		at++;
	}
	l->word[l->count] = "";
}

/* The line at `at`, with those that it goes on in; returns what follows. */
static char *take_line(char *at, unsigned int *lines)
{
	char *end = at;

	for (*lines = 1;; (*lines)++) {
		end = strchrnul(end, '\n');
		if (!*end || end == at || end[-1] != '\\')
			break;
		end[-1] = end[0] = ' ';
	}
	if (!*end)
		return NULL;
	*end = '\0';
	return end + 1;
}

int lines_read(struct model *m, const struct process *p, const char *server, const char *file,
	       unsigned int first, line_words_fn *fn, void *arg, const bool *stop)
{
	struct line l = {.file = model_text(m, file, strlen(file)), .number = 1};
	const struct found_at where = {.server = server, .file = l.file, .line = 0};
	unsigned int lines;
	char *at, *next;
	size_t len;

	/* Words live as long as the model. */
	at = arena_adopt(&m->arena, server_read(p, file, &len));
	if (!at) {
		model_note(m, true, &where, "cannot be read: %s", strerror(errno));
		return -EIO;
	}
	for (; at && !(stop && *stop); at = next) {
		next = take_line(at, &lines);
		if (l.number >= first) {
			split(&l, at);
			if (l.count)
				fn(&l, arg);
		}
		l.number += lines;
	}
	return 0;
}

bool line_is(const struct line *l, unsigned int i, const char *word)
{
	return i < l->count && !strcasecmp(l->word[i], word);
}

struct found_at line_at(const struct line *l, const char *server)
{
	return (struct found_at){.server = server, .file = l->file, .line = l->number};
}
