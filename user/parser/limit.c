// SPDX-License-Identifier: GPL-2.0-or-later
/* limit each /24 /56 to RATE [burst N] [else answer|drop] [for tcp/443 [on ADDR] ...] */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser/parser.h"
#include "policy/build.h"
#include "policy/rule.h"

/* "/24" */
static int parse_length(struct parser *ps, unsigned int most, const char *expected, uint8_t *out)
{
	struct word *w = ps_take(ps);
	unsigned int value = 0;
	const char *at;

	if (!w || w->quoted || w->len < 2 || w->len > 4 || w->text[0] != '/' || w->text[1] == '0')
		return ps_unexpected(ps, w, expected);
	for (at = w->text + 1; *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (unsigned int)(*at - '0');
	if (*at || value > most)
		return ps_unexpected(ps, w, expected);
	*out = (uint8_t)value;
	return 0;
}

static int parse_lengths(struct parser *ps, struct rule *r)
{
	if (!ps_take_word(ps, "each"))
		return ps_unexpected(ps, ps_peek(ps), "each, as in limit each /24 /56 to 200 visits/s");
	return parse_length(ps, 32, "the length of a client network of IPv4, /1 to /32", &r->bits4) ||
			       parse_length(ps, 128, "the length of a client network of IPv6, /1 to /128",
					    &r->bits6)
		       ? -EINVAL
		       : 0;
}

/* Of packets nobody knows what they ask for. */
static int parse_else(struct parser *ps, struct rule *r)
{
	static const char *const words[] = {"drop", "answer", NULL};
	bool visits = r->rate.unit == RATE_VISITS;
	int over;

	if (!ps_take_word(ps, "else"))
		return 0;
	over = ps_peek(ps) ? word_among(ps_peek(ps), words) : -1;
	if (over < 0 || (over && !visits))
		return ps_unexpected(ps, ps_peek(ps), visits ? "answer or drop" : "drop");
	ps_take(ps);
	r->over = over ? ACT_ANSWER : ACT_NONE;
	return 0;
}

/* ---- `for` ---------------------------------------------------------------- */

struct listeners {
	struct rule of[LIMIT_LISTENERS_MAX];
	size_t count;
};

static int by_port(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->l4 != y->l4)
		return x->l4 < y->l4 ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	if (x->any != y->any)
		return x->any ? -1 : 1;
	return memcmp(x->addr, y->addr, sizeof(x->addr));
}

static int take_listener(struct parser *ps, struct listeners *l)
{
	struct word *w = ps_peek(ps);
	struct rule *r = &l->of[l->count];

	if (l->count == LIMIT_LISTENERS_MAX)
		return complain(&ps->at, w->column, "more than %d listeners; expected fewer, or another line",
				LIMIT_LISTENERS_MAX);
	*r = (struct rule){.statement = ST_LISTEN};
	if (parse_listener(ps, r))
		return -EINVAL;
	for (size_t i = 0; i < l->count; i++)
		if (!by_port(&l->of[i], r))
			return complain(&ps->at, w->column, "'%s' for the second time; expected it once",
					text_shown(&ps->at, w->text, w->len));
	l->count++;
	return 0;
}

/* In order, so that one set of listeners is one subject. */
static int keep_listeners(struct parser *ps, struct rule *r, struct listeners *l)
{
	struct arena *memory = policy_memory(ps->policy);
	char text[SUBJECT_SIZE];

	qsort(l->of, l->count, sizeof(l->of[0]), by_port);
	r->names = arena_alloc(memory, l->count * sizeof(*r->names));
	if (!r->names)
		return complain_memory(&ps->at);
	for (size_t i = 0; i < l->count; i++) {
		int len = rule_subject(&l->of[i], text, sizeof(text));

		r->names[i] =
			(struct name){.text = arena_text(memory, text, (size_t)len), .kind = NAME_EXACT};
		if (!r->names[i].text)
			return complain_memory(&ps->at);
	}
	r->name_count = (uint32_t)l->count;
	return 0;
}

static int parse_for_listeners(struct parser *ps, struct rule *r)
{
	struct listeners l = {.count = 0};
	int err;

	if (!ps_take_word(ps, "for"))
		return 0;
	do
		err = take_listener(ps, &l);
	while (!err && ps_peek(ps));
	return err ? err : keep_listeners(ps, r, &l);
}

/* ---- the line -------------------------------------------------------------- */

static int parse_what(struct parser *ps, struct rule *r)
{
	/* `del limit each /24 /56 for tcp/80` */
	if (ps_subject_is_all(ps) || (ps->subjects && word_is(ps_peek(ps), "for")))
		return 0;
	if (!ps_take_word(ps, "to"))
		return ps_unexpected(ps, ps_peek(ps), "to, and a rate like 200 visits/s");
	return parse_rate(ps, r) || parse_else(ps, r) ? -EINVAL : 0;
}

int parse_limit(struct parser *ps)
{
	struct rule like = {.statement = ST_LIMIT, .action = ACT_LIMIT}, *r;
	struct word *subject = ps_peek(ps);

	if (parse_lengths(ps, &like) || parse_what(ps, &like))
		return -EINVAL;
	if (ps_peek(ps) && !word_is(ps_peek(ps), "for"))
		return ps_unexpected(ps, ps_peek(ps),
				     like.rate.unit == RATE_VISITS && !like.over ? "else, for or end of line"
										 : "for or end of line");
	if (parse_for_listeners(ps, &like))
		return -EINVAL;
	r = ps_new_rule(ps, &like, subject);
	return r ? ps_put_with_subject(ps, r) : -ENOMEM;
}
