/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Documents with "format": 1, written member by member: a million rules are
 * never held as JSON in memory. Values are jansson's; they are given away. What
 * may be as many as rules are is a row, written without any. There is one document
 * at a time, and nothing else is to be written where it goes between json_open()
 * and json_close().
 */
#ifndef STRAYGATE_JSON_H
#define STRAYGATE_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Where documents go from now on; NULL: to stdout. */
void json_to(FILE *to);
/* { "format": 1, "instance": NAME */
void json_open(const char *instance);
/* , "key": value */
void json_member(const char *key, json_t *value);
/* , "key": [ ... ] */
void json_list(const char *key);
void json_item(json_t *value);
/* An item that is an object: json_row(), its fields, json_row_end(). Keys are
 * plain words. */
void json_row(void);
void json_text(const char *key, const char *text);
void json_number(const char *key, uint64_t number);
void json_row_end(void);
void json_list_end(void);
/* } */
void json_close(void);

#endif
