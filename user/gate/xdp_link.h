/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program onto a device, native if the driver takes it. */
#ifndef STRAYGATE_GATE_XDP_LINK_H
#define STRAYGATE_GATE_XDP_LINK_H

#include <stdbool.h>

/*
 * Attaches the program by a link of its own, native unless generic is asked for or the
 * driver refuses native mode. Then generic mode is taken, and the kernel's own reason
 * is said, with what would help. Never displaces another program. fd of the link, or
 * -errno, which was said.
 */
int xdp_link(const char *device, int program, bool generic);

/* Is this error of the device, and not of who asks? Then generic mode is worth a try. */
bool xdp_refused_by_driver(int err);

#endif
