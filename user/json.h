/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Documents with "format": 1, written member by member: a million rules are
 * never held as JSON in memory. Values are jansson's; they are given away.
 */
#ifndef STRAYGATE_JSON_H
#define STRAYGATE_JSON_H

#include <jansson.h>
#include <stdint.h>

/* { "format": 1, "instance": NAME */
void json_open(const char *instance);
/* , "key": value */
void json_member(const char *key, json_t *value);
/* , "key": [ ... ] */
void json_list(const char *key);
void json_item(json_t *value);
void json_list_end(void);
/* } */
void json_close(void);

#endif
