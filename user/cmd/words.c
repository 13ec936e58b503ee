// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/verb.h"

/* A shell has taken the quotes away that the language wants around a word with
 * blanks. A single argument may be a whole line, so it stays as it is. */
static bool wants_quotes(const char *word)
{
	return !*word || strpbrk(word, " \t#\"\\");
}

static void put_word(FILE *out, const char *word)
{
	if (!wants_quotes(word)) {
		fputs(word, out);
		return;
	}
	fputc('"', out);
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			fputc('\\', out);
		fputc(*word, out);
	}
	fputc('"', out);
}

char *join_words(int count, char **words)
{
	char *line = NULL;
	size_t len = 0;
	FILE *out;
	int i;

	if (count == 1)
		return strdup(words[0]);
	out = open_memstream(&line, &len);
	if (!out)
		return NULL;
	for (i = 0; i < count; i++) {
		if (i)
			fputc(' ', out);
		put_word(out, words[i]);
	}
	if (fclose(out)) {
		free(line);
		return NULL;
	}
	return line;
}
