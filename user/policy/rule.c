// SPDX-License-Identifier: GPL-2.0-or-later
/* What each statement may say, and the words for it. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/index.h"
#include "policy/name.h"
#include "policy/rule.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

const char *statement_name(enum statement s)
{
	static const char *const names[ST_COUNT] = {
		[ST_DEVICE] = "device",	    [ST_POSTURE] = "posture", [ST_LISTEN] = "listen",
		[ST_SERVE] = "serve",	    [ST_ZONE] = "zone",	      [ST_STRAY] = "stray",
		[ST_UNNAMED] = "unnamed",   [ST_SOURCE] = "source",   [ST_UNREADABLE] = "unreadable",
		[ST_RESOLVER] = "resolver", [ST_UNKNOWN] = "unknown", [ST_LEARN] = "learn",
		[ST_LIMIT] = "limit",
	};

	return s < ST_COUNT ? names[s] : "?";
}

const char *protocol_name(enum protocol p)
{
	static const char *const names[PROTO_COUNT] = {"none", "http", "tls", "dns", "quic"};

	return p < PROTO_COUNT ? names[p] : "?";
}

const char *action_name(enum action a)
{
	static const char *const names[] = {
		[ACT_NONE] = "none",   [ACT_PASS] = "pass",	    [ACT_DROP] = "drop",
		[ACT_RESET] = "reset", [ACT_ANSWER] = "answer",	    [ACT_LIMIT] = "limit",
		[ACT_TRUST] = "trust", [ACT_FALLBACK] = "fallback",
	};

	return a < COUNT(names) ? names[a] : "?";
}

const char *posture_name(enum posture p)
{
	static const char *const names[] = {"observe", "enforce", "auto"};

	return p < COUNT(names) ? names[p] : "?";
}

const char *depth_name(enum depth d)
{
	static const char *const names[] = {"auto", "on", "off"};

	return d < COUNT(names) ? names[d] : "?";
}

const char *answer_name(enum protocol p, uint8_t answer)
{
	static const char *const http[HTTP_ANSWERS] = {"", "421", "403"};
	static const char *const dns[DNS_ANSWERS] = {"", "nxdomain"};

	if (!answer)
		return "";
	if (p == PROTO_HTTP)
		return answer < HTTP_ANSWERS ? http[answer] : NULL;
	if (p == PROTO_DNS)
		return answer < DNS_ANSWERS ? dns[answer] : NULL;
	if (p != PROTO_TLS)
		return NULL;
	switch (answer) {
#define A(number, name) \
	case number:    \
		return "alert " #name;
		STRAYGATE_ALERTS(A)
#undef A
	}
	return NULL;
}

/* As rule_subject() writes it. */
bool listener_text_valid(const char *text)
{
	struct rule r = {.statement = ST_LISTEN, .any = true};
	char canonical[64], *end;
	unsigned long port;
	struct prefix p;

	if (strlen(text) >= sizeof(canonical) || (strncmp(text, "tcp/", 4) && strncmp(text, "udp/", 4)))
		return false;
	r.l4 = text[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	port = strtoul(text + 4, &end, 10);
	if (!port || port > 65535)
		return false;
	r.port = (uint16_t)port;
	if (!strncmp(end, " on ", 4)) {
		if (prefix_parse(end + 4, &p) || p.len != 128)
			return false;
		memcpy(r.addr, p.addr, sizeof(r.addr));
		r.any = false;
	}
	rule_subject(&r, canonical, sizeof(canonical));
	return !strcmp(canonical, text);
}

bool rule_answers(const struct rule *r)
{
	return r->action == ACT_ANSWER || (r->action == ACT_LIMIT && r->over == ACT_ANSWER);
}

/* The default has one number, 0. */
bool answer_valid(const struct rule *r)
{
	if (r->over && (r->action != ACT_LIMIT || (r->over != ACT_ANSWER && r->over != ACT_RESET) ||
			!action_allowed(r->statement, r->as, r->over)))
		return false;
	if (r->from && (!rule_answers(r) || r->as != PROTO_HTTP))
		return false;
	/* REFUSED would make resolvers avoid this server for all of the zone. */
	if (r->statement == ST_UNKNOWN && rule_answers(r) && !r->answer)
		return false;
	if (!r->answer)
		return true;
	if (!rule_answers(r) || !answer_name(r->as, r->answer))
		return false;
	if (r->as == PROTO_TLS)
		return r->answer != TLS_ALERT_DEFAULT;
	return r->as != PROTO_DNS || r->statement == ST_STRAY || r->statement == ST_UNKNOWN;
}

#define BIT(a) (1U << (a))

bool action_allowed(enum statement s, enum protocol as, enum action a)
{
	static const unsigned int allowed[ST_COUNT] = {
		[ST_STRAY] =
			BIT(ACT_ANSWER) | BIT(ACT_RESET) | BIT(ACT_DROP) | BIT(ACT_PASS) | BIT(ACT_LIMIT),
		[ST_UNNAMED] =
			BIT(ACT_ANSWER) | BIT(ACT_RESET) | BIT(ACT_DROP) | BIT(ACT_PASS) | BIT(ACT_LIMIT),
		/* what was not understood gets no answer in a language that it may not be */
		[ST_UNREADABLE] = BIT(ACT_RESET) | BIT(ACT_DROP) | BIT(ACT_PASS) | BIT(ACT_LIMIT),
		[ST_UNKNOWN] = BIT(ACT_ANSWER) | BIT(ACT_DROP) | BIT(ACT_PASS) | BIT(ACT_LIMIT),
		[ST_LIMIT] = BIT(ACT_LIMIT),
		[ST_SOURCE] = BIT(ACT_TRUST) | BIT(ACT_DROP) | BIT(ACT_PASS) | BIT(ACT_LIMIT),
	};
	unsigned int set = s < ST_COUNT ? allowed[s] : 0;

	if (s == ST_LISTEN && as == PROTO_QUIC)
		set = BIT(ACT_FALLBACK) | BIT(ACT_PASS) | BIT(ACT_DROP) | BIT(ACT_LIMIT);
	return a <= ACT_FALLBACK && set & BIT(a);
}

bool unit_allowed(enum statement s, enum rate_unit u)
{
	switch (s) {
	case ST_SOURCE:
		return u <= RATE_MBIT;
	case ST_LISTEN:
	case ST_LIMIT:
		return u == RATE_VISITS || u == RATE_PACKETS;
	default:
		return u == RATE_VISITS;
	}
}

bool protocol_on(enum protocol p, uint8_t l4)
{
	switch (p) {
	case PROTO_HTTP:
	case PROTO_TLS:
		return l4 == IPPROTO_TCP;
	case PROTO_DNS:
		return l4 == IPPROTO_TCP || l4 == IPPROTO_UDP;
	case PROTO_QUIC:
		return l4 == IPPROTO_UDP;
	default:
		return false;
	}
}

/* The PROXY protocol is for streams; that of DNS over TCP nobody has asked for. */
bool proxy_allowed(uint8_t l4, enum protocol p)
{
	return l4 == IPPROTO_TCP && (p == PROTO_HTTP || p == PROTO_TLS);
}

/* The kernel's own rule, but for bytes that no terminal should be shown. */
bool device_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > DEVICE_SIZE_MAX || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == '/' || name[i] == ':')
			return false;
	return true;
}

bool learn_valid(const struct learn_terms *t)
{
	return t->strays >= LEARN_STRAYS_LEAST && t->strays <= LEARN_STRAYS_MOST && t->within &&
	       t->within <= LEARN_WITHIN_MOST && t->time && t->time <= t->most && t->most <= LEARN_TIME_MOST;
}

bool rule_takes_prefixes(enum statement s)
{
	return s == ST_SOURCE || s == ST_RESOLVER;
}

bool rule_takes_names(enum statement s)
{
	return s == ST_SERVE || s == ST_ZONE;
}

bool rule_is_fate(const struct rule *r)
{
	return r->statement >= ST_STRAY && r->statement <= ST_UNKNOWN;
}

bool rule_is_for_name(const struct rule *r)
{
	return r->statement == ST_STRAY && r->name_count && !r->from;
}

/* A DNS query is judged by its zone. */
bool stray_takes_names(const struct rule *r)
{
	return r->statement == ST_STRAY && (r->as == PROTO_HTTP || r->as == PROTO_TLS);
}

bool rule_is_list(const struct rule *r)
{
	return r->from && !rule_is_fate(r) && !(r->statement == ST_ZONE && r->listed);
}

/* Visits of QUIC are not told from each other, so none is counted. */
bool rule_limits(const struct rule *limit, const struct rule *listener)
{
	if (listener->as == PROTO_QUIC && limit->rate.unit == RATE_VISITS)
		return false;
	for (uint32_t i = 0; i < limit->name_count; i++) {
		const char *text = limit->names[i].text;
		size_t len = strlen(text);

		/* A port without an address is all of its listeners. */
		if (!strncmp(listener->subject, text, len) &&
		    (!listener->subject[len] || listener->subject[len] == ' '))
			return true;
	}
	return !limit->name_count;
}

static bool is_limit(const struct rule *r)
{
	return r->action == ACT_LIMIT;
}

bool rule_says_same(const struct rule *a, const struct rule *b)
{
	if (a->statement != b->statement || strcmp(a->subject, b->subject))
		return false;
	if (a->action != b->action || a->duration != b->duration)
		return false;
	if (is_limit(a) && (a->rate.count != b->rate.count || a->rate.burst != b->rate.burst ||
			    a->rate.unit != b->rate.unit))
		return false;
	if ((rule_is_fate(a) || a->statement == ST_LIMIT) &&
	    (a->answer != b->answer || a->over != b->over || !a->from != !b->from ||
	     (a->from && strcmp(a->from, b->from))))
		return false;
	if (a->statement == ST_LEARN && memcmp(&a->learn, &b->learn, sizeof(a->learn)))
		return false;
	if (a->sleeps != b->sleeps || a->rate.above != b->rate.above)
		return false;
	if (a->statement == ST_ZONE &&
	    (a->listed != b->listed || !a->from != !b->from || (a->from && strcmp(a->from, b->from))))
		return false;
	if (a->statement == ST_POSTURE && (a->share != b->share || a->prefix_count != b->prefix_count ||
					   (a->prefix_count && prefix_order(a->prefixes, b->prefixes))))
		return false;
	return a->as == b->as && a->depth == b->depth && a->observe == b->observe && a->proxy == b->proxy &&
	       a->posture == b->posture;
}

static bool has_name(const void *things, uint32_t at, const void *key)
{
	const struct name *list = things;

	return name_equal(&list[at], key);
}

static bool same_names(const struct rule *a, const struct rule *b)
{
	struct index x cleanup_index = {0};
	size_t i = 0;

	while (i < a->name_count && name_equal(&a->names[i], &b->names[i]))
		i++;
	if (i == a->name_count)
		return true;
	/* Another order of the same names is no other list. Neither has doubles.
	 * Without memory for the proof they count as different. */
	if (index_reserve(&x, a->name_count))
		return false;
	for (i = 0; i < a->name_count; i++) {
		uint32_t hash = name_hash(&a->names[i]);

		*index_find(&x, hash, has_name, a->names, &a->names[i]) =
			(struct index_slot){.hash = hash, .at = (uint32_t)i + 1};
	}
	for (i = 0; i < b->name_count; i++)
		if (!index_find(&x, name_hash(&b->names[i]), has_name, a->names, &b->names[i])->at)
			return false;
	return true;
}

bool rule_same(const struct rule *a, const struct rule *b)
{
	if (!rule_says_same(a, b) || a->prefix_count != b->prefix_count || a->name_count != b->name_count)
		return false;
	if (a->prefix_count && memcmp(a->prefixes, b->prefixes, a->prefix_count * sizeof(*a->prefixes)))
		return false;
	return same_names(a, b);
}
