/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict that a tap saw, in words: for `watch` and `capture`. */
#ifndef STRAYGATE_SHOW_VERDICT_H
#define STRAYGATE_SHOW_VERDICT_H

#include <jansson.h>

#include "bpf/tap_record.h"
#include "gate/gate.h"

/* The lines of the policy that rules, by their ids. */
struct lines_by_id;
/* Reads them, or reads them anew if another policy rules: *lines is NULL at first. 0 or
 * -errno, which is said. */
int lines_by_id_read(struct gate *g, struct lines_by_id **lines);
void lines_by_id_free(struct lines_by_id *lines);
/* NULL: there is none with this id. */
const struct rule *line_by_id(const struct lines_by_id *lines, uint32_t id);

#define VERDICT_COMMENT 12288 /* bytes for any comment */

/* "21:03:11.402391 tcp/443 203.0.113.7:51234 stray_answered www.example.com alert
 * internal_error" and a newline; wall: ns since 1970. What there is not is "-". */
void verdict_print(FILE *out, const struct tap_record *r, const struct lines_by_id *lines, uint64_t wall);
/* The same, and more, as an object without "format". */
json_t *verdict_json(const struct tap_record *r, const struct lines_by_id *lines, uint64_t wall);
/* Reason, name and line, for people who look at the packet. As snprintf(3). */
int verdict_comment(const struct tap_record *r, const struct lines_by_id *lines, char out[VERDICT_COMMENT]);

#endif
