// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/say.h"

#include "lib/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int say_debug;
void (*say_to)(const char *line);

/* A text may have several lines: each is said alone. */
static void vsay(const char *format, va_list args)
{
	char *text = NULL, *next, *line;

	if (vasprintf(&text, format, args) < 0)
		return;
	progress_hide();
	fflush(stdout);
	for (next = text; (line = strsep(&next, "\n"));)
		if (say_to)
			say_to(line);
		else
			fprintf(stderr, "straygate: %s\n", line);
	progress_unhide();
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

const char *grouped(uint64_t n)
{
	static char buffers[8][32];
	static unsigned int turn;
	char digits[24], *to = buffers[turn++ % 8];
	size_t len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), i, at = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			to[at++] = ',';
		to[at++] = digits[i];
	}
	to[at] = 0;
	return to;
}
