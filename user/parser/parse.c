// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines to rules: one function a statement. Whoever adds a statement adds a
 * line to the table at the end, and to rule_print().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/parser.h"
#include "policy/build.h"
#include "policy/rate.h"
#include "policy/rule.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* -- statements */

static int parse_device(struct parser *ps)
{
	const struct rule like = {.statement = ST_DEVICE};
	struct word *w = ps_peek(ps);
	int err = 0;

	if (!w)
		return ps_unexpected(ps, NULL, "a device like eth0");
	while (!err && (w = ps_take(ps))) {
		struct rule *r = ps_new_rule(ps, &like, w);

		if (!r)
			return -ENOMEM;
		if (!device_valid(w->text))
			return complain(
				&ps->at, w->column,
				"'%s' is no device's name; expected 1 to %d characters without / and :",
				text_shown(&ps->at, w->text, w->len), DEVICE_SIZE_MAX);
		r->subject = arena_text(policy_memory(ps->policy), w->text, w->len);
		err = r->subject ? ps_put_rule(ps, r) : complain_memory(&ps->at);
	}
	return err;
}

/* 5%, 0.25%: in 1/100 %; 0: it is none. */
static uint32_t read_share(const struct word *w)
{
	uint32_t share = 0, digits = 0, decimals = 0;
	bool point = false;

	for (const char *c = w->text; *c; c++) {
		if (*c == '%' && !c[1] && digits && point == (decimals > 0)) {
			for (; decimals < 2; decimals++)
				share *= 10;
			return share <= SHARE_ALL ? share : 0;
		}
		if (*c == '.' && digits && !point) {
			point = true;
			continue;
		}
		if (*c < '0' || *c > '9' || decimals == 2 || digits++ == 6)
			return 0;
		share = share * 10 + (uint32_t)(*c - '0');
		decimals += point;
	}
	return 0;
}

static int parse_share(struct parser *ps, struct rule *like)
{
	struct word *w = ps_take(ps);
	uint32_t share = w ? read_share(w) : 0;

	if (!share)
		return ps_unexpected(ps, w, "a share of the clients from 0.01% to 100%, like 5%");
	like->share = share < SHARE_ALL ? (uint16_t)share : 0;
	return 0;
}

/* Whom it is for, if not for all. */
static int parse_canary(struct parser *ps, struct rule *like, struct prefix *from)
{
	struct word *w = ps_peek(ps);

	if (!word_is(w, "share") && !word_is(w, "from"))
		return 0;
	if (like->posture != POSTURE_ENFORCE)
		return complain(
			&ps->at, w->column,
			"%s goes with enforce alone: in observe nothing is done, and in auto each listener "
			"acts as a whole",
			w->text);
	ps_take(ps);
	if (word_is(w, "share"))
		return parse_share(ps, like);
	w = ps_take(ps);
	if (!w)
		return ps_unexpected(ps, NULL, "a prefix like 203.0.113.0/24 or 2001:db8::/32");
	switch (prefix_read(w->text, w->len, from)) {
	case 0:
		like->prefixes = from;
		like->prefix_count = 1;
		return 0;
	case -EDOM:
		return complain_prefix(&ps->at, w->column, w->text, w->len, "has host bits set", from);
	case -EAFNOSUPPORT:
		return complain_prefix(&ps->at, w->column, w->text, w->len, "is IPv4 written as IPv6", from);
	default:
		return ps_unexpected(ps, w, "a prefix like 203.0.113.0/24 or 2001:db8::/32");
	}
}

static int parse_posture(struct parser *ps)
{
	struct prefix from;
	static const char *const words[] = {"observe", "enforce", "auto", NULL};
	struct rule like = {.statement = ST_POSTURE}, *r;
	struct word *w = ps_peek(ps);
	int posture;

	if (!ps_subject_is_all(ps)) {
		ps_take(ps);
		posture = word_among(w, words);
		if (posture < 0)
			return ps_unexpected(ps, w, "observe, auto or enforce");
		like.posture = (enum posture)posture;
		if (parse_canary(ps, &like, &from))
			return -EINVAL;
	}
	r = ps_new_rule(ps, &like, w ? w : &ps->words.word[0]);
	if (!r)
		return -ENOMEM;
	if (ps_expect_end(ps))
		return -EINVAL;
	if (r->prefix_count) {
		r->prefixes = arena_alloc(policy_memory(ps->policy), sizeof(from));
		if (!r->prefixes)
			return complain_memory(&ps->at);
		*r->prefixes = from;
	}
	return ps_put_with_subject(ps, r);
}

static int parse_include_line(struct parser *ps)
{
	struct word *w = ps_take(ps);

	if (ps->command)
		return complain(&ps->at, ps->words.word[0].column,
				"include is for files; expected one rule (apply takes whole files)");
	if (!w || !w->len)
		return ps_unexpected(ps, w, "the name of a file, or a pattern");
	if (ps_expect_end(ps))
		return -EINVAL;
	ps->include = w;
	return 0;
}

static int parse_names(struct parser *ps, enum statement s)
{
	const struct rule like = {.statement = s};
	struct subjects subjects;

	if (ps_take_subjects(ps, &subjects, "a name, or from FILE", false) || ps_expect_end(ps))
		return -EINVAL;
	return ps_put_subjects(ps, &like, &subjects);
}

static int parse_serve(struct parser *ps)
{
	return parse_names(ps, ST_SERVE);
}

/* `zone NAME names from FILE` */
static int parse_zone(struct parser *ps)
{
	const struct rule like = {.statement = ST_ZONE, .listed = 1};
	struct subjects zone = {.first = ps->next, .count = 1};
	struct word *w = ps_peek(ps), *file;

	if (!w || word_is(w, "from") || !word_is(ps_behind(ps, 1), "names") || !ps_behind(ps, 2))
		return parse_names(ps, ST_ZONE);
	ps->next += 2;
	if (!ps_take_word(ps, "from"))
		return ps_unexpected(ps, ps_peek(ps), "from FILE");
	file = ps_take(ps);
	if (!file)
		return ps_unexpected(ps, NULL, "the name of a file");
	if (ps_expect_end(ps))
		return -EINVAL;
	return ps_put_zone(ps, &like, &ps->words.word[zone.first], file);
}

static int parse_resolver(struct parser *ps)
{
	const struct rule like = {.statement = ST_RESOLVER};
	struct subjects subjects;

	if (ps_take_subjects(ps, &subjects, "an address, or from FILE", false) || ps_expect_end(ps))
		return -EINVAL;
	return ps_put_subjects(ps, &like, &subjects);
}

static int parse_source(struct parser *ps)
{
	struct rule like = {.statement = ST_SOURCE};
	struct subjects subjects;

	if (ps_take_subjects(ps, &subjects, "a prefix like 203.0.113.0/24, or from FILE", true))
		return -EINVAL;
	if (!ps_subject_is_all(ps)) {
		if (parse_action(ps, &like) || parse_for(ps, &like) || ps_expect_end(ps))
			return -EINVAL;
	}
	return ps_put_subjects(ps, &like, &subjects);
}

/* `for NAME ...`: each is a rule of its own. */
static int parse_for_names(struct parser *ps, const struct rule *like)
{
	struct word *w = ps_take(ps);
	struct subjects names;

	if (like->from)
		return complain(&ps->at, w->column,
				"a page of one's own is for all strays; expected end of line, or an answer "
				"without page");
	if (ps_take_subjects(ps, &names, "a name like detectportal.firefox.com", false))
		return -EINVAL;
	if (names.from)
		return ps_unexpected(ps, w + 1, "a name: there are no lists of these");
	return ps_put_subjects(ps, like, &names);
}

static int parse_fate(struct parser *ps, enum statement s)
{
	static const char *const words[] = {"none", "http", "tls", "dns", NULL};
	struct rule like = {.statement = s}, *r;
	struct word *w = ps_take(ps);
	int as = word_among(w, words);

	if (as <= PROTO_NONE)
		return ps_unexpected(ps, w, "http, tls or dns");
	like.as = (enum protocol)as;
	/* `del stray http for NAME` */
	if (!ps_subject_is_all(ps) && !(ps->subjects && ps_names_follow(ps, &like)))
		if (parse_action(ps, &like))
			return -EINVAL;
	if (ps_names_follow(ps, &like))
		return parse_for_names(ps, &like);
	if (ps_peek(ps))
		return ps_expect_end(ps);
	r = ps_new_rule(ps, &like, w);
	return r ? ps_put_with_subject(ps, r) : -ENOMEM;
}

static int parse_stray(struct parser *ps)
{
	return parse_fate(ps, ST_STRAY);
}

static int parse_unnamed(struct parser *ps)
{
	return parse_fate(ps, ST_UNNAMED);
}

static int parse_unreadable(struct parser *ps)
{
	return parse_fate(ps, ST_UNREADABLE);
}

static int parse_unknown(struct parser *ps)
{
	if (!word_is(ps_peek(ps), "dns"))
		return ps_unexpected(ps, ps_peek(ps), "dns");
	return parse_fate(ps, ST_UNKNOWN);
}

/* A time of the learn line, in seconds. */
static int parse_learn_time(struct parser *ps, const char *keyword, uint32_t most, uint32_t *out)
{
	struct word *w;
	uint64_t ns;
	const char *why;

	if (!ps_take_word(ps, keyword)) {
		char expected[32];

		snprintf(expected, sizeof(expected), "%s TIME", keyword);
		return ps_unexpected(ps, ps_peek(ps), expected);
	}
	w = ps_take(ps);
	if (!w)
		return ps_unexpected(ps, NULL, "a duration like 10m");
	if (duration_read(w->text, &ns, &why))
		return complain(&ps->at, w->column, "'%s' %s", text_shown(&ps->at, w->text, w->len), why);
	if (ns / SECOND_NS > most)
		return complain(&ps->at, w->column, "'%s' is too long behind %s; expected 1s to %us",
				text_shown(&ps->at, w->text, w->len), keyword, most);
	*out = (uint32_t)(ns / SECOND_NS);
	return 0;
}

static int parse_learn_terms(struct parser *ps, struct learn_terms *t)
{
	struct word *w = ps_take(ps), *most;
	const char *rest;
	uint64_t strays;

	rest = w && !w->quoted ? number_read(w->text, LEARN_STRAYS_MOST, &strays) : NULL;
	if (!rest || *rest || strays < LEARN_STRAYS_LEAST)
		return ps_unexpected(ps, w, "a number of strays from 2 to 10000");
	t->strays = (uint32_t)strays;
	if (parse_learn_time(ps, "in", LEARN_WITHIN_MOST, &t->within) ||
	    parse_learn_time(ps, "for", LEARN_TIME_MOST, &t->time))
		return -EINVAL;
	t->most = t->time > LEARN_MOST ? t->time : LEARN_MOST;
	most = ps_peek(ps);
	if (!most)
		return 0;
	if (parse_learn_time(ps, "max", LEARN_TIME_MOST, &t->most))
		return -EINVAL;
	if (t->most < t->time)
		return complain(&ps->at, most->column, "max is shorter than for; expected at least %us",
				t->time);
	return ps_expect_end(ps);
}

/* `learn strays N in TIME for TIME max TIME` */
static int parse_learn(struct parser *ps)
{
	struct rule like = {.statement = ST_LEARN}, *r;
	struct word *w = ps_peek(ps);

	if (!ps_take_word(ps, "strays"))
		return ps_unexpected(ps, w, "strays");
	if (!ps_subject_is_all(ps) && parse_learn_terms(ps, &like.learn))
		return -EINVAL;
	r = ps_new_rule(ps, &like, w);
	return r ? ps_put_with_subject(ps, r) : -ENOMEM;
}

static const struct statement_parser {
	const char *name;
	int (*parse)(struct parser *ps);
} statements[] = {
	{"device", parse_device},   {"posture", parse_posture},	  {"include", parse_include_line},
	{"listen", parse_listen},   {"serve", parse_serve},	  {"zone", parse_zone},
	{"stray", parse_stray},	    {"unnamed", parse_unnamed},	  {"unreadable", parse_unreadable},
	{"source", parse_source},   {"resolver", parse_resolver}, {"limit", parse_limit},
	{"unknown", parse_unknown}, {"learn", parse_learn},
};

#define STATEMENT_SIZE_MAX 16

/* How many letters are to be changed, added or left out (Levenshtein). */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[STATEMENT_SIZE_MAX + 1];
	size_t width = strlen(b);

	for (unsigned int j = 0; j <= width; j++)
		row[j] = j;
	for (unsigned int i = 1; *a; a++, i++) {
		unsigned int corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			unsigned int best = corner + (*a != b[j - 1]);

			corner = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
		}
	}
	return row[width];
}

static int unknown_statement(struct parser *ps, const struct word *w)
{
	const char *nearest = NULL;
	unsigned int least = 3;

	for (size_t i = 0; i < COUNT(statements) && w->len <= STATEMENT_SIZE_MAX; i++) {
		unsigned int d = distance(w->text, statements[i].name);

		if (d < least && d < w->len) {
			least = d;
			nearest = statements[i].name;
		}
	}
	if (nearest)
		return complain(&ps->at, w->column, "unknown statement '%s'; did you mean %s?",
				text_shown(&ps->at, w->text, w->len), nearest);
	return complain(&ps->at, w->column,
			"unknown statement '%s'; expected device, posture, include, listen, serve, zone, "
			"stray, unnamed, unreadable, unknown, source, resolver, limit or learn",
			text_shown(&ps->at, w->text, w->len));
}

int parse_line(struct parser *ps, char *line, size_t len)
{
	int err = words_split(&ps->words, line, len, &ps->at);
	struct word *w;

	ps->next = 0;
	ps->include = NULL;
	if (err)
		return err;
	w = ps_take(ps);
	if (!w)
		return ps->command ? ps_unexpected(ps, NULL, "a statement and its subject") : 0;
	for (size_t i = 0; i < COUNT(statements); i++)
		if (word_is(w, statements[i].name))
			return statements[i].parse(ps);
	return unknown_statement(ps, w);
}

/* -- the command line */

static void parser_done(struct parser *ps)
{
	words_free(&ps->words);
}

static void free_text(char **text)
{
	free(*text);
}

/* The rules of one line, in a policy of their own: only whole lines count. */
static int parse_command(struct policy *rules, const char *line, bool subjects, struct policy_error *err)
{
	struct parser ps __attribute__((cleanup(parser_done))) = {
		.policy = rules,
		.at = {.line = 1, .err = err},
		.dir = "",
		.command = true,
		.subjects = subjects,
	};
	size_t len = strlen(line);
	char *copy __attribute__((cleanup(free_text))) = strdup(line);

	ps.at.file = policy_file_name(rules, "-");
	if (!copy || !ps.at.file)
		return complain_memory(&ps.at);
	if (len > LINE_SIZE_MAX)
		return complain(&ps.at, LINE_SIZE_MAX + 1, "line of %zu bytes; expected at most %d", len,
				LINE_SIZE_MAX);
	return parse_line(&ps, copy, len);
}

int policy_add(struct policy *p, const char *line, struct policy_error *err)
{
	struct policy *rules cleanup_policy = policy_new();
	struct place at = {.file = "-", .line = 1, .err = err};
	int got;

	errors_begin(err);
	if (!rules)
		return complain_memory(&at);
	got = parse_command(rules, line, false, err);
	if (got)
		return got;
	got = policy_merge(p, rules);
	if (got == -ENOMEM)
		complain_memory(&at);
	else if (got < 0)
		complain(&at, 1, "policy larger than the tables; expected at most %u rules",
			 POLICY_RULES_MAX);
	return got;
}

int policy_del(struct policy *p, const char *line, struct policy_error *err)
{
	struct policy *rules cleanup_policy = policy_new();
	struct place at = {.file = "-", .line = 1, .err = err};
	const struct rule *missing;
	int got;

	errors_begin(err);
	if (!rules)
		return complain_memory(&at);
	got = parse_command(rules, line, true, err);
	if (got)
		return got;
	got = policy_remove(p, rules, &missing);
	if (got == -ENOMEM)
		complain_memory(&at);
	else if (got < 0)
		complain(&at, missing->origin.column,
			 "there is no '%s %s'; expected a rule of the running policy",
			 statement_name(missing->statement),
			 text_shown(&at, missing->subject, strlen(missing->subject)));
	return got;
}
