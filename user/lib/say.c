// SPDX-License-Identifier: GPL-2.0-only
#include "lib/say.h"

#include <stdarg.h>
#include <stdio.h>

int say_debug;

static void vsay(const char *format, va_list args)
{
	fflush(stdout);
	fputs("straygate: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
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
