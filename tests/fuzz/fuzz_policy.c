// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as a policy file, as a list, as a command, and as a stored policy. What
 * is understood is printed, read again and must be the same; so for store and
 * load. Nothing that fails changes anything, and nothing crashes.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/read.h"
#include "policy/bytes.h"
#include "policy/name.h"
#include "tests/shared/scratch.h"

static int inside, outside; /* the fuzzer's own paths start outside */

static void must(bool good)
{
	if (!good)
		abort();
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

/* A place of its own, where `l` is a list and `i` a policy to include. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	scratch_make();
	inside = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	outside = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(inside >= 0 && outside >= 0 && !fchdir(inside));
	write_file("l", "10.0.0.0/8 192.0.2.1\n", 21);
	write_file("i", "serve i\nserve from l\n", 21);
	atexit(scratch_leave);
	must(!fchdir(outside));
	return 0;
}

static char *printed(struct policy *p, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	must(out);
	policy_print(p, out);
	fclose(out);
	return text;
}

static void ignore(char sign, const struct rule *r, void *arg)
{
	(void)sign;
	(void)r;
	(void)arg;
}

static void expect_same(struct policy *a, struct policy *b)
{
	size_t len_a, len_b;
	char *text_a = printed(a, &len_a), *text_b = printed(b, &len_b);

	must(len_a == len_b && !memcmp(text_a, text_b, len_a));
	must(!policy_diff(a, b, ignore, NULL) && !policy_diff(b, a, ignore, NULL));
	free(text_a);
	free(text_b);
}

static void expect_error(const struct policy_error *err)
{
	size_t len = strnlen(err->text, sizeof(err->text));

	must(len && len < sizeof(err->text));
	for (size_t i = 0; i < len; i++)
		must(err->text[i] == '\n' || ((unsigned char)err->text[i] >= 0x20 && err->text[i] != 0x7f));
}

static void check_print(struct policy *p)
{
	struct policy *again = policy_new();
	struct policy_error err;
	size_t len;
	char *text = printed(p, &len);

	must(!policy_read_text(again, "again", text, len, &err));
	expect_same(p, again);
	policy_free(again);
	free(text);
}

static void refresh(char *bytes, size_t len)
{
	struct bytes_head head;

	memcpy(&head, bytes, sizeof(head));
	head.prefix_check = bytes_prefix_check(bytes, len);
	memcpy(bytes, &head, sizeof(head));
	head.check = bytes_check(bytes, len);
	memcpy(bytes, &head, sizeof(head));
}

/* Stored bytes with one of them changed at the fuzzer's will, the check right. */
static void check_damage(char *bytes, size_t len, const uint8_t *seed, size_t size)
{
	struct policy *p = NULL;
	size_t at = sizeof(struct bytes_head);

	for (size_t i = 0; i + 2 < size && i < 12; i += 3) {
		at = (at + seed[i] + 256U * seed[i + 1]) % len;
		bytes[at] = (char)(bytes[at] ^ seed[i + 2]);
	}
	refresh(bytes, len);
	if (!policy_load(&p, bytes, len)) {
		size_t ignored;

		free(printed(p, &ignored));
		policy_inherit(p, p, 1);
	}
	policy_free(p);
}

static void check_store(struct policy *p, const uint8_t *seed, size_t size)
{
	struct policy *again = NULL;
	void *bytes, *more;
	size_t len, len_more;

	must(!policy_inherit(p, NULL, 1000));
	must(!policy_store(p, &bytes, &len) && !policy_load(&again, bytes, len));
	expect_same(p, again);
	must(!policy_store(again, &more, &len_more) && len == len_more && !memcmp(bytes, more, len));
	check_damage(bytes, len, seed, size);
	policy_free(again);
	free(bytes);
	free(more);
}

static void try_file(const uint8_t *data, size_t size)
{
	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};

	if (policy_read_text(p, "fuzz", (const char *)data, size, &err)) {
		expect_error(&err);
		must(!policy_count(p));
	} else {
		policy_check(p, &err);
		check_print(p);
		check_store(p, data, size);
	}
	policy_free(p);
}

static void try_list(const uint8_t *data, size_t size, const char *line)
{
	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};
	int got;

	write_file("l", data, size);
	got = policy_add(p, line, &err);
	if (got < 0) {
		expect_error(&err);
	} else {
		must(got == 1 && policy_add(p, line, &err) == 0);
		check_print(p);
		check_store(p, data, size);
	}
	policy_free(p);
}

static void try_command(const uint8_t *data, size_t size)
{
	static const char base[] =
		"serve a b\nstray tls drop\nsource 10.0.0.0/8 drop\nlisten tcp/80 as http\n";
	struct policy *p = policy_new(), *before = policy_new();
	struct policy_error err = {.count = 0};
	char *line = strndup((const char *)data, size);
	int got;

	must(!policy_read_text(p, "base", base, strlen(base), &err));
	must(!policy_read_text(before, "base", base, strlen(base), &err));
	got = policy_add(p, line, &err);
	if (got < 0)
		expect_error(&err);
	if (got <= 0)
		expect_same(p, before);
	else
		must(policy_add(p, line, &err) == 0 && policy_diff(before, p, ignore, NULL));
	if (got >= 0)
		must(policy_del(p, line, &err) == 1);
	got = policy_del(before, line, &err);
	if (got < 0)
		expect_error(&err);
	policy_free(p);
	policy_free(before);
	free(line);
}

static void try_bytes(const uint8_t *data, size_t size)
{
	struct policy *p = NULL;
	char *bytes = malloc(size + 1);

	memcpy(bytes, data, size);
	policy_load(&p, bytes, size);
	policy_free(p);
	if (size >= sizeof(struct bytes_head)) {
		refresh(bytes, size);
		p = NULL;
		policy_load(&p, bytes, size);
		policy_free(p);
	}
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	must(!fchdir(inside));
	switch (data[0]) {
	case '!':
		try_list(data + 1, size - 1, "serve from l");
		break;
	case '%':
		try_list(data + 1, size - 1, "source from l drop");
		break;
	case '$':
		try_command(data + 1, size - 1);
		break;
	case 's': /* as stored ones begin */
		try_bytes(data, size);
		/* fall through */
	default:
		try_file(data, size);
	}
	must(!fchdir(outside));
	return 0;
}
