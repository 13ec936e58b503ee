// SPDX-License-Identifier: GPL-2.0-or-later
/* Actions with their rates and durations. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parser/parser.h"
#include "policy/rate.h"
#include "policy/rule.h"

static const char *rate_range(const struct unit *unit)
{
	return unit->kbit ? "0.1 to 1000000 Mbit/s" : "a whole number from 1 to 1000000000";
}

static int parse_burst(struct parser *ps, struct rule *r, const struct unit *unit)
{
	struct word *w = ps_take(ps);
	struct amount burst;
	const char *rest = w && !w->quoted ? amount_read(w->text, &burst) : NULL;

	if (!rest || *rest || !amount_in(&burst, unit, &r->rate.burst))
		return ps_unexpected(ps, w,
				     unit->kbit ? "a burst of 0.1 to 1000000 Mbit"
						: "a number from 1 to 1000000000");
	return 0;
}

int parse_rate(struct parser *ps, struct rule *r)
{
	static const char *const expected[ST_COUNT] = {
		[ST_SOURCE] = "visits/s, packets/s or Mbit/s",
		[ST_LISTEN] = "visits/s or packets/s",
		[ST_LIMIT] = "visits/s or packets/s",
	};
	const char *units = expected[r->statement] ? expected[r->statement] : "visits/s";
	struct word *w = ps_take(ps), *u;
	const struct unit *unit;
	struct amount amount;
	const char *rest;

	if (!w)
		return ps_unexpected(ps, NULL, "a rate like 1000 visits/s");
	rest = w->quoted ? NULL : amount_read(w->text, &amount);
	if (!rest || !amount.thousandths)
		return ps_unexpected(ps, w, "a rate like 1000 visits/s (from 1 to 1000000000)");
	u = *rest ? w : ps_peek(ps);
	if (!u || word_is(u, "burst") || word_is(u, "for") || word_is(u, "observe") || word_is(u, "else"))
		return complain(&ps->at, w->column, "rate '%s' without unit; expected %s",
				text_shown(&ps->at, w->text, w->len), units);
	if (u != w)
		rest = ps_take(ps)->text;
	unit = unit_read(rest);
	if (!unit)
		return complain(&ps->at, u->column, "unknown unit '%s'; expected %s",
				text_shown(&ps->at, rest, strlen(rest)), units);
	if (!unit_allowed(r->statement, unit->unit))
		return complain(&ps->at, u->column, "unit %s does not fit here; expected %s", unit->name,
				units);
	r->rate.unit = unit->unit;
	if (!amount_in(&amount, unit, &r->rate.count))
		return ps_unexpected(ps, w, rate_range(unit));
	r->rate.burst = r->rate.count;
	return ps_take_word(ps, "burst") ? parse_burst(ps, r, unit) : 0;
}

static const char *const action_words[] = {"none",  "pass",  "drop",	 "reset", "answer",
					   "limit", "trust", "fallback", NULL};

bool is_action(const struct word *w)
{
	return word_among(w, action_words) > ACT_NONE;
}

static int unexpected_action(struct parser *ps, const struct rule *r, const struct word *w)
{
	char expected[128] = "";
	size_t used = 0;

	for (unsigned int a = ACT_PASS; a <= ACT_FALLBACK; a++)
		if (action_allowed(r->statement, r->as, (enum action)a))
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s%s%s",
						 used ? " | " : "", action_name((enum action)a),
						 a == ACT_LIMIT ? " RATE" : "");
	return ps_unexpected(ps, w, expected);
}

/* -- what stands behind `answer` */

static int parse_http_answer(struct parser *ps, struct rule *r)
{
	static const char *const words[] = {"503", "421", "403", NULL};
	int status = ps_peek(ps) ? word_among(ps_peek(ps), words) : -1;

	if (status >= 0) {
		ps_take(ps);
		r->answer = (uint8_t)status;
	}
	if (ps_take_word(ps, "page"))
		return parse_page(ps, r);
	return ps_peek(ps) && !ps_names_follow(ps, r)
		       ? ps_unexpected(ps, ps_peek(ps),
				       status < 0 ? "503, 421, 403 or page FILE" : "page FILE or end of line")
		       : 0;
}

static int parse_tls_answer(struct parser *ps, struct rule *r)
{
#define A(number, name) #name,
	static const char *const words[] = {STRAYGATE_ALERTS(A) NULL};
#undef A
#define A(number, name) number,
	static const uint8_t numbers[] = {STRAYGATE_ALERTS(A)};
#undef A
#define A(number, name) " " #name
	static const char expected[] = "the name of an alert:" STRAYGATE_ALERTS(A);
#undef A
	int alert;

	if (!ps_take_word(ps, "alert"))
		return ps_peek(ps) && !ps_names_follow(ps, r)
			       ? ps_unexpected(ps, ps_peek(ps), "alert NAME or end of line")
			       : 0;
	alert = ps_peek(ps) ? word_among(ps_peek(ps), words) : -1;
	if (alert < 0)
		return ps_unexpected(ps, ps_peek(ps), expected);
	ps_take(ps);
	r->answer = numbers[alert] == TLS_ALERT_DEFAULT ? 0 : numbers[alert];
	return 0;
}

static int parse_dns_answer(struct parser *ps, struct rule *r)
{
	if ((r->statement == ST_STRAY || r->statement == ST_UNKNOWN) && ps_take_word(ps, "nxdomain"))
		r->answer = DNS_ANSWER_NXDOMAIN;
	/* REFUSED would make resolvers avoid this server for all of the zone. */
	else if (r->statement == ST_UNKNOWN)
		return ps_unexpected(ps, ps_peek(ps), "nxdomain");
	else if (ps_peek(ps))
		return ps_unexpected(ps, ps_peek(ps),
				     r->statement == ST_STRAY ? "nxdomain or end of line" : "end of line");
	return 0;
}

static int parse_answer(struct parser *ps, struct rule *r)
{
	switch (r->as) {
	case PROTO_HTTP:
		return parse_http_answer(ps, r);
	case PROTO_TLS:
		return parse_tls_answer(ps, r);
	default:
		return parse_dns_answer(ps, r);
	}
}

/* `limit RATE else answer` */
static int parse_over(struct parser *ps, struct rule *r)
{
	static const char *const words[] = {"drop", "reset", "answer", NULL};
	static const uint8_t actions[] = {ACT_NONE, ACT_RESET, ACT_ANSWER};
	bool resets = action_allowed(r->statement, r->as, ACT_RESET);
	bool answers = action_allowed(r->statement, r->as, ACT_ANSWER);
	int a;

	if (!rule_is_fate(r) || !ps_take_word(ps, "else"))
		return 0;
	a = ps_peek(ps) ? word_among(ps_peek(ps), words) : -1;
	if (a < 0 || (actions[a] == ACT_ANSWER && !answers) || (actions[a] == ACT_RESET && !resets))
		return ps_unexpected(ps, ps_peek(ps),
				     !resets   ? "answer nxdomain or drop"
				     : answers ? "answer, reset or drop"
					       : "reset or drop");
	ps_take(ps);
	r->over = actions[a];
	return r->over == ACT_ANSWER ? parse_answer(ps, r) : 0;
}

int parse_action(struct parser *ps, struct rule *r)
{
	struct word *w = ps_take(ps);
	int a = word_among(w, action_words);

	if (a <= ACT_NONE || !action_allowed(r->statement, r->as, (enum action)a))
		return unexpected_action(ps, r, w);
	r->action = (enum action)a;
	if (r->action == ACT_LIMIT)
		return parse_rate(ps, r) || parse_over(ps, r) ? -EINVAL : 0;
	return r->action == ACT_ANSWER ? parse_answer(ps, r) : 0;
}

int parse_for(struct parser *ps, struct rule *r)
{
	const char *why;
	struct word *w;

	if (!ps_take_word(ps, "for"))
		return 0;
	w = ps_take(ps);
	if (!w)
		return ps_unexpected(ps, NULL, "a duration like 10m");
	if (duration_read(w->text, &r->duration, &why))
		return complain(&ps->at, w->column, "'%s' %s", text_shown(&ps->at, w->text, w->len), why);
	return 0;
}
