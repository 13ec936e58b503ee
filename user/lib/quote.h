/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a line, and when they need quotes. */
#ifndef STRAYGATE_QUOTE_H
#define STRAYGATE_QUOTE_H

#include <stdbool.h>

/* Must this text be quoted to be one word again? */
bool word_needs_quotes(const char *text);

#endif
