// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include <stdio.h>

static int items;

static void value_out(json_t *value)
{
	if (value)
		json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	else
		fputs("null", stdout);
	json_decref(value);
}

static void key_out(const char *key)
{
	fputs(", ", stdout);
	value_out(json_string(key));
	fputs(": ", stdout);
}

void json_open(const char *instance)
{
	fputs("{\"format\": 1", stdout);
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
	putchar('[');
	items = 0;
}

void json_item(json_t *value)
{
	fputs(items++ ? ",\n" : "\n", stdout);
	value_out(value);
}

void json_list_end(void)
{
	putchar(']');
}

void json_close(void)
{
	fputs("}\n", stdout);
}
