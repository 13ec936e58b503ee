/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How deep a listener is judged, in words. */
#ifndef STRAYGATE_DEPTH_H
#define STRAYGATE_DEPTH_H

#include "gate/gate.h"

/* "handshake", "data", or "-" where there is no TCP. */
const char *depth_text(struct gate *g, struct policy *p, const struct rule *r);
/* The same as a number. */
enum shallow shallow_of(struct gate *g, struct policy *p, const struct rule *r);
/* None of these devices can do more: why not the last of them? SHALLOW_NONE: one can. */
enum shallow devices_shallow(const struct gate_device *devices, size_t count);
/* depth_text() and shallow_of(), for who has the devices already, and many listeners. */
const char *depth_on(struct gate *g, struct policy *p, const struct rule *r, enum shallow devices);
enum shallow shallow_on(struct gate *g, struct policy *p, const struct rule *r, enum shallow devices);
/* Why a listener is judged at data although its line would allow more; "" if it
 * is not. */
const char *shallow_reason(struct gate *g, struct policy *p, const struct rule *r);

#endif
