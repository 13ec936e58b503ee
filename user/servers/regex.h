/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions of host names: which names do they take? */
#ifndef STRAYGATE_SERVERS_REGEX_H
#define STRAYGATE_SERVERS_REGEX_H

#include <stdbool.h>

/* "^(.+)\.example\.com$" to "*.example.com", "^(www\.)?example\.com$" to ".example.com",
 * "^example\.com$" to "example.com": all that the expression takes, and perhaps more below
 * the same name. False: it takes what cannot be said so. out: 256 bytes. */
bool regex_names(const char *regex, char out[256]);

#endif
