// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/quote.h"

#include <stdio.h>
#include <string.h>

bool word_needs_quotes(const char *text)
{
	return !*text || strpbrk(text, " \t#\"\\");
}

void bytes_escape(char *out, const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '\\')
			*out++ = bytes[i];
		else
			out += sprintf(out, "\\%03u", bytes[i]);
	*out = 0;
}
