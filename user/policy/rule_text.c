// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules to lines: what the parser takes, the same words, everything said. */
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/quote.h"
#include "policy/rate.h"
#include "policy/rule.h"

struct out {
	char *buf;
	size_t size;
	size_t len; /* as if size had been enough */
};

static void put(struct out *o, const char *text)
{
	size_t len = strlen(text);

	if (o->len < o->size) {
		size_t fits = o->size - o->len - 1;

		fits = fits < len ? fits : len;
		memcpy(o->buf + o->len, text, fits);
		o->buf[o->len + fits] = '\0';
	}
	o->len += len;
}

static __attribute__((format(printf, 2, 3))) void putf(struct out *o, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(o, text);
}

static void put_word(struct out *o, const char *text)
{
	if (!word_needs_quotes(text) && strcmp(text, "from")) {
		put(o, text);
		return;
	}
	put(o, "\"");
	for (; *text; text++) {
		char piece[3] = {*text};

		if (*text == '"' || *text == '\\') {
			piece[0] = '\\';
			piece[1] = *text;
		}
		put(o, piece);
	}
	put(o, "\"");
}

static void put_prefix(struct out *o, const struct prefix *p)
{
	char text[PREFIX_TEXT];

	prefix_print(p, text, sizeof(text));
	put(o, text);
}

static void put_listener(struct out *o, const struct rule *r)
{
	struct prefix on = {.len = 128};

	putf(o, "%s/%u", r->l4 == IPPROTO_UDP ? "udp" : "tcp", r->port);
	if (r->any)
		return;
	memcpy(on.addr, r->addr, sizeof(on.addr));
	put(o, " on ");
	put_prefix(o, &on);
}

static void put_name(struct out *o, const struct rule *r)
{
	const struct name *n = r->names;

	/* a zone is always a tree, and says so by being a zone */
	if (r->statement == ST_SERVE && n->kind != NAME_EXACT)
		put(o, n->kind == NAME_BELOW ? "*." : ".");
	put(o, n->text);
}

static void put_for(struct out *o, const struct rule *r)
{
	for (uint32_t i = 0; i < r->name_count; i++) {
		put(o, i ? " " : " for ");
		put(o, r->names[i].text);
	}
}

static void put_subject(struct out *o, const struct rule *r)
{
	if (rule_is_list(r)) {
		put(o, "from ");
		put(o, r->from);
		return;
	}
	switch (r->statement) {
	case ST_DEVICE:
		put(o, r->subject);
		break;
	case ST_LISTEN:
		put_listener(o, r);
		break;
	case ST_SERVE:
	case ST_ZONE:
		put_name(o, r);
		break;
	case ST_STRAY:
	case ST_UNNAMED:
	case ST_UNREADABLE:
	case ST_UNKNOWN:
		put(o, protocol_name(r->as));
		if (rule_is_for_name(r))
			put_for(o, r);
		break;
	case ST_SOURCE:
	case ST_RESOLVER:
		put_prefix(o, r->prefixes);
		break;
	case ST_LEARN:
		put(o, "strays");
		break;
	case ST_LIMIT:
		putf(o, "each /%u /%u", r->bits4, r->bits6);
		put_for(o, r);
		break;
	default: /* there is one posture: no subject needed */
		break;
	}
}

int rule_subject(const struct rule *r, char *buf, size_t size)
{
	struct out o = {.buf = buf, .size = size};

	put(&o, "");
	put_subject(&o, r);
	return (int)o.len;
}

/* What stands behind the word `answer`. */
static void put_answer(struct out *o, const struct rule *r)
{
	const char *name = answer_name(r->as, r->answer);

	if (name && *name)
		putf(o, " %s", name);
	if (r->from) {
		put(o, " page ");
		put_word(o, r->from);
	}
}

static void put_learn(struct out *o, const struct rule *r)
{
	char within[64], time[64], most[64];

	duration_print(r->learn.within * SECOND_NS, within, sizeof(within));
	duration_print(r->learn.time * SECOND_NS, time, sizeof(time));
	duration_print(r->learn.most * SECOND_NS, most, sizeof(most));
	putf(o, " %u in %s for %s max %s", r->learn.strays, within, time, most);
}

static void put_action(struct out *o, const struct rule *r)
{
	char text[128];

	if (r->action == ACT_NONE)
		return;
	put(o, " ");
	put(o, action_name(r->action));
	if (r->action == ACT_LIMIT) {
		rate_print(&r->rate, text, sizeof(text));
		putf(o, " %s", text);
	}
	if (rule_is_fate(r) && r->over)
		putf(o, " else %s", action_name(r->over));
	if (rule_is_fate(r) && rule_answers(r))
		put_answer(o, r);
	if (r->duration) {
		duration_print(r->duration, text, sizeof(text));
		putf(o, " for %s", text);
	}
}

/* 5%, 0.25% */
static void put_share(struct out *o, unsigned int share)
{
	putf(o, " share %u", share / 100);
	if (share % 10)
		putf(o, ".%02u", share % 100);
	else if (share % 100)
		putf(o, ".%u", share % 100 / 10);
	put(o, "%");
}

static void put_posture(struct out *o, const struct rule *r)
{
	put(o, posture_name(r->posture));
	if (r->share)
		put_share(o, r->share);
	if (r->prefix_count) {
		put(o, " from ");
		put_prefix(o, r->prefixes);
	}
}

const char *posture_print(const struct rule *r, char buf[POSTURE_TEXT])
{
	struct out o = {.buf = buf, .size = POSTURE_TEXT};

	if (r)
		put_posture(&o, r);
	else
		put(&o, posture_name(POSTURE_OBSERVE));
	return buf;
}

/* The subject stands at both ends of its line, and the action between. */
static void put_each(struct out *o, const struct rule *r)
{
	char text[128];

	rate_print(&r->rate, text, sizeof(text));
	putf(o, "each /%u /%u to %s", r->bits4, r->bits6, text);
	if (r->over)
		putf(o, " else %s", action_name(r->over));
	put_for(o, r);
}

int rule_print(const struct rule *r, char *buf, size_t size)
{
	struct out o = {.buf = buf, .size = size};

	put(&o, statement_name(r->statement));
	put(&o, " ");
	if (rule_is_list(r)) {
		put(&o, "from ");
		put_word(&o, r->from);
	} else if (r->statement == ST_LISTEN) {
		put(&o, r->subject);
	} else if (r->statement == ST_POSTURE) {
		put_posture(&o, r);
	} else if (r->statement == ST_LIMIT) {
		put_each(&o, r);
	} else if (rule_is_for_name(r)) {
		put(&o, protocol_name(r->as));
	} else {
		put_word(&o, r->subject);
	}
	if (r->statement == ST_ZONE && r->listed) {
		put(&o, " names from ");
		put_word(&o, r->from);
	}
	if (r->statement == ST_LISTEN) {
		putf(&o, " as %s", protocol_name(r->as));
		if (r->l4 == IPPROTO_TCP)
			putf(&o, " handshake %s", depth_name(r->depth));
		if (r->proxy)
			put(&o, " proxy");
	}
	if (r->statement == ST_LEARN)
		put_learn(&o, r);
	if (r->statement != ST_LIMIT)
		put_action(&o, r);
	if (rule_is_for_name(r))
		put_for(&o, r);
	if (r->observe)
		put(&o, " observe");
	if (r->sleeps)
		put(&o, " auto");
	if (r->rate.above)
		putf(&o, " above %u visits/s", r->rate.above);
	return (int)o.len;
}
