// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/regex.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LITERAL_MOST 253

/* "a|b" outside of parentheses: what ends one of them says nothing of the other. */
static bool has_choice(const char *regex)
{
	int depth = 0;

	for (; *regex; regex++) {
		if (*regex == '\\' && regex[1])
			regex++;
		else if (*regex == '[')
			regex += strcspn(regex, "]") - (strchr(regex, ']') == NULL);
		else if (*regex == '(' || *regex == ')')
			depth += *regex == '(' ? 1 : -1;
		else if (*regex == '|' && !depth)
			return true;
	}
	return false;
}

/* The literal text before `end`, backwards. A bare dot is meant as one, whoever forgot the
 * backslash. Returns where it begins in the regex; *text where it begins in buf. */
static const char *literal_before(const char *regex, const char *end, char buf[LITERAL_MOST + 1], char **text)
{
	char *at = buf + LITERAL_MOST;

	*at = '\0';
	while (end > regex && at > buf) {
		unsigned char c = (unsigned char)end[-1];
		bool escaped = end - regex >= 2 && end[-2] == '\\';

		if (c != '.' && c != '-' && c != '_' && !isalnum(c))
			break;
		if (escaped && c != '.' && c != '-')
			break; /* \d and so on */
		*--at = (char)tolower(c);
		end -= 1 + escaped;
	}
	*text = at;
	return end;
}

/* Does a group that ends before `end`, "(www\.)?" or "(^|\.)", end in a dot, and may be missing? */
static bool optional_label(const char *regex, const char *end)
{
	size_t len = end - regex;

	if (len >= 6 && !strncmp(end - 6, "(^|\\.)", 6))
		return true;
	if (len < 4 || (end[-1] != '?' && end[-1] != '*') || end[-2] != ')')
		return false;
	return end[-3] == '.';
}

bool regex_names(const char *regex, char out[256])
{
	size_t len = strlen(regex);
	char buf[LITERAL_MOST + 1], *text;
	const char *kind, *begin;

	if (!len || regex[len - 1] != '$' || has_choice(regex))
		return false;
	begin = literal_before(regex, regex + len - 1, buf, &text);
	if (*text == '.') {
		kind = "*";
	} else if (begin - regex == 1 && *regex == '^') {
		kind = "";
	} else if (optional_label(regex, begin)) {
		kind = ".";
	} else {
		/* "[a-z]+example.com" takes what a wildcard does not: its first label goes. */
		text = strchr(text, '.');
		kind = "*";
		if (!text || begin == regex || (begin[-1] != '+' && begin[-1] != '*' && begin[-1] != ')'))
			return false;
	}
	/* "*.com" would be the world. */
	if (*kind && !strchr(text + (*text == '.'), '.'))
		return false;
	snprintf(out, 256, "%s%s", kind, text);
	return true;
}
