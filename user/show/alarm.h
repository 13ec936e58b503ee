/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Posture auto in words: asleep or engaged, since when, why, how often. */
#ifndef STRAYGATE_SHOW_ALARM_H
#define STRAYGATE_SHOW_ALARM_H

#include <jansson.h>

#include "gate/gate.h"

/* "observe", "enforce"; of a listener with posture auto "asleep" or "engaged". */
const char *alarm_state(struct gate *g, struct policy *p, const struct rule *r);
/* Posture auto holds for it, and it is engaged now. */
bool alarm_acts(struct gate *g, struct policy *p, const struct rule *r);
/* How often it was engaged. */
uint32_t alarm_times(struct gate *g, const struct rule *r);

/* Lines about it; none if posture auto does not hold for it. */
void alarm_print(struct gate *g, struct policy *p, const struct rule *r);
/* One line for monitoring; "" unless it is engaged. */
void alarm_brief(struct gate *g, struct policy *p, const struct rule *r, char *out, size_t size);
/* The same as an object; null if posture auto does not hold for it. */
json_t *alarm_json(struct gate *g, struct policy *p, const struct rule *r);

/* Why a listener was engaged: bits ALARM_..., in words and as a list. */
const char *alarm_cause_text(uint32_t cause);
json_t *alarm_causes_json(uint32_t cause);

#endif
