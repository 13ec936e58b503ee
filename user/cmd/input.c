// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int take_stdin(struct policy *p, line_fn *how)
{
	struct policy_error err;
	int r, changed = 0, failed = 0;
	size_t room = 0, number;
	char *line = NULL;
	ssize_t len;

	for (number = 1; (len = getline(&line, &room, stdin)) > 0; number++) {
		const char *begin = line + strspn(line, BLANKS);

		if (!*begin || *begin == '#')
			continue;
		line[strcspn(line, "\r\n")] = 0;
		r = take_line(p, line, how, &err);
		changed |= r == 1;
		if (r < 0) {
			say_error(&err, number);
			failed = r;
		}
	}
	free(line);
	if (ferror(stdin))
		return fail(-EIO, "standard input cannot be read: %s", strerror(errno));
	return failed ? failed : changed;
}

int input_lines(struct policy *p, const char *line, line_fn *how)
{
	struct policy_error err;
	int r;

	if (!strcmp(line, "-"))
		return take_stdin(p, how);
	r = take_line(p, line, how, &err);
	return r < 0 ? fail(r, "%s", err.text) : r;
}

const char *input_path(const char *path)
{
	return strcmp(path, "-") ? path : STDIN_PATH;
}
