/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How deep a listener is judged, in words. */
#ifndef STRAYGATE_DEPTH_H
#define STRAYGATE_DEPTH_H

#include "gate/gate.h"

/* "handshake", "data", or "-" where there is no TCP. */
const char *depth_text(struct gate *g, struct policy *p, const struct rule *r);
/* The same as a number. */
enum shallow shallow_of(struct gate *g, struct policy *p, const struct rule *r);
/* Why a listener is judged at data although its line would allow more; "" if it
 * is not. */
const char *shallow_reason(struct gate *g, struct policy *p, const struct rule *r);

#endif
