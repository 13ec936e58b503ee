/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate's two filters at tc, which bind and translate the visits that the gate
 * introduced. From Linux 6.6 on they are tcx links, which outlive every process and
 * nobody takes away by accident; before that, filters of a clsact qdisc, which others
 * can remove. They stand first, let the next filter run, and remove only themselves.
 *
 * Pins of a device: ingress and egress (programs), ingress_link and egress_link (tcx).
 */
#ifndef STRAYGATE_GATE_TC_H
#define STRAYGATE_GATE_TC_H

#include "gate/gate.h"

/* Attaches both, or replaces them where they are. 0 or -errno, which is said. */
int tc_attach(struct gate *g, const char *device, int ingress, int egress);
/* Are both where they were put? */
bool tc_attached(struct gate *g, const char *device);
void tc_detach(struct gate *g, const char *device);

#endif
