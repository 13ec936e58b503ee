// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy that runs, written into its file: lines that say what runs stay as they
 * are, with their comments; others are changed, taken out or added at the end. The new
 * text takes the old one's place only if, read again, it says what runs.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/change.h"
#include "lib/replace.h"
#include "lib/say.h"
#include "cmd/verb.h"

struct save {
	struct policy *running;
	struct policy *file; /* as it is; empty if there is none yet */
	char path[PATH_MAX];
	char *text; /* of the file */
	size_t size;
	FILE *out;
};

static bool is_over(const struct rule *r)
{
	return r->expires && r->expires <= monotonic_ns();
}

static bool says_same(const struct rule *a, const struct rule *b)
{
	char x[RULE_LINE_MAX], y[RULE_LINE_MAX];

	return rule_print(a, x, sizeof(x)) >= 0 && rule_print(b, y, sizeof(y)) >= 0 && !strcmp(x, y);
}

/* The rule as it runs; NULL: it does not. */
static const struct rule *running_twin(struct save *s, const struct rule *r)
{
	const struct rule *twin = policy_find(s->running, r->statement, r->subject);

	return twin && !is_over(twin) ? twin : NULL;
}

/* ---- what the file is to say ----------------------------------------------------- */

/* From the '#' on that begins a comment, which none within quotes does; NULL: none. */
static const char *comment_of(const char *line, const char *end)
{
	bool quoted = false;

	for (; line < end; line++) {
		if (quoted && *line == '\\' && line + 1 < end)
			line++;
		else if (*line == '"')
			quoted = !quoted;
		else if (*line == '#' && !quoted)
			return line;
	}
	return NULL;
}

static void put_rule(struct save *s, const struct rule *r, const char *comment, const char *end)
{
	char line[RULE_LINE_MAX];

	if (rule_print(r, line, sizeof(line)) < 0)
		return;
	fputs(line, s->out);
	if (comment)
		fprintf(s->out, "  %.*s", (int)(end - comment), comment);
	fputc('\n', s->out);
}

/* The rules of one line are behind each other, and those of includes in between. */
static bool stands_at(const struct save *s, const struct rule *r, unsigned int line)
{
	return r->origin.line == line && r->origin.file && !strcmp(r->origin.file, s->path);
}

static void put_line(struct save *s, size_t *next, unsigned int number, const char *line, const char *end)
{
	const char *comment = comment_of(line, end);
	size_t count = policy_count(s->file), i, first = *next;
	bool same = true;

	while (first < count && !stands_at(s, policy_rule(s->file, first), number))
		first++;
	/* A rule stays where its subject came first. */
	for (i = 0; first == count && i < *next; i++)
		if (stands_at(s, policy_rule(s->file, i), number))
			first = i;
	/* A comment, or what another line overrules. */
	if (first == count) {
		fprintf(s->out, "%.*s\n", (int)(end - line), line);
		return;
	}
	for (i = first; i < count && stands_at(s, policy_rule(s->file, i), number); i++) {
		const struct rule *twin = running_twin(s, policy_rule(s->file, i));

		same &= twin && says_same(twin, policy_rule(s->file, i));
	}
	*next = i;
	if (same)
		fprintf(s->out, "%.*s\n", (int)(end - line), line);
	for (i = first; i < *next && !same; i++) {
		const struct rule *twin = running_twin(s, policy_rule(s->file, i));

		if (!twin)
			continue;
		put_rule(s, twin, comment, end);
		comment = NULL;
	}
}

static void put_all(struct save *s)
{
	const char *line = s->text, *end = s->text + s->size;
	unsigned int number = 1;
	size_t next = 0, i;

	for (; line < end; number++) {
		const char *stop = memchr(line, '\n', end - line) ?: end;

		put_line(s, &next, number, line, stop);
		line = stop + 1;
	}
	for (i = 0; i < policy_count(s->running); i++) {
		const struct rule *r = policy_rule(s->running, i);

		if (!is_over(r) && !policy_find(s->file, r->statement, r->subject))
			put_rule(s, r, NULL, NULL);
	}
}

/* ---- files ------------------------------------------------------------------------ */

static int read_text(struct save *s)
{
	FILE *f = fopen(s->path, "re"), *copy = open_memstream(&s->text, &s->size);
	int err = f ? 0 : -errno;

	if (!err && copy)
		err = copy_rest(f, copy);
	if (f)
		fclose(f);
	if ((!copy || fclose(copy)) && !err)
		err = -ENOMEM;
	return err ? fail(err, "%s: %s", s->path, strerror(-err)) : 0;
}

static int read_file(struct save *s)
{
	struct policy_error err;

	if (access(s->path, F_OK))
		return 0;
	if (policy_read_file(s->file, s->path, &err))
		return fail(-EINVAL, "%s", err.text);
	return read_text(s);
}

/* Of the first rule that one policy has and the other has not, or has otherwise. */
static const struct rule *find_other(struct policy *a, struct policy *b)
{
	size_t i;

	for (i = 0; i < policy_count(a); i++) {
		const struct rule *r = policy_rule(a, i), *twin = policy_find(b, r->statement, r->subject);

		if (!is_over(r) && (!twin || !says_same(r, twin)))
			return r;
	}
	return NULL;
}

/* Does the file say what runs, with this text? A line of an included file is not ours to
 * change. */
static int check_text(struct save *s, const char *text, size_t size)
{
	cleanup_policy struct policy *written = policy_new();
	const struct rule *other;
	struct policy_error err;

	if (!written)
		return fail(-ENOMEM, "%s", strerror(ENOMEM));
	if (policy_read_text(written, s->path, text, size, &err))
		return fail(-EINVAL, "%s", err.text);
	other = find_other(written, s->running) ?: find_other(s->running, written);
	if (!other)
		return 0;
	return fail(
		-EINVAL,
		"%s: nothing was written, because %s:%u, which save does not change, contradicts what runs; "
		"change that line by hand",
		s->path, other->origin.file ? other->origin.file : "-", other->origin.line);
}

static int write_file(const struct save *s, const char *text, size_t size)
{
	int err = replace_file(AT_FDCWD, s->path, text, size);

	return err ? fail(err, "%s: %s", s->path, strerror(-err)) : 0;
}

/* ---- the verb ---------------------------------------------------------------------- */

static void save_free(struct save *s)
{
	policy_free(s->running);
	policy_free(s->file);
	free(s->text);
}

static int find_path(struct gate *g, const struct call *c, struct save *s)
{
	const char *path = c->argc ? c->argv[0] : g->meta.policy;
	char dir[PATH_MAX], *slash;

	if (!*path)
		return fail(-ENOENT,
			    "it is not known which file this policy came from; use `straygate save FILE`");
	if (realpath(path, s->path))
		return 0;
	/* A file that is to be made: its directory must be there. */
	snprintf(dir, sizeof(dir), "%s%s", strchr(path, '/') ? "" : "./", path);
	slash = strrchr(dir, '/');
	*slash = 0;
	if (!slash[1] || !realpath(*dir ? dir : "/", s->path) ||
	    strlen(s->path) + strlen(slash + 1) + 2 > sizeof(s->path))
		return fail(-ENOENT, "%.200s: %s", path, strerror(ENOENT));
	strcat(s->path, "/");
	strcat(s->path, slash + 1);
	return 0;
}

static int save(struct gate *g, const struct call *c, struct save *s)
{
	char *text = NULL;
	size_t size = 0;
	bool changed;
	int err;

	if (find_path(g, c, s) || check_replaceable(s->path, "save") || read_file(s))
		return EXIT_FAILED;
	s->out = open_memstream(&text, &size);
	if (!s->out)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	put_all(s);
	if (fclose(s->out)) {
		free(text);
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	}
	changed = !s->text || size != s->size || memcmp(text, s->text, size);
	err = check_text(s, text, size);
	if (!err && changed)
		err = write_file(s, text, size);
	free(text);
	if (!err)
		err = note_policy_file(g, s->path);
	if (err)
		return EXIT_FAILED;
	print_result(c, changed ? "changed" : "unchanged", 0);
	return EXIT_OK;
}

/* What was learned, into a file of its own. */
static int save_learned(const struct call *c)
{
	__attribute__((cleanup(save_free))) struct save s = {0};
	cleanup_gate struct gate g = GATE_INIT;
	char *text = NULL;
	size_t size = 0;
	int err;

	if (!c->argc) {
		say("save --learned: expected FILE; see `straygate save -h`");
		return EXIT_USAGE;
	}
	if (gate_open(&g, c->instance, GATE_WRITE) || find_path(&g, c, &s) ||
	    check_replaceable(s.path, "save --learned"))
		return EXIT_FAILED;
	s.out = open_memstream(&text, &size);
	if (!s.out)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	err = gate_save_learned(&g, s.out);
	if (fclose(s.out) && !err)
		err = fail(-ENOMEM, "%s", strerror(ENOMEM));
	if (!err)
		err = write_file(&s, text, size);
	free(text);
	if (err)
		return EXIT_FAILED;
	print_result(c, "saved", 0);
	return EXIT_OK;
}

static int run(const struct call *c)
{
	__attribute__((cleanup(save_free))) struct save s = {.file = policy_new()};
	cleanup_gate struct gate g = GATE_INIT;

	if (!s.file)
		return fail(EXIT_FAILED, "%s", strerror(ENOMEM));
	if (c->learned)
		return save_learned(c);
	if (gate_open(&g, c->instance, GATE_WRITE) || gate_running(&g, &s.running))
		return EXIT_FAILED;
	if (gate_deadline(&g))
		return fail(EXIT_FAILED,
			    "a change waits to be confirmed; `straygate confirm` first, then save");
	return save(&g, c, &s);
}

const struct verb verb_save = {
	.name = "save",
	.arguments = "[FILE]",
	.summary = "write the running policy into its file, or what was learned into one",
	.help = "Without FILE it is the file that was last applied. Lines that match the running\n"
		"policy stay as they are, with their comments; others are changed, removed or added.\n"
		"Lines whose time has passed are left out. The file is replaced in one step.\n"
		"--learned FILE: not the policy, but the sources that the line `learn` refuses, and the\n"
		"regulars of IPv4, for `straygate reset learned FILE`.\n",
	.takes = TAKES_JSON | TAKES_LEARNED,
	.least = 0,
	.most = 1,
	.run = run,
};
