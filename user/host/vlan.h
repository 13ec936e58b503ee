/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VLAN tags: are they in the frames that the gate sees? */
#ifndef STRAYGATE_VLAN_H
#define STRAYGATE_VLAN_H

#include <stdbool.h>

/* The NIC takes tags off (rx-vlan-offload), so that no program in the driver sees
 * any, and what it sends back leaves without one. */
bool vlan_tags_stripped(const char *device);
/* Does any VLAN device lie on this one? */
bool vlan_on_top(const char *device);

#endif
