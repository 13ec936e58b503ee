/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP sockets of this host, one at a time (sock_diag(7)). */
#ifndef STRAYGATE_SOCKET_DIAG_H
#define STRAYGATE_SOCKET_DIAG_H

#include <stdbool.h>

#include "bpf/shared.h"

/* A socket for the questions below; -errno. */
int socket_diag_open(void);
/* Is there a connected socket of this visit? True also if that cannot be told. */
bool socket_diag_exists(int fd, const struct flow_key *visit);
/* Aborts it: its process gets ECONNABORTED, and its peer a RST. 0 or -errno; -ENOENT:
 * there is none here. */
int socket_diag_destroy(int fd, const struct flow_key *visit);

#endif
