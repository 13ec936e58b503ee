/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets `watch` and `capture` are asked for: from options to a filter. */
#ifndef STRAYGATE_CMD_WANTED_H
#define STRAYGATE_CMD_WANTED_H

#include "gate/tap.h"
#include "show/call.h"

/* packets: these are wanted, and where no reason is given each that comes for a listener; else
 * verdicts, and those about visits. rate: where none is given. 0 or -EINVAL, which is said. */
int wanted_read(struct gate *g, const struct call *c, bool packets, unsigned int rate,
		struct tap_filter *out);

#endif
