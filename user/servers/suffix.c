// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/suffix.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* libpsl.h: psl_builtin(), psl_is_public_suffix2(). Not those of private registries, such as github.io, whose
 * owner does serve all below; and not what no rule is for. */
typedef const void *builtin_fn(void);
typedef int is_public_fn(const void *list, const char *domain, int type);
#define TYPE_ICANN	  (1 << 0)
#define TYPE_NO_STAR_RULE (1 << 2)

static bool in_list(const char *name)
{
	static builtin_fn *builtin;
	static is_public_fn *is_public;
	static bool tried;
	void *lib;

	if (!tried) {
		tried = true;
		lib = dlopen("libpsl.so.5", RTLD_NOW | RTLD_LOCAL);
		if (lib) {
			*(void **)&builtin = dlsym(lib, "psl_builtin");
			*(void **)&is_public = dlsym(lib, "psl_is_public_suffix2");
		}
	}
	return builtin && is_public && builtin() &&
	       is_public(builtin(), name, TYPE_ICANN | TYPE_NO_STAR_RULE) == 1;
}

bool suffix_is_public(const char *pattern)
{
	char name[254];
	size_t len, i;

	if (pattern[0] == '*' && pattern[1] == '.')
		pattern += 2;
	else if (pattern[0] == '.')
		pattern++;
	else
		return false;
	len = strlen(pattern);
	if (len && pattern[len - 1] == '.')
		len--;
	if (!len || len >= sizeof(name))
		return !len;
	for (i = 0; i < len; i++)
		name[i] = (char)tolower((unsigned char)pattern[i]);
	name[len] = '\0';
	return !strchr(name, '.') || in_list(name);
}
