// SPDX-License-Identifier: GPL-2.0-or-later
/* How many instructions the verifier looked at: the figure that has a limit (a
 * million), and that grows unseen. */
#include "guest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* The end of the verifier's log, where it says what it did not like. */
static char words[4 << 20];

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* The kernel keeps but 15 letters of a name. */
static int print_info(int fd, const char *name)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	printf("%s %u\n", name ? name : info.name, info.verified_insns);
	return 0;
}

int running(int argc, char **argv)
{
	__u32 id = 0;

	(void)argc;
	(void)argv;
	while (!bpf_prog_get_next_id(id, &id)) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		print_info(fd, NULL);
		close(fd);
	}
	return 0;
}

/* The start of the last n lines. */
static const char *last_lines(const char *text, int n)
{
	const char *at = text + strlen(text);

	while (at > text && (at[-1] != '\n' || --n > 0))
		at--;
	return at;
}

/* The verifier closes with its statistics; what comes before is the complaint,
 * and what led to it. */
static void print_complaint(const char *name, int err)
{
	char *end = strstr(words, "\nprocessed "), *last;

	if (end)
		*end = 0;
	fprintf(stderr, "%s:\n%s\n", name, last_lines(words, 60));
	last = (char *)last_lines(words, 2);
	for (end = last; (end = strchr(end, '\n'));)
		*end = ' ';
	printf("%s refused: %s: %s\n", name, strerror(-err), last);
}

/* With nothing else of the object: a program that this kernel does not take must
 * not hide how the others fare. */
static int load_one(const char *file, const char *name)
{
	struct bpf_object *object = bpf_object__open_file(file, NULL);
	struct bpf_program *p, *only = NULL;
	int err;

	if (!object)
		return -errno;
	bpf_object__for_each_program(p, object)
	{
		bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), name));
		if (bpf_program__autoload(p))
			only = p;
	}
	words[0] = 0;
	bpf_program__set_log_buf(only, words, sizeof(words));
	err = bpf_object__load(object);
	if (err)
		print_complaint(name, err);
	else
		print_info(bpf_program__fd(only), name);
	bpf_object__close(object);
	return err;
}

int load(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *p;
	int failed = 0;

	(void)argc;
	libbpf_set_print(quiet);
	object = bpf_object__open_file(argv[0], NULL);
	if (!object) {
		printf("object refused: %s\n", strerror(errno));
		return 1;
	}
	bpf_object__for_each_program(p, object)
	{
		/* The same instructions as straygate_chain's, which take a minute of an emulated CPU. */
		if (strcmp(bpf_program__name(p), "straygate_chain_linear"))
			failed |= load_one(argv[0], bpf_program__name(p));
	}
	bpf_object__close(object);
	return !!failed;
}
