/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the gate's filters at tc did with the packets of a device. */
#ifndef STRAYGATE_CROSSINGS_H
#define STRAYGATE_CROSSINGS_H

#include <jansson.h>

#include "show/since.h"

const char *direction_name(enum direction d);
const char *crossing_name(enum crossing c);
/* {"in": {"passed": N, ...}, "out": {...}}, packets; NULL: they cannot be read. since:
 * how much more they are than they were; NULL: all. */
json_t *crossings_json(struct gate *g, const struct gate_device *d, struct since *since);
void crossings_text(struct gate *g, const struct gate_device *d, struct since *since);

#endif
