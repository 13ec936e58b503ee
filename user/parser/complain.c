// SPDX-License-Identifier: GPL-2.0-or-later
/* One-line errors that are safe to print whatever was in the input. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parser/complain.h"

/* The length of the UTF-8 character at text if it is one that prints as itself;
 * not the C1 controls, nor U+2000-U+206F among which are those that turn the
 * direction of a line or hide in it. */
static size_t printable_utf8(const unsigned char *text, size_t left)
{
	size_t len = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	uint32_t c = text[0] & (0xff >> (len + 1));
	static const uint32_t least[] = {[2] = 0xa0, [3] = 0x800, [4] = 0x10000};

	if (text[0] < 0xc2 || text[0] > 0xf4 || left < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return (c >= 0x2000 && c < 0x2070) || c == 0xfeff ? 0 : len;
}

static void escape(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0;

	for (size_t i = 0, step; i < len; i += step) {
		unsigned char c = (unsigned char)text[i];
		char hex[5];
		const char *piece = text + i;

		step = c < 0x80 ? c >= 0x20 && c < 0x7f
				: printable_utf8((const unsigned char *)piece, len - i);
		if (used + 8 > size) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		if (step) {
			memcpy(out + used, piece, step);
			used += step;
			continue;
		}
		snprintf(hex, sizeof(hex), "\\x%02x", c);
		memcpy(out + used, hex, 4);
		used += 4;
		step = 1;
	}
	out[used] = '\0';
}

const char *text_shown(struct place *at, const char *text, size_t len)
{
	char *out = at->shown[at->turn++ % 2];

	escape(out, sizeof(at->shown[0]), text, len);
	return out;
}

/* The end of a long path says more than its beginning. */
static void escape_file(char *out, size_t size, const char *file)
{
	size_t len = strlen(file);

	*out = '\0';
	if (len >= size / 2) {
		file += len - size / 2;
		snprintf(out, size, "...");
	}
	escape(out + strlen(out), size - strlen(out), file, strlen(file));
}

void errors_begin(struct policy_error *err)
{
	if (!err)
		return;
	err->text[0] = '\0';
	err->used = err->count = 0;
}

void errors_end(struct policy_error *err)
{
	if (err && err->count > POLICY_ERRORS_SHOWN)
		snprintf(err->text + err->used, POLICY_ERROR_SIZE, "\n%zu errors more",
			 err->count - POLICY_ERRORS_SHOWN);
}

int complain(struct place *at, unsigned int column, const char *format, ...)
{
	struct policy_error *err = at->err;
	char file[200], *text;
	va_list args;
	int used;

	if (!err || err->count++ >= POLICY_ERRORS_SHOWN)
		return -EINVAL;
	if (err->used)
		err->text[err->used++] = '\n';
	text = err->text + err->used;
	escape_file(file, sizeof(file), at->file);
	if (column)
		used = snprintf(text, POLICY_ERROR_SIZE - 1, "%s:%u:%u: ", file, at->line, column);
	else
		used = snprintf(text, POLICY_ERROR_SIZE - 1, "%s: ", file);
	va_start(args, format);
	vsnprintf(text + used, POLICY_ERROR_SIZE - 1 - (size_t)used, format, args);
	va_end(args);
	err->used += strlen(text);
	return -EINVAL;
}

int complain_memory(struct place *at)
{
	errors_begin(at->err);
	if (at->err)
		snprintf(at->err->text, POLICY_ERROR_SIZE, "out of memory");
	return -ENOMEM;
}

int complain_prefix(struct place *at, unsigned int column, const char *text, size_t len, const char *why,
		    const struct prefix *meant)
{
	char prefix[PREFIX_TEXT];

	prefix_print(meant, prefix, sizeof(prefix));
	return complain(at, column, "%s %s; did you mean %s?", text_shown(at, text, len), why, prefix);
}

bool is_fatal(int err)
{
	return err == -ENOMEM || err == -E2BIG;
}
