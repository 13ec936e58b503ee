/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VLAN tags: are they in the frames that the gate sees? */
#ifndef STRAYGATE_VLAN_H
#define STRAYGATE_VLAN_H

#include <stdbool.h>
#include <stddef.h>

/* Tags are taken off before a program on this device sees the frame, and what it sends
 * back leaves without one: by the NIC (rx-vlan-offload), by a slave's NIC, or, where a
 * bond or bridge runs the program in generic mode, by the kernel. */
bool vlan_tags_stripped(const char *device, bool generic);
/* The same, and there are VLANs on it, at any distance. */
bool vlan_tags_missed(const char *device, bool generic);

#define VLAN_REMEDY_SIZE 160

/* The command that leaves them in, of every slave where it is a bond; "": there is none,
 * since they are not taken off, or by the kernel. */
void vlan_tags_remedy(const char *device, bool generic, char out[VLAN_REMEDY_SIZE]);

#endif
