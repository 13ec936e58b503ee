// SPDX-License-Identifier: GPL-2.0-or-later
#include "parser/list_form.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "lib/delegation.h"
#include "lib/prefix.h"

/* What is left of a line, and whom its entries are for. */
struct rest {
	struct list_form *form;
	struct place *place;
	const char *line, *at, *end;
	list_entry_fn *fn;
	void *arg;
	int err; /* the first */
};

/* What ends a word. */
enum { BLANK = 1, COMMENT = 2, COMMA = 4, BRACE = 8, QUOTE = 16 };
static const unsigned char kinds[256] = {
	[' '] = BLANK, ['\t'] = BLANK, ['#'] = COMMENT, [';'] = COMMENT,
	[','] = COMMA, ['}'] = BRACE,  ['"'] = QUOTE,
};

static bool next_is(const struct rest *r, unsigned int mask)
{
	return r->at < r->end && kinds[(unsigned char)*r->at] & mask;
}

static bool next_char_is(const struct rest *r, char c)
{
	return r->at < r->end && *r->at == c;
}

static void skip(struct rest *r, unsigned int mask)
{
	while (next_is(r, mask))
		r->at++;
}

/* Nothing more, or a comment. */
static bool is_over(const struct rest *r)
{
	return r->at == r->end || next_is(r, COMMENT);
}

static unsigned int column_of(const struct rest *r, const char *text)
{
	return (unsigned int)(text - r->line) + 1;
}

static void note(struct rest *r, int err)
{
	if (!r->err || is_fatal(err))
		r->err = err;
}

static void refuse(struct rest *r, const struct list_entry *e, const char *why)
{
	note(r, complain(r->place, e->column, "'%s' %s", text_shown(r->place, e->text, e->len), why));
	r->at = r->end;
}

static struct list_entry take_word(struct rest *r, unsigned int stops)
{
	struct list_entry e = {.text = r->at, .column = column_of(r, r->at)};

	while (r->at < r->end && !next_is(r, stops))
		r->at++;
	e.len = (size_t)(r->at - e.text);
	return e;
}

static bool word_equals(const struct list_entry *e, const char *text)
{
	return e->len == strlen(text) && !memcmp(e->text, text, e->len);
}

static bool is_prefix(const struct list_entry *e)
{
	struct prefix p;

	return prefix_read(e->text, e->len, &p) != -EINVAL;
}

/* An entry that may be a range, which no address has a - for. */
static void give(struct rest *r, struct list_entry *e)
{
	const char *dash = r->form->prefixes ? memchr(e->text, '-', e->len) : NULL;
	int err;

	if (dash) {
		e->last = dash + 1;
		e->last_len = (size_t)(e->text + e->len - e->last);
		e->len = (size_t)(dash - e->text);
		for (; e->len && kinds[(unsigned char)e->text[e->len - 1]] & BLANK; e->len--)
			;
		for (; e->last_len && kinds[(unsigned char)*e->last] & BLANK; e->last_len--)
			e->last++;
	}
	err = r->fn(e, r->arg);
	if (err)
		note(r, err);
	if (is_fatal(err))
		r->at = r->end;
}

/* ---- nft ---- */

static void skip_string(struct rest *r)
{
	const char *quote = memchr(r->at + 1, '"', (size_t)(r->end - r->at - 1));

	r->at = quote ? quote + 1 : r->end;
}

/* What follows an element: a comma, or options of it, which do not matter. */
static void end_element(struct rest *r, const struct list_entry *e)
{
	skip(r, BLANK);
	if (next_char_is(r, '.') || next_char_is(r, ':'))
		refuse(r, e, "has more than an address; expected a set of addresses alone");
	while (r->at < r->end && !next_is(r, COMMA | BRACE)) {
		if (next_is(r, QUOTE))
			skip_string(r);
		else
			r->at++;
	}
}

static void nft_element(struct rest *r)
{
	struct list_entry e;

	skip(r, BLANK | COMMA);
	if (next_is(r, BRACE))
		r->form->state = FORM_NFT;
	else if (r->at < r->end && *r->at != '#') {
		e = take_word(r, BLANK | COMMA | BRACE);
		give(r, &e);
		end_element(r, &e);
	}
}

/* Elements are what stands in braces behind a =. A ; is no comment here. */
static void nft_line(struct rest *r)
{
	while (r->at < r->end && *r->at != '#') {
		char c = *r->at;

		if (r->form->state == FORM_NFT_ELEMENTS) {
			nft_element(r);
			continue;
		}
		if (c == '"') {
			skip_string(r);
			continue;
		}
		r->at++;
		if (c == '{' && r->form->equals)
			r->form->state = FORM_NFT_ELEMENTS;
		if (c == '!') /* != */
			r->at += r->at < r->end;
		else if (c != ' ' && c != '\t')
			r->form->equals = c == '=';
	}
}

/* ---- ipset ---- */

/* `add NAME ENTRY options`; the first word is gone. */
static void ipset_add(struct rest *r)
{
	struct list_entry e = {.len = 0}, option;

	for (int words = 0; words < 2;) {
		skip(r, BLANK);
		e = take_word(r, BLANK | COMMENT);
		if (!e.len) {
			refuse(r, &e, "is no entry; expected add NAME PREFIX, as ipset save prints it");
			return;
		}
		words += *e.text != '-';
	}
	for (skip(r, BLANK); !is_over(r); skip(r, BLANK)) {
		option = take_word(r, BLANK | COMMENT);
		if (word_equals(&option, "nomatch")) {
			refuse(r, &option, "makes an exception; expected an ipset without");
			return;
		}
		if (word_equals(&option, "comment"))
			break;
	}
	if (memchr(e.text, ',', e.len))
		refuse(r, &e, "has more than an address; expected a set of addresses alone");
	else
		give(r, &e);
	r->at = r->end;
}

/* ---- JSON ---- */

static void freep_json(json_t **j)
{
	json_decref(*j);
}

/* An object of which "cidr" is the prefix; that of "type":"metadata" has none. */
static void json_line(struct rest *r, struct list_entry *e)
{
	size_t len = (size_t)(r->end - e->text);
	json_t *line __attribute__((cleanup(freep_json))) = json_loadb(e->text, len, 0, NULL);
	json_t *cidr = json_object_get(line, "cidr");
	const char *type = json_string_value(json_object_get(line, "type"));
	const char *there;

	r->at = r->end;
	e->len = len;
	if (!line) {
		refuse(r, e,
		       "is no JSON; expected an object on each line, which `jq -c '.[]'` makes of a list");
	} else if (json_is_string(cidr)) {
		e->text = json_string_value(cidr);
		e->len = json_string_length(cidr);
		there = memmem(r->line, (size_t)(r->end - r->line), e->text, e->len);
		e->column = there ? column_of(r, there) : e->column;
		give(r, e);
	} else if (!type || strcmp(type, "metadata")) {
		refuse(r, e, "has no \"cidr\"; expected an object with it on each line, as Spamhaus has it");
	}
}

/* ---- delegations ---- */

/* Of the countries that somebody has picked out of such a file. */
static void delegation_line(struct rest *r, struct list_entry *e)
{
	struct prefix last = {.len = 128};
	struct delegation d;
	char text[2][PREFIX_TEXT];
	const char *why;
	int got;

	r->at = r->end;
	e->len = (size_t)(r->end - e->text);
	got = delegation_read(e->text, e->len, &d, &why);
	if (got == DELEGATION_WHOLE) {
		refuse(r, e,
		       "is of a whole delegation file, which has all countries; expected what "
		       "`straygate-country CN FILE` prints");
	} else if (got < 0) {
		refuse(r, e, "is no delegation; expected REGISTRY|COUNTRY|TYPE|START|VALUE|DATE|STATUS");
	} else if (got == DELEGATION_GIVEN) {
		memcpy(last.addr, d.first, sizeof(last.addr));
		prefix_print(&last, text[0], sizeof(text[0]));
		memcpy(last.addr, d.last, sizeof(last.addr));
		prefix_print(&last, text[1], sizeof(text[1]));
		*e = (struct list_entry){.text = text[0],
					 .len = strlen(text[0]),
					 .last = text[1],
					 .last_len = strlen(text[1]),
					 .column = e->column};
		give(r, e);
	}
}

/* ---- lines ---- */

/* A word with which a line of a tool begins? Then that line is read. */
static bool tool_line(struct rest *r, struct list_entry *first)
{
	static const char *const nothing[] = {"create", "flush", "destroy", "swap"};
	struct list_entry second;

	if (*first->text == '{') {
		json_line(r, first);
		return true;
	}
	if (!isalpha((unsigned char)*first->text))
		return false;
	if (memchr(first->text, '|', first->len)) {
		delegation_line(r, first);
		return true;
	}
	if (word_equals(first, "table") || word_equals(first, "set") || word_equals(first, "define")) {
		r->form->state = FORM_NFT;
		nft_line(r);
		return true;
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		if (word_equals(first, nothing[i])) {
			r->at = r->end;
			return true;
		}
	}
	if (!word_equals(first, "add"))
		return false;
	skip(r, BLANK);
	second = (struct list_entry){.text = r->at, .len = (size_t)(r->end - r->at)};
	if (second.len > 8 && !memcmp(second.text, "element ", 8)) {
		r->form->state = FORM_NFT;
		r->form->equals = true;
		r->at = memchr(r->at, '{', second.len) ?: r->end;
		nft_line(r);
	} else {
		ipset_add(r);
	}
	return true;
}

static bool is_heading(const struct list_entry *e)
{
	for (size_t i = 0; i < e->len; i++)
		if (!isalpha((unsigned char)e->text[i]) && e->text[i] != '_' && e->text[i] != ' ')
			return false;
	return e->len;
}

/* The second column must not be a prefix: whoever writes several on a line with
 * commas between would lose all but the first, and two may be the ends of a range. */
static void csv_line(struct rest *r, struct list_entry *first)
{
	struct list_entry second;

	r->at++;
	skip(r, BLANK | QUOTE);
	second = take_word(r, BLANK | COMMENT | COMMA | QUOTE);
	if (second.len && is_prefix(&second)) {
		refuse(r, &second,
		       "stands behind a comma; expected one prefix a line, or FIRST-LAST for a range");
		return;
	}
	r->at = r->end;
	if (r->form->begun || !is_heading(first))
		give(r, first);
}

/* "..." of CSV, without the quotes */
static struct list_entry take_quoted(struct rest *r)
{
	struct list_entry e = {.text = ++r->at, .column = column_of(r, r->at)};

	while (r->at < r->end && !next_is(r, QUOTE))
		r->at++;
	e.len = (size_t)(r->at - e.text);
	r->at += r->at < r->end;
	return e;
}

static void prefix_line(struct rest *r)
{
	bool first = true;

	for (skip(r, BLANK); !is_over(r); skip(r, BLANK), first = false) {
		struct list_entry e =
			next_is(r, QUOTE) ? take_quoted(r) : take_word(r, BLANK | COMMENT | COMMA);

		if (first && tool_line(r, &e))
			return;
		skip(r, BLANK);
		if (next_char_is(r, '-') || (e.len && e.text[e.len - 1] == '-')) {
			struct list_entry last;

			r->at += next_char_is(r, '-');
			skip(r, BLANK);
			last = take_word(r, BLANK | COMMENT | COMMA);
			e.len = (size_t)(last.text + last.len - e.text);
			skip(r, BLANK);
		}
		if (next_is(r, COMMA)) {
			csv_line(r, &e);
			return;
		}
		give(r, &e);
	}
}

static void name_line(struct rest *r)
{
	for (skip(r, BLANK); !is_over(r); skip(r, BLANK)) {
		struct list_entry e = take_word(r, BLANK | COMMENT);

		give(r, &e);
	}
}

/* ---- records ---- */

static bool is_number(const struct list_entry *e)
{
	size_t i = 0;

	while (i < e->len && isdigit((unsigned char)e->text[i]))
		i++;
	return e->len && i == e->len;
}

/* A record, of which the TTL is the second word: no name is a number. */
static bool record_line(struct rest *r)
{
	struct rest ahead = *r;
	struct list_entry owner, word, bad;

	owner = take_word(&ahead, BLANK);
	if (owner.len > 1 && *owner.text == '[') { /* knotc zone-read: [zone.] */
		skip(&ahead, BLANK);
		owner = take_word(&ahead, BLANK);
	}
	skip(&ahead, BLANK);
	word = take_word(&ahead, BLANK | COMMENT);
	if (!is_number(&word))
		return false;
	skip(&ahead, BLANK);
	word = take_word(&ahead, BLANK | COMMENT);
	if (word_equals(&word, "IN")) {
		skip(&ahead, BLANK);
		word = take_word(&ahead, BLANK | COMMENT);
	}
	*r = ahead;
	r->at = r->end;
	bad = owner;
	if (!word.len || !isalpha((unsigned char)*word.text)) {
		refuse(r, &bad, "has no record behind it; expected NAME TTL IN TYPE, or names alone");
		return true;
	}
	owner.type = word.text;
	owner.type_len = word.len;
	give(r, &owner);
	return true;
}

static void zone_line(struct rest *r)
{
	struct list_entry first = {.text = r->at, .len = 1, .column = 1};

	if (*r->at == '$' || (r->at != r->line && *r->line != '[')) {
		first.len = (size_t)(r->end - r->at);
		refuse(r, &first,
		       "is a line of a zone file by hand; expected one record a line with its whole name, as "
		       "named-compilezone -s full prints them, or names");
		return;
	}
	if (!record_line(r))
		name_line(r);
}

int list_form_line(struct list_form *f, struct place *at, const char *line, size_t len, list_entry_fn *fn,
		   void *arg)
{
	struct rest r = {
		.form = f, .place = at, .line = line, .at = line, .end = line + len, .fn = fn, .arg = arg};

	skip(&r, BLANK);
	if (is_over(&r))
		return 0;
	if (f->zone)
		zone_line(&r);
	else if (!f->prefixes)
		name_line(&r);
	else if (f->state == FORM_LINES)
		prefix_line(&r);
	else
		nft_line(&r);
	f->begun = true;
	return r.err;
}
