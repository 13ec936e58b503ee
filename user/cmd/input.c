// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/say.h"

#define BLANKS " \t\r\n"

/* `del serve a b` where only b is missing: a goes. Words that are no subject, as what
 * stands behind one, are not found either. */
static int del_each(struct policy *p, const char *line)
{
	static const char *const several[] = {"serve", "zone", "source", "resolver"};
	char *copy = strdup(line), *state, *statement, *word, one[512];
	struct policy_error err;
	int changed = 0;
	size_t i;

	if (!copy)
		return -ENOMEM;
	statement = strtok_r(copy, BLANKS, &state);
	for (i = 0; statement && i < sizeof(several) / sizeof(several[0]); i++)
		if (!strcmp(statement, several[i]))
			break;
	word = statement && i < sizeof(several) / sizeof(several[0]) ? strtok_r(NULL, BLANKS, &state) : NULL;
	if (word && !strcmp(word, "from"))
		word = NULL;
	for (; word; word = strtok_r(NULL, BLANKS, &state)) {
		snprintf(one, sizeof(one), "%s %.300s", statement, word);
		changed |= policy_del(p, one, &err) == 1;
	}
	free(copy);
	return changed;
}

static int take_line(struct policy *p, const char *line, line_fn *how, struct policy_error *err)
{
	int r = how(p, line, err);

	return r == -ENOENT && how == policy_del ? del_each(p, line) : r;
}

/* Errors name the command line, "-:1:COLUMN": here the line is another. */
static void say_error(const struct policy_error *err, size_t line)
{
	static const char first[] = "-:1:";

	if (!strncmp(err->text, first, sizeof(first) - 1))
		say("-:%zu:%s", line, err->text + sizeof(first) - 1);
	else
		say("-:%zu: %s", line, err->text);
}

/* The lines of a text, which are ended in place. */
static int take_lines(struct policy *p, char *text, size_t size, line_fn *how)
{
	char *line = text, *end = text + size;
	int r, changed = 0, failed = 0;
	struct policy_error err;
	size_t number;

	for (number = 1; line < end; number++) {
		char *stop = memchr(line, '\n', end - line) ?: end, *begin;
		bool whole = !memchr(line, 0, stop - line);

		*stop = 0;
		line[strcspn(line, "\r")] = 0;
		begin = line + strspn(line, BLANKS);
		if (!whole) {
			say("-:%zu: NUL byte; expected text", number);
			failed = -EINVAL;
		} else if (*begin && *begin != '#') {
			r = take_line(p, line, how, &err);
			changed |= r == 1;
			if (r < 0) {
				say_error(&err, number);
				failed = r;
			}
		}
		line = stop + 1;
	}
	return failed ? failed : changed;
}

void input_free(struct input *in)
{
	free(in->text);
	*in = (struct input){0};
}

int input_read(struct input *in, const char *line)
{
	FILE *copy;
	int err;

	*in = (struct input){.line = line};
	if (strcmp(line, "-"))
		return 0;
	copy = open_memstream(&in->text, &in->size);
	if (!copy)
		return fail(-ENOMEM, "%s", strerror(ENOMEM));
	err = copy_rest(stdin, copy);
	if (fclose(copy) && !err)
		err = -ENOMEM;
	return err ? fail(err, "standard input cannot be read: %s", strerror(-err)) : 0;
}

int input_lines(struct policy *p, struct input *in, line_fn *how)
{
	struct policy_error err;
	int r;

	if (in->text) {
		/* The mark that some editors put first. */
		size_t mark = in->size >= 3 && !memcmp(in->text, "\xef\xbb\xbf", 3) ? 3 : 0;

		return take_lines(p, in->text + mark, in->size - mark, how);
	}
	r = take_line(p, in->line, how, &err);
	return r < 0 ? fail(r, "%s", err.text) : r;
}

const char *input_path(const char *path)
{
	return strcmp(path, "-") ? path : STDIN_PATH;
}

int copy_rest(FILE *from, FILE *to)
{
	char block[4096];
	size_t got;

	while ((got = fread(block, 1, sizeof(block), from)) > 0)
		if (fwrite(block, 1, got, to) != got)
			return -ENOMEM;
	return ferror(from) ? (errno ? -errno : -EIO) : 0;
}

int check_replaceable(const char *path, const char *verb)
{
	struct stat st;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return fail(-EINVAL, "%s is not a regular file; `%s` replaces regular files only", path,
			    verb);
	return 0;
}
