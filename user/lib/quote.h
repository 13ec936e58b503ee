/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a line, and when they need quotes. */
#ifndef STRAYGATE_QUOTE_H
#define STRAYGATE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Must this text be quoted to be one word again? */
bool word_needs_quotes(const char *text);

/* Strangers choose these bytes: what is not plain stands as in zone files (RFC 1035 5.1),
 * so that neither a terminal nor JSON takes it for anything else. out: 4 * len + 1 bytes. */
void bytes_escape(char *out, const uint8_t *bytes, size_t len);

#endif
