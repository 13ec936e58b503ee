/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where PROXY headers come and where the policy expects them are two things: who says
 * so, and which line helps. */
#ifndef STRAYGATE_HEADERS_H
#define STRAYGATE_HEADERS_H

#include "show/tally.h"

#define HEADERS_TEXT 512

/* What is wrong, in one sentence without the listener's name; "": nothing. help may
 * be NULL, or gets what to do. Both have HEADERS_TEXT bytes. */
void headers_text(struct gate *g, const struct tally *t, const struct rule *listener, char *text, char *help);

#endif
