// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of a line, one after the other. */
#include <string.h>

#include "parser/parser.h"
#include "policy/rule.h"

struct word *ps_peek(struct parser *ps)
{
	return ps->next < ps->words.count ? &ps->words.word[ps->next] : NULL;
}

struct word *ps_take(struct parser *ps)
{
	return ps->next < ps->words.count ? &ps->words.word[ps->next++] : NULL;
}

struct word *ps_behind(struct parser *ps, size_t n)
{
	return ps->next + n < ps->words.count ? &ps->words.word[ps->next + n] : NULL;
}

bool word_is(const struct word *w, const char *keyword)
{
	return w && !w->quoted && !strcmp(w->text, keyword);
}

bool ps_take_word(struct parser *ps, const char *keyword)
{
	if (!word_is(ps_peek(ps), keyword))
		return false;
	ps->next++;
	return true;
}

/* The position in a list of words that ends with NULL, or -1. */
int word_among(const struct word *w, const char *const list[])
{
	for (int i = 0; list[i]; i++)
		if (word_is(w, list[i]))
			return i;
	return -1;
}

/* "end of line; expected ..." or "'word' ...; expected ..." */
int ps_unexpected(struct parser *ps, const struct word *w, const char *expected)
{
	if (!w)
		return complain(&ps->at, ps->words.end, "end of line; expected %s", expected);
	return complain(&ps->at, w->column, "unexpected '%s'; expected %s",
			text_shown(&ps->at, w->text, w->len), expected);
}

int ps_expect_end(struct parser *ps)
{
	return ps_peek(ps) ? ps_unexpected(ps, ps_peek(ps), "end of line") : 0;
}

/* `del` needs a subject only; what may follow is read all the same, if there. */
bool ps_subject_is_all(struct parser *ps)
{
	return ps->subjects && !ps_peek(ps);
}

bool ps_names_follow(struct parser *ps, const struct rule *r)
{
	return stray_takes_names(r) && word_is(ps_peek(ps), "for");
}
