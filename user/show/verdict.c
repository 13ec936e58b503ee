// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/verdict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quote.h"
#include "lib/say.h"
#include "lib/when.h"
#include "policy/name.h"
#include "show/tally.h"

/* ---- lines by their ids -------------------------------------------------------- */

struct lines_by_id {
	struct policy *policy;
	struct gate_ruling ruling;
	uint32_t most;	 /* the highest id */
	uint32_t *index; /* by id: of the rule, plus one */
};

static int index_lines(struct lines_by_id *l)
{
	size_t i, count = policy_count(l->policy);

	for (i = 0; i < count; i++)
		if (policy_rule(l->policy, i)->id > l->most)
			l->most = policy_rule(l->policy, i)->id;
	l->index = calloc((size_t)l->most + 1, sizeof(*l->index));
	for (i = 0; l->index && i < count; i++)
		l->index[policy_rule(l->policy, i)->id] = i + 1;
	return l->index ? 0 : fail(-ENOMEM, "no memory");
}

int lines_by_id_read(struct gate *g, struct lines_by_id **lines)
{
	struct gate_ruling ruling;
	struct lines_by_id *l;
	int err;

	gate_ruling(g, &ruling);
	if (*lines && gate_ruling_same(&(*lines)->ruling, &ruling))
		return 0;
	l = calloc(1, sizeof(*l));
	if (!l)
		return fail(-ENOMEM, "no memory");
	l->ruling = ruling;
	err = gate_running(g, &l->policy);
	if (!err)
		err = index_lines(l);
	if (err) {
		lines_by_id_free(l);
		return err;
	}
	lines_by_id_free(*lines);
	*lines = l;
	return 0;
}

void lines_by_id_free(struct lines_by_id *l)
{
	if (!l)
		return;
	policy_free(l->policy);
	free(l->index);
	free(l);
}

const struct rule *line_by_id(const struct lines_by_id *l, uint32_t id)
{
	return id && id <= l->most && l->index[id] ? policy_rule(l->policy, l->index[id] - 1) : NULL;
}

/* ---- words ---------------------------------------------------------------------- */

#define NAME_TEXT (4 * NAME_SIZE_MAX + 1)
#define ENDS_TEXT (PREFIX_TEXT + 8)

static void name_of(const struct tap_record *r, char out[NAME_TEXT])
{
	bytes_escape(out, r->name, r->name_len <= NAME_SIZE_MAX ? r->name_len : 0);
}

static void address_of(const uint8_t addr[16], char out[PREFIX_TEXT])
{
	struct prefix p = {.len = 128};

	memcpy(p.addr, addr, 16);
	prefix_print(&p, out, PREFIX_TEXT);
}

/* "203.0.113.7:51234", "[2001:db8::7]:51234" */
static void client_of(const struct tap_record *r, char out[ENDS_TEXT])
{
	char address[PREFIX_TEXT];

	address_of(r->flow.client, address);
	snprintf(out, ENDS_TEXT, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address,
		 ntohs(r->flow.client_port));
}

static const char *transport_of(const struct tap_record *r)
{
	return r->protocol == IPPROTO_TCP ? "tcp" : "udp";
}

static void listener_of(const struct tap_record *r, const struct lines_by_id *l, char *out, size_t size)
{
	const struct rule *line = line_by_id(l, r->listener);

	if (line)
		snprintf(out, size, "%s", line->subject);
	else if (r->protocol)
		snprintf(out, size, "%s/%u", transport_of(r), ntohs(r->flow.server_port));
	else
		snprintf(out, size, "-");
}

static enum sends sends_of(uint32_t reason)
{
	switch (reason) {
#define R(nr, name, verdict, sends, counts, text) \
	case nr:                                  \
		return SENDS_##sends;
		STRAYGATE_REASONS(R)
#undef R
	}
	return SENDS_NOTHING;
}

static const char *alert_text(uint8_t number)
{
	switch (number ? number : TLS_ALERT_DEFAULT) {
#define A(nr, name) \
	case nr:    \
		return "alert " #name;
		STRAYGATE_ALERTS(A)
#undef A
	}
	return "alert";
}

/* What the client is told in the server's place. */
static const char *answer_text(const struct tap_record *r, const struct rule *line)
{
	static const char *const http[HTTP_ANSWERS] = {"503", "421", "403"};

	switch (r->as) {
	case PROTO_HTTP:
		if (!r->answer)
			return http[HTTP_ANSWER_503];
		return line && line->answer < HTTP_ANSWERS ? http[line->answer] : "page";
	case PROTO_TLS:
		return alert_text(r->answer);
	case PROTO_DNS:
		return r->answer == DNS_ANSWER_NXDOMAIN ? "NXDOMAIN" : "REFUSED";
	}
	return "answer";
}

/* NULL: nothing was sent. */
static const char *sent_text(const struct tap_record *r, const struct lines_by_id *l)
{
	uint32_t reason = TAP_REASON(r->acted);

	if (r->flags & TAP_OBSERVED)
		return NULL;
	if (r->flags & TAP_INTRODUCED && TAP_ACTION(r->acted) == XDP_PASS)
		return "SYN to the server";
	switch (sends_of(reason)) {
	case SENDS_NOTHING:
		break;
	case SENDS_SYN_ACK:
		return "SYN-ACK";
	case SENDS_ANSWER:
		return answer_text(r, line_by_id(l, r->name_rule));
	case SENDS_ACK:
	case SENDS_PROBE_ACK:
		return "ACK";
	case SENDS_RST_CLIENT:
		return "RST to the client";
	case SENDS_RST_SERVER:
		return "RST to the server";
	case SENDS_SYN:
		return "SYN to the server";
	case SENDS_QUIC_VN:
		return "Version Negotiation";
	}
	return NULL;
}

static const char *action_text(const struct tap_record *r)
{
	switch (TAP_ACTION(r->acted)) {
	case XDP_DROP:
		return "drop";
	case XDP_TX:
		return "send";
	}
	return "pass";
}

static const char *reason_name(uint32_t reason)
{
	const struct reason_text *t = reason_text(reason);

	return t ? t->name : "unknown";
}

/* ---- lines, objects, comments ------------------------------------------------------ */

void verdict_print(FILE *out, const struct tap_record *r, const struct lines_by_id *l, uint64_t wall)
{
	char time[40], listener[128], client[ENDS_TEXT] = "-", name[NAME_TEXT];
	const char *sent = sent_text(r, l);

	when_local(wall, time, sizeof(time));
	listener_of(r, l, listener, sizeof(listener));
	if (r->protocol)
		client_of(r, client);
	name_of(r, name);
	fprintf(out, "%s.%06u %-8s %-21s %-18s %s  %s\n", time + strlen("2026-01-21 "),
		(unsigned int)(wall % SECOND_NS / 1000), listener, client, reason_name(TAP_REASON(r->acted)),
		*name ? name : "-",
		r->flags & TAP_OBSERVED ? "observed"
		: sent			? sent
					: action_text(r));
}

static json_t *line_json(const struct lines_by_id *l, uint32_t id)
{
	const struct rule *r = line_by_id(l, id);
	char line[RULE_LINE_MAX];

	return r && rule_print(r, line, sizeof(line)) >= 0 ? json_string(line) : json_null();
}

json_t *verdict_json(const struct tap_record *r, const struct lines_by_id *l, uint64_t wall)
{
	const struct reason_text *t = reason_text(TAP_REASON(r->acted));
	char device[IF_NAMESIZE] = "", time[48], listener[128], client[PREFIX_TEXT], server[PREFIX_TEXT],
	     name[NAME_TEXT];
	const char *sent = sent_text(r, l);
	json_t *o = json_object();

	when_utc(wall, time, sizeof(time));
	snprintf(time + strlen(time) - strlen(".000Z"), 16, ".%09uZ", (unsigned int)(wall % SECOND_NS));
	listener_of(r, l, listener, sizeof(listener));
	json_object_set_new(o, "time", json_string(time));
	if_indextoname(r->ifindex, device);
	json_object_set_new(o, "device", *device ? json_string(device) : json_null());
	json_object_set_new(o, "listener", r->listener ? json_string(listener) : json_null());
	if (r->protocol) {
		address_of(r->flow.client, client);
		address_of(r->flow.server, server);
		json_object_set_new(o, "protocol", json_string(transport_of(r)));
		json_object_set_new(o, "client", json_string(client));
		json_object_set_new(o, "client_port", json_integer(ntohs(r->flow.client_port)));
		json_object_set_new(o, "server", json_string(server));
		json_object_set_new(o, "server_port", json_integer(ntohs(r->flow.server_port)));
	}
	json_object_set_new(o, "reason", json_string(t ? t->name : "unknown"));
	json_object_set_new(o, "verdict", t ? json_string(verdict_name(t->verdict)) : json_null());
	json_object_set_new(o, "observed", json_boolean(r->flags & TAP_OBSERVED));
	name_of(r, name);
	json_object_set_new(o, "name", *name ? json_string(name) : json_null());
	json_object_set_new(o, "sent", sent ? json_string(sent) : json_null());
	json_object_set_new(o, "xdp", json_string(action_text(r)));
	json_object_set_new(o, "source_line", line_json(l, r->source_rule));
	json_object_set_new(o, "name_line", line_json(l, r->name_rule));
	json_object_set_new(o, "bytes", json_integer(r->length));
	return o;
}

/* As snprintf(3), at the end of what is there. */
static size_t put_line(char *out, size_t used, const char *what, const struct lines_by_id *l, uint32_t id)
{
	const struct rule *r = line_by_id(l, id);
	char line[RULE_LINE_MAX];

	if (!r || rule_print(r, line, sizeof(line)) < 0)
		return used;
	/* A path may be of any bytes, and long. */
	for (char *c = line; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return used + snprintf(out + used, VERDICT_COMMENT - used, "; %s: %.4000s", what, line);
}

int verdict_comment(const struct tap_record *r, const struct lines_by_id *l, char out[VERDICT_COMMENT])
{
	const struct reason_text *t = reason_text(TAP_REASON(r->acted));
	const char *sent = sent_text(r, l);
	char name[NAME_TEXT], listener[128];
	size_t used;

	name_of(r, name);
	listener_of(r, l, listener, sizeof(listener));
	used = snprintf(out, VERDICT_COMMENT, "%s: %s", t ? t->name : "unknown", t ? t->text : "?");
	if (*name)
		used += snprintf(out + used, VERDICT_COMMENT - used, "; name: %s", name);
	if (r->listener)
		used += snprintf(out + used, VERDICT_COMMENT - used, "; listener: %s", listener);
	if (r->flags & TAP_OBSERVED)
		used += snprintf(out + used, VERDICT_COMMENT - used, "; observed");
	else
		used += snprintf(out + used, VERDICT_COMMENT - used, "; %s: %s", sent ? "sent" : "done",
				 sent ? sent : action_text(r));
	used = put_line(out, used, "source line", l, r->source_rule);
	return put_line(out, used, "line", l, r->name_rule);
}
