/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of the policy: files, text out and in. */
#ifndef STRAYGATE_POLICY_HELPERS_H
#define STRAYGATE_POLICY_HELPERS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "parser/read.h"
#include "parser/text.h"
#include "policy/name.h"
#include "policy/rule.h"
#include "tests/shared/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static inline void write_bytes(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	cr_assert(f, "%s", path);
	cr_assert(fwrite(bytes, 1, len, f) == len && !fclose(f));
}

static inline void write_file(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/* To be freed. */
static inline char *printed(struct policy *p)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	policy_print(p, out);
	fclose(out);
	return text;
}

static inline void assert_prints(struct policy *p, const char *expected)
{
	char *text = printed(p);

	cr_expect_str_eq(text, expected, "%s\ninstead of\n%s", text, expected);
	free(text);
}

static inline void count_difference(char sign, const struct rule *r, void *arg)
{
	(void)sign;
	(void)r;
	++*(int *)arg;
}

static inline size_t differences(struct policy *a, struct policy *b)
{
	int seen = 0;
	size_t got = policy_diff(a, b, count_difference, &seen);

	cr_expect(got == (size_t)seen);
	return got;
}

static inline struct policy *parsed(const char *text)
{
	struct policy_error err = {.count = 0};
	struct policy *p = policy_new();
	int got = policy_read_text(p, "test.policy", text, strlen(text), &err);

	cr_assert(!got, "%d %s", got, err.text);
	return p;
}

#endif
