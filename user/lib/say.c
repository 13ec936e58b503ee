// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int say_debug;

/* A text may have several lines: each is said alone. */
static void vsay(const char *format, va_list args)
{
	char *text = NULL, *next, *line;

	if (vasprintf(&text, format, args) < 0)
		return;
	fflush(stdout);
	for (next = text; (line = strsep(&next, "\n"));)
		fprintf(stderr, "straygate: %s\n", line);
	free(text);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

int fail(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
	return err;
}
