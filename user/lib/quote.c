// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/quote.h"

#include <string.h>

bool word_needs_quotes(const char *text)
{
	return !*text || strpbrk(text, " \t#\"\\");
}
