/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the gate should stand among devices that lie on each other: on one of them,
 * so that no packet is judged twice, and on the bond rather than on its slaves, since
 * the answer to what came by one slave may leave by another.
 */
#ifndef STRAYGATE_GATE_PLACE_H
#define STRAYGATE_GATE_PLACE_H

#include "gate/gate.h"

#define PLACE_TEXT 240

enum place {
	PLACE_GOOD,
	PLACE_SLOWER, /* it is right here, and would be faster elsewhere */
	PLACE_WRONG,  /* judged twice, or on a slave */
};

/* Of the gate on this device; text: what to do instead, a clause without the device's
 * own name, "" if it is good. `also`: devices that it is to stand on as well. */
enum place place_of(struct gate *g, const char *device, const char (*also)[IFNAMSIZ], size_t count,
		    char text[PLACE_TEXT]);
/* The same without a gate, for what can be told beforehand. */
enum place place_before(const char *device, char text[PLACE_TEXT]);

#endif
