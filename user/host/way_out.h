/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By which devices do visitors come? */
#ifndef STRAYGATE_WAY_OUT_H
#define STRAYGATE_WAY_OUT_H

#include <net/if.h>
#include <stddef.h>

#define WAYS_OUT_MOST 16

/* Those of the default routes; without any, all that are up, have Ethernet headers and an
 * address of their own. Returns how many. */
size_t ways_out(char names[WAYS_OUT_MOST][IFNAMSIZ]);

#endif
