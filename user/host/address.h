/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses that are local to this host: the kernel's own table of them. */
#ifndef STRAYGATE_LOCAL_H
#define STRAYGATE_LOCAL_H

#include "lib/prefix.h"

/* Prefixes, not addresses: a host may take a whole prefix as its own (AnyIP,
 * `ip route add local 192.0.2.0/24 dev lo`). Prints its own errors. The caller
 * frees *out. 0 or -errno. */
int local_addresses(struct prefix **out, size_t *count);

#endif
