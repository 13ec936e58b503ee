/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event in words and as JSON: what straygate(8) promises of `show events`. */
#ifndef STRAYGATE_EVENT_TEXT_H
#define STRAYGATE_EVENT_TEXT_H

#include <jansson.h>

#include "gate/events.h"

/* As in JSON: "way_known"; "unknown" of another build's kinds. */
const char *event_name(enum event_kind kind);

/* One sentence, without time: "tcp/443: fell back to data: ...". As snprintf(3). */
void event_text(const struct event *e, char *out, size_t size);

/* Members "event", "listener" or "device", and those of its kind; no time. */
json_t *event_json(const struct event *e);

#endif
