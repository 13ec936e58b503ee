// SPDX-License-Identifier: GPL-2.0-or-later
/* What may stand in a page of the operator's own. */
#include <stdbool.h>
#include <string.h>

#include "policy/rule.h"

/* Length of the UTF-8 sequence at the beginning, or 0: there is none (RFC 3629 4). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char low, high;   /* of the second */
		unsigned char length;
	} forms[] = {
		{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n = forms[i].length;

		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (n > left || (n > 1 && (at[1] < forms[i].low || at[1] > forms[i].high)))
			return 0;
		for (size_t k = 2; k < n; k++)
			if (at[k] < 0x80 || at[k] > 0xbf)
				return 0;
		return n;
	}
	return 0;
}

static bool is_text(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;

	while (len) {
		size_t n = utf8_length(at, len);

		if (!n || (*at < 0x20 && *at != '\n' && *at != '\r' && *at != '\t') || *at == 0x7f)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

const char *page_flaw(const char *text, size_t len)
{
	const char *name;

	if (!len)
		return "is empty; expected the HTML of a page";
	if (len > PAGE_SIZE_MAX)
		return "is too long; expected at most 1000 bytes, since it is sent in one packet";
	if (!is_text(text, len))
		return "is no text; expected UTF-8 without control characters";
	name = memmem(text, len, PAGE_NAME, strlen(PAGE_NAME));
	if (!name)
		return NULL;
	name += strlen(PAGE_NAME);
	if (memmem(name, len - (size_t)(name - text), PAGE_NAME, strlen(PAGE_NAME)))
		return "has " PAGE_NAME " twice; expected it once at most";
	return NULL;
}
