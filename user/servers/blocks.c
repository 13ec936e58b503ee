// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/blocks.h"

#include <ctype.h>
#include <string.h>

#define DEPTH_MOST	64
#define INCLUDES_MOST	32
#define DIRECTIVES_MOST (4 << 20)
#define WORDS_MOST	(1 << 20) /* of one directive */

struct text {
	struct blocks *b;
	const char *file;
	const char *at, *end;
	unsigned int line;
};

struct found_at directive_at(const struct blocks *b, const struct directive *d)
{
	return (struct found_at){.server = b->server, .file = d->file, .line = d->line};
}

static void damaged(struct text *t, const char *what)
{
	const struct found_at where = {.server = t->b->server, .file = t->file, .line = t->line};

	t->b->damaged = true;
	model_note(t->b->model, true, &where, "%s", what);
}

static void skip_blanks(struct text *t)
{
	for (; t->at < t->end; t->at++) {
		if (*t->at == '#') {
			while (t->at < t->end && *t->at != '\n')
				t->at++;
			if (t->at == t->end)
				return;
		}
		if (*t->at == '\n')
			t->line++;
		else if (!isspace((unsigned char)*t->at))
			return;
	}
}

/* A quote begins one only at the beginning of a word; "\" takes the next byte as it is. */
static const char *take_word(struct text *t)
{
	char *out, quote = 0;
	const char *from;
	size_t len = 0;

	if (*t->at == '"' || *t->at == '\'')
		quote = *t->at++;
	for (from = t->at; t->at < t->end; t->at++) {
		if (*t->at == '\\' && t->at + 1 < t->end) {
			t->at++;
		} else if (quote ? *t->at == quote
				 : isspace((unsigned char)*t->at) || *t->at == ';' || *t->at == '{' ||
					   *t->at == '}') {
			/* ${name} */
			if (!quote && *t->at == '{' && t->at > from && t->at[-1] == '$') {
				while (t->at < t->end && *t->at != '}')
					t->at++;
				if (t->at == t->end)
					break;
				continue;
			}
			break;
		}
		if (*t->at == '\n')
			t->line++;
	}
	out = arena_text(&t->b->model->arena, from, t->at - from);
	if (!out) {
		t->b->model->failed = true;
		return "";
	}
	/* Only what the backslash protects from the reader loses it; a regex keeps its own. */
	for (from = out; *from; from++)
		if (!(from[0] == '\\' && from[1] && strchr("\"' ;{}\t", from[1])))
			out[len++] = *from;
	out[len] = '\0';
	if (quote && t->at < t->end)
		t->at++;
	return out;
}

/* Lua between braces, which is not ours to read. */
static void skip_code(struct text *t)
{
	unsigned int depth = 0;

	for (; t->at < t->end; t->at++) {
		if (*t->at == '\n')
			t->line++;
		if (*t->at == '{')
			depth++;
		if (*t->at == '}' && !--depth) {
			t->at++;
			return;
		}
	}
}

static bool is_code(const char *word)
{
	static const char ending[] = "_by_lua_block";
	size_t len = strlen(word);

	return len >= sizeof(ending) && !strcmp(word + len - sizeof(ending) + 1, ending);
}

static struct directive *new_directive(struct text *t, const char **words, unsigned int count)
{
	struct arena *a = &t->b->model->arena;
	struct directive *d = arena_alloc(a, sizeof(*d));

	if (d)
		d->words = arena_alloc(a, (count + 1) * sizeof(*words));
	if (!d || !d->words) {
		t->b->model->failed = true;
		return NULL;
	}
	memcpy(d->words, words, count * sizeof(*words));
	d->count = count;
	d->file = t->file;
	return d;
}

static void read_block(struct text *t, struct directive ***end, unsigned int depth);

/* Behind its words: a semicolon, or a block. */
static void finish(struct text *t, struct directive *d, unsigned int depth)
{
	struct directive **children = &d->children;
	char c = *t->at++;

	if (c != '{')
		return;
	if (is_code(d->words[0])) {
		t->at--;
		skip_code(t);
		return;
	}
	read_block(t, &children, depth + 1);
	if (t->at == t->end)
		damaged(t, "a block has no end");
	else
		t->at++;
}

/* The words of one directive, at most as many as there is room for. False: there is none. */
static struct directive *read_directive(struct text *t, unsigned int depth)
{
	const char *few[64], **words = few;
	unsigned int count = 0, room = 64, line = t->line;
	struct directive *d;

	while (t->at < t->end && *t->at != ';' && *t->at != '{' && *t->at != '}') {
		if (count == room) {
			const char **more = arena_alloc(&t->b->model->arena, 2 * room * sizeof(*more));

			if (!more || room >= WORDS_MOST) {
				damaged(t, "a directive of too many words");
				t->at = t->end;
				return NULL;
			}
			memcpy(more, words, count * sizeof(*more));
			words = more;
			room *= 2;
		}
		words[count++] = take_word(t);
		skip_blanks(t);
	}
	if (t->at == t->end || *t->at == '}') {
		damaged(t, "a directive has no end");
		return NULL;
	}
	if (!count)
		words[count++] = "";
	d = new_directive(t, words, count);
	if (d) {
		d->line = line;
		finish(t, d, depth);
	}
	return d;
}

static void read_block(struct text *t, struct directive ***end, unsigned int depth)
{
	struct directive *d;

	if (depth > DEPTH_MOST) {
		damaged(t, "blocks inside of blocks, too deep");
		t->at = t->end;
	}
	for (;;) {
		skip_blanks(t);
		if (t->at == t->end || *t->at == '}')
			return;
		if (*t->at == ';') {
			t->at++;
			continue;
		}
		if (t->b->count++ > DIRECTIVES_MOST) {
			damaged(t, "more directives than can be read");
			t->at = t->end;
			return;
		}
		d = read_directive(t, depth);
		if (!d)
			return;
		if (!strcmp(d->words[0], "include") && d->count == 2 && t->b->include) {
			t->b->include(t->b, d->words[1], end);
			continue;
		}
		**end = d;
		*end = &d->next;
	}
}

void blocks_read(struct blocks *b, const char *file, const char *text, size_t len, struct directive ***end)
{
	struct text t = {.b = b, .file = file, .at = text, .end = text + len, .line = 1};

	if (b->depth >= INCLUDES_MOST) {
		damaged(&t, "files that include files, too deep: does one include itself?");
		return;
	}
	b->depth++;
	read_block(&t, end, 0);
	if (t.at < t.end)
		damaged(&t, "a closing brace too many");
	b->depth--;
}

const struct directive *directive_find(const struct directive *d, const char *name)
{
	while (d && strcmp(d->words[0], name))
		d = d->next;
	return d;
}

const char *directive_word(const struct directive *d, unsigned int i)
{
	return i < d->count ? d->words[i] : "";
}

bool directive_has(const struct directive *d, const char *word)
{
	unsigned int i;

	for (i = 1; i < d->count; i++)
		if (!strcmp(d->words[i], word))
			return true;
	return false;
}
