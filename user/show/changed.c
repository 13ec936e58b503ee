// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/changed.h"

#include <stdio.h>

#include "gate/gate.h"

static const struct {
	unsigned int bit;
	const char *text;
	const char *word;
} things[] = {
	{CHANGED_MAC, "its MAC address", "mac"},
	{CHANGED_MTU, "its MTU", "mtu"},
	{CHANGED_WAY, "whether it can shake hands (VLANs, their tags, the other end of a veth)", "handshake"},
};
#define THINGS (sizeof(things) / sizeof(things[0]))

const char *changed_text(unsigned int changed)
{
	static char text[160];
	size_t i, at = 0;

	*text = 0;
	for (i = 0; i < THINGS; i++)
		if (changed & things[i].bit)
			at += snprintf(text + at, sizeof(text) - at, "%s%s", at ? ", " : "", things[i].text);
	return text;
}

json_t *changed_json(unsigned int changed)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < THINGS; i++)
		if (changed & things[i].bit)
			json_array_append_new(list, json_string(things[i].word));
	return list;
}
