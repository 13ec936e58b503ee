/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names as people write them, to names as they are asked for (RFC 5891). */
#ifndef STRAYGATE_SERVERS_IDN_H
#define STRAYGATE_SERVERS_IDN_H

#include <stddef.h>

/* "*.bücher.example" to "*.xn--bcher-kva.example", by libidn2, which is loaded when it is wanted
 * and is on each Debian. 0, or -EINVAL: it is ASCII already, it is no name, or there is no libidn2.
 * out: 254 bytes. */
int idn_to_ascii(const char *text, size_t len, char out[254]);

#endif
