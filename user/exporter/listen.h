/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the daemon listens, and by which names it may be asked there. */
#ifndef STRAYGATE_EXPORTER_LISTEN_H
#define STRAYGATE_EXPORTER_LISTEN_H

#include <stdbool.h>

/* "127.0.0.1:9979", "[::1]:9979" or "unix:/run/x/socket" (mode 0660, in place of a
 * socket that nobody listens on any more). Says what is wrong. A file descriptor, or
 * -errno. */
int listen_on(const char *where);

/* Takes away what listen_on() made in the file system. */
void listen_end(const char *where);

/*
 * May a request with this Host field be answered? A browser can be made to ask a
 * loopback address under any name (DNS rebinding), but not with another Host field: so
 * it has to be "localhost", an address, or a name that was allowed. NULL: there is none.
 */
bool listen_host_fits(const char *host, const char *const *allowed);

#endif
