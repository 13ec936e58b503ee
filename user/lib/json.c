// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/json.h"

#include <stdio.h>
#include <string.h>

#include "lib/progress.h"

static int items, fields;
static FILE *stream; /* NULL: stdout */

/* What is written goes through here, not through stdio: a million rules are
 * twenty million pieces. */
static struct {
	char bytes[1 << 16];
	size_t used;
} out;

static void flush(void)
{
	fwrite(out.bytes, 1, out.used, stream ?: stdout);
	out.used = 0;
}

static int put(const char *bytes, size_t len, void *unused)
{
	(void)unused;
	while (len) {
		size_t left = sizeof(out.bytes) - out.used, part = len < left ? len : left;

		memcpy(out.bytes + out.used, bytes, part);
		out.used += part;
		bytes += part;
		len -= part;
		if (out.used == sizeof(out.bytes))
			flush();
	}
	return 0;
}

/* Room for so many bytes in a row, fewer than there can be in all. They count from
 * wrote() on. */
static char *room(size_t size)
{
	if (sizeof(out.bytes) - out.used < size)
		flush();
	return out.bytes + out.used;
}

static void wrote(const char *end)
{
	out.used = end - out.bytes;
}

static char *copy(char *at, const char *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static void put_text(const char *text)
{
	put(text, strlen(text), NULL);
}

static void value_out(json_t *value)
{
	if (value)
		json_dump_callback(value, put, NULL, JSON_COMPACT | JSON_ENCODE_ANY);
	else
		put_text("null");
	json_decref(value);
}

/* Text that stands for itself is written as it is; jansson knows the rest. */
static void string_out(const char *text)
{
	size_t len = 0;
	char *at;

	while (text[len] >= ' ' && text[len] < 0x7f && text[len] != '"' && text[len] != '\\')
		len++;
	if (text[len] || len + 2 > sizeof(out.bytes)) {
		value_out(json_string(text));
		return;
	}
	at = room(len + 2);
	*at++ = '"';
	at = copy(at, text, len);
	*at++ = '"';
	wrote(at);
}

static void key_out(const char *key)
{
	put_text(", ");
	string_out(key);
	put_text(": ");
}

void json_to(FILE *to)
{
	stream = to;
}

void json_open(const char *instance)
{
	if (!stream)
		progress_end();
	put_text("{\"format\": 1");
	json_member("instance", json_string(instance));
}

void json_member(const char *key, json_t *value)
{
	key_out(key);
	value_out(value);
}

void json_list(const char *key)
{
	key_out(key);
	put_text("[");
	items = 0;
}

static void next_item(void)
{
	put_text(items++ ? ",\n" : "\n");
}

void json_item(json_t *value)
{
	next_item();
	value_out(value);
}

void json_row(void)
{
	next_item();
	put_text("{");
	fields = 0;
}

static void field_key(const char *key)
{
	size_t len = strlen(key);
	char *at = room(len + 4);

	if (fields++)
		*at++ = ',';
	*at++ = '"';
	at = copy(at, key, len);
	wrote(copy(at, "\":", 2));
}

void json_text(const char *key, const char *text)
{
	field_key(key);
	string_out(text);
}

void json_number(const char *key, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	field_key(key);
	do
		*--at = '0' + number % 10;
	while (number /= 10);
	wrote(copy(room(sizeof(digits)), at, digits + sizeof(digits) - at));
}

void json_row_end(void)
{
	put_text("}");
}

void json_list_end(void)
{
	put_text("]");
}

void json_close(void)
{
	put_text("}\n");
	flush();
}
