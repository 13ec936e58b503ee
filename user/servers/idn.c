// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/idn.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* idn2.h: idn2_to_ascii_8z(input, output, flags), IDN2_NONTRANSITIONAL. */
typedef int to_ascii_fn(const char *input, char **output, int flags);
#define NONTRANSITIONAL 8

static to_ascii_fn *library(void)
{
	static to_ascii_fn *fn;
	static bool tried;
	void *lib;

	if (tried)
		return fn;
	tried = true;
	lib = dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL);
	if (lib)
		*(void **)&fn = dlsym(lib, "idn2_to_ascii_8z");
	return fn;
}

int idn_to_ascii(const char *text, size_t len, char out[254])
{
	char copy[512], *ascii = NULL;
	size_t wild = 0, i;
	int err = -EINVAL;

	for (i = 0; i < len && !((unsigned char)text[i] & 0x80); i++)
		;
	if (i == len || len >= sizeof(copy) || !library())
		return -EINVAL;
	if (text[0] == '*' && text[1] == '.')
		wild = 2;
	else if (text[0] == '.')
		wild = 1;
	memcpy(copy, text + wild, len - wild);
	copy[len - wild] = '\0';
	if (!library()(copy, &ascii, NONTRANSITIONAL) && strlen(ascii) + wild < 254) {
		memcpy(out, text, wild);
		strcpy(out + wild, ascii);
		err = 0;
	}
	free(ascii);
	return err;
}
