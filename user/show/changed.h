/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed about a device since the gate looked, in words. */
#ifndef STRAYGATE_CHANGED_H
#define STRAYGATE_CHANGED_H

#include "lib/json.h"

/* "its MAC address, its MTU"; "": nothing. changed: CHANGED_... of gate.h. */
const char *changed_text(unsigned int changed);
/* ["mac", "mtu", "handshake"], as far as it is so. */
json_t *changed_json(unsigned int changed);

#endif
