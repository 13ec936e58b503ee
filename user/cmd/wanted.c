// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/wanted.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/say.h"
#include "policy/name.h"
#include "show/tally.h"

static void want(struct tap_filter *f, uint32_t reason)
{
	f->reasons[reason / 64] |= UINT64_C(1) << reason % 64;
}

/* ---- reasons ------------------------------------------------------------------- */

/* Of packets that are nobody's: they are seen if they are asked for. */
static bool is_elsewhere(uint32_t reason)
{
	switch (reason) {
	case REASON_not_ip:
	case REASON_other_protocol:
	case REASON_fragment:
	case REASON_malformed:
	case REASON_no_listener:
	case REASON_not_local:
	case REASON_dns_awaited:
		return true;
	}
	return false;
}

/* What is no visit's, and yet nothing that comes with every visit. */
static bool is_news(uint32_t reason)
{
	switch (reason) {
	case REASON_dns_unasked:
	case REASON_quic_dropped:
	case REASON_quic_fallback:
	case REASON_cannot_hold:
	case REASON_cannot_rewrite:
	case REASON_cannot_introduce:
	case REASON_held_forgotten:
	case REASON_table_missing:
		return true;
	}
	return false;
}

/* A word for many: all of what comes to the listeners of that verdict, or visits of that kind. */
static bool has_kind(const struct reason_text *r, const char *word)
{
	static const char *const kinds[] = {
		[COUNTS_SERVED] = "served",    [COUNTS_STRAY] = "stray",
		[COUNTS_UNNAMED] = "unnamed",  [COUNTS_UNREADABLE] = "unreadable",
		[COUNTS_BY_SOURCE] = "source", [COUNTS_UNKNOWN] = "unknown",
		[COUNTS_NO_VISIT] = "no word",
	};

	return !strcmp(word, kinds[r->counts]) ||
	       (!is_elsewhere(r->number) && !strcmp(word, verdict_name(r->verdict)));
}

static int want_word(struct tap_filter *f, const char *word)
{
	const struct reason_text *r;
	bool known = false;

	for (r = reasons; r->name; r++)
		if (!strcmp(word, "all") || !strcmp(word, r->name) || has_kind(r, word)) {
			want(f, r->number);
			known = true;
		}
	return known ? 0
		     : fail(-EINVAL,
			    "--reason \"%.40s\": expected a reason (straygate(8) lists them), all, or one of "
			    "served, "
			    "stray, unnamed, unreadable, unknown, source, pass, drop, answer, reset",
			    word);
}

static int want_reasons(struct tap_filter *f, const char *text, bool all)
{
	const struct reason_text *r;
	char word[64];
	size_t length;
	int err = 0;

	for (r = reasons; !text && r->name; r++)
		if (all ? !is_elsewhere(r->number) : r->counts != COUNTS_NO_VISIT || is_news(r->number))
			want(f, r->number);
	while (text && !err) {
		length = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s", (int)(length < 63 ? length : 63), text);
		err = want_word(f, word);
		text = text[length] ? text + length + 1 : NULL;
	}
	return err;
}

/* With which reasons a packet may come to act() that leaves it with a wanted one: where it
 * cannot be made into what its reason sends, or introduced, it gets another. */
static void want_judged(struct tap_filter *f)
{
	static const uint32_t late[] = {
		REASON_stray_refused,  REASON_unnamed_refused,	REASON_tail_reset,
		REASON_cannot_rewrite, REASON_cannot_introduce,
	};
	const struct reason_text *r;
	bool any = false;
	size_t i;

	memcpy(f->judged, f->reasons, sizeof(f->judged));
	for (i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		any |= f->reasons[late[i] / 64] >> late[i] % 64 & 1;
	for (r = reasons; any && r->name; r++)
		if (!is_elsewhere(r->number))
			f->judged[r->number / 64] |= UINT64_C(1) << r->number % 64;
}

/* ---- ends and name ---------------------------------------------------------------- */

static int want_source(struct tap_filter *f, const char *text)
{
	struct prefix p = {0};
	uint8_t mask[16] = {0};
	size_t i;

	if (!text)
		return 0;
	if (prefix_parse(text, &p))
		return fail(-EINVAL, "--from \"%.60s\": expected an address or a prefix (203.0.113.0/24)",
			    text);
	for (i = 0; i < p.len; i++)
		mask[i / 8] |= 0x80 >> i % 8;
	f->family = prefix_is_v4(&p) ? 4 : 6;
	memcpy(f->from, p.addr, sizeof(f->from));
	memcpy(f->from_mask, mask, sizeof(f->from_mask));
	return 0;
}

/* "tcp/443" is each listener of that port. */
static bool is_listener(const struct rule *r, const char *text)
{
	size_t length = strlen(text);

	return r->statement == ST_LISTEN && !strncmp(r->subject, text, length) &&
	       (!r->subject[length] || !strncmp(r->subject + length, " on ", 4));
}

static int want_listener(struct gate *g, struct tap_filter *f, const char *text)
{
	cleanup_policy struct policy *p = NULL;
	size_t i;

	if (!text)
		return 0;
	if (gate_running(g, &p))
		return -EINVAL;
	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (!is_listener(r, text))
			continue;
		f->port = htons(r->port);
		f->protocol = r->l4;
		f->has_server = !r->any && !strcmp(r->subject, text);
		memcpy(f->server, r->addr, sizeof(f->server));
		return 0;
	}
	return fail(-EINVAL,
		    "--listener \"%.60s\": the policy has no such listener; `straygate status` lists them",
		    text);
}

static int want_name(struct tap_filter *f, const char *text)
{
	char name[NAME_SIZE_MAX + 1];
	const char *why;
	uint8_t kind;
	int length;

	if (!text)
		return 0;
	length = name_read_owner(text, strlen(text), name, &kind, &why);
	if (length < 0)
		return fail(-EINVAL, "--name \"%.60s\" %s", text, why);
	memcpy(f->name, name, length);
	f->name_len = length;
	f->name_whole = kind & NAME_EXACT;
	f->name_below = !!(kind & NAME_BELOW);
	return 0;
}

int wanted_read(struct gate *g, const struct call *c, bool packets, unsigned int rate, struct tap_filter *out)
{
	*out = (struct tap_filter){
		.rate = c->rate == UINT_MAX ? rate : c->rate,
		.packets = packets,
		.snaplen = c->snaplen ? c->snaplen : TAP_SNAPLEN_MAX,
	};
	if (want_reasons(out, c->reason, packets) || want_source(out, c->from) || want_name(out, c->name) ||
	    want_listener(g, out, c->listener))
		return -EINVAL;
	want_judged(out);
	return 0;
}
