/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names below which anybody can register one: com, co.uk. Nobody serves all below them. */
#ifndef STRAYGATE_SERVERS_SUFFIX_H
#define STRAYGATE_SERVERS_SUFFIX_H

#include <stdbool.h>

/* Is "*.x" or ".x" (or the name behind it) everything below a single label, or below a public suffix?
 * Those of more than one label are known if libpsl is there, which is loaded when it is wanted. A name
 * without "*." or "." before it never is. */
bool suffix_is_public(const char *pattern);

#endif
