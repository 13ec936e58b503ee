// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/image.h"
#include "cmd/change.h"
#include "lib/json.h"
#include "host/address.h"
#include "gate/made_packet.h"
#include "lib/say.h"
#include "show/alarm.h"
#include "show/depth.h"
#include "show/tally.h"
#include "cmd/verb.h"

/* ---- from words to a packet ---------------------------------------------- */

static bool is_loopback(const struct prefix *p)
{
	static const uint8_t one[16] = {[15] = 1};

	return address_is_v4(p->addr) ? p->addr[12] == 127 : !memcmp(p->addr, one, 16);
}

/* "tcp/443" or "tcp/443 on ADDR" */
static int parse_to(const char *text, struct probe *p, struct prefix *on)
{
	char proto[8], addr[64] = "";
	unsigned int port;
	int end = 0, n = sscanf(text, "%7[a-z]/%u%n on %63s", proto, &port, &end, addr);

	if (n < 2 || !port || port > 65535 || (strcmp(proto, "tcp") && strcmp(proto, "udp")) ||
	    (n == 2 && text[end]) || (n == 3 && prefix_parse(addr, on)))
		return fail(-EINVAL, "--to \"%.60s\": expected tcp/PORT or udp/PORT, or \"tcp/PORT on ADDR\"",
			    text);
	p->l4 = strcmp(proto, "tcp") ? IPPROTO_UDP : IPPROTO_TCP;
	p->port = port;
	return 0;
}

/* The line about this very address, or, with NULL, about any; NULL: there is none. */
static const struct rule *listener_on(struct policy *policy, const struct probe *p, const uint8_t *addr)
{
	size_t i;

	for (i = 0; i < policy_count(policy); i++) {
		const struct rule *r = policy_rule(policy, i);

		if (r->statement == ST_LISTEN && r->port == p->port && r->l4 == p->l4 && r->any == !addr &&
		    (!addr || !memcmp(r->addr, addr, 16)))
			return r;
	}
	return NULL;
}

/* An address of this host that has no listener of its own, if there is one. */
static int choose_local(struct policy *policy, const struct probe *p, bool v4, struct prefix *on)
{
	struct prefix *local;
	size_t count, i;

	if (local_addresses(&local, &count))
		return -EIO;
	for (i = 0; i < count; i++)
		if (address_is_v4(local[i].addr) == v4 &&
		    (!on->len || is_loopback(on) ||
		     (listener_on(policy, p, on->addr) && !is_loopback(&local[i]) &&
		      !listener_on(policy, p, local[i].addr))))
			*on = local[i];
	free(local);
	return 0;
}

/* Without `on` it is an address at which a listener of this port listens, of the
 * client's family; if none does, any address of this host. */
static int choose_server(struct policy *policy, struct probe *p, const struct prefix *client,
			 struct prefix *on)
{
	bool v4 = address_is_v4(client->addr);
	size_t i;

	for (i = 0; !on->len && !listener_on(policy, p, NULL) && i < policy_count(policy); i++) {
		const struct rule *r = policy_rule(policy, i);

		if (r->statement != ST_LISTEN || r->port != p->port || r->l4 != p->l4 ||
		    address_is_v4(r->addr) != v4)
			continue;
		memcpy(on->addr, r->addr, 16);
		on->len = 128;
	}
	if (!on->len && choose_local(policy, p, v4, on))
		return -EIO;
	if (!on->len || address_is_v4(on->addr) != v4)
		return fail(-EINVAL,
			    "this host has no address of the %s's family; use --to \"tcp/443 on ADDR\"",
			    p->proxied ? "proxy" : "client");
	memcpy(p->server, on->addr, 16);
	return 0;
}

/* The protocol decides what a first packet looks like. */
static const struct rule *find_listener(struct policy *policy, const struct probe *p)
{
	return listener_on(policy, p, p->server) ?: listener_on(policy, p, NULL);
}

static int make_probe(const struct call *c, struct policy *policy, struct probe *p, char name[256])
{
	struct prefix client = {0}, via = {0}, on = {0};
	const struct rule *l;

	if (prefix_parse(c->from, &client) || client.len != 128)
		return fail(-EINVAL, "--from \"%.60s\": expected an address", c->from);
	if (c->via && (prefix_parse(c->via, &via) || via.len != 128))
		return fail(-EINVAL, "--via \"%.60s\": expected an address", c->via);
	p->proxied = c->via;
	if (parse_to(c->to, p, &on) || choose_server(policy, p, c->via ? &via : &client, &on))
		return -EINVAL;
	if (c->via && p->l4 != IPPROTO_TCP)
		return fail(-EINVAL, "--via: PROXY headers go before TCP; expected --to tcp/PORT");
	memcpy(p->client, client.addr, 16);
	memcpy(p->via, via.addr, 16);
	l = find_listener(policy, p);
	p->as = l ? l->as : PROTO_NONE;
	if (c->name) {
		if (name_normalise(c->name, name))
			return fail(-EINVAL, "--name \"%.60s\": not a host name", c->name);
		p->name = name;
	}
	return 0;
}

/* ---- the answer ----------------------------------------------------------- */

static const struct rule *rule_by_id(struct policy *p, uint32_t id)
{
	size_t i;

	for (i = 0; i < policy_count(p) && id; i++)
		if (policy_rule(p, i)->id == id)
			return policy_rule(p, i);
	return NULL;
}

static json_t *line_json(struct policy *p, uint32_t id)
{
	const struct rule *r = rule_by_id(p, id);
	char line[RULE_LINE_MAX];

	return r && rule_print(r, line, sizeof(line)) >= 0 ? json_string(line) : json_null();
}

static void print_line(const char *what, struct policy *p, uint32_t id)
{
	const struct rule *r = rule_by_id(p, id);
	char line[RULE_LINE_MAX];

	if (!r || rule_print(r, line, sizeof(line)) < 0)
		return;
	printf("  %-9s %s", what, line);
	if (r->origin.file && r->origin.line)
		printf("   (%s:%u)", r->origin.file, r->origin.line);
	putchar('\n');
}

/* The stages were run with a packet that shook hands with nobody: what they say is
 * what happens at data. At the handshake the client gets the answer itself, and the
 * server nothing at all. */
static void at_handshake(struct policy *p, struct explanation *e)
{
	static const struct {
		uint32_t reset, answered, refused;
	} reasons[] = {
		{REASON_stray_reset, REASON_stray_answered, REASON_stray_refused},
		{REASON_unnamed_reset, REASON_unnamed_answered, REASON_unnamed_refused},
		{REASON_unreadable_reset, REASON_unreadable_refused, REASON_unreadable_refused},
		{REASON_unknown_reset, REASON_unknown_answered, REASON_unknown_dropped},
	};
	const struct rule *r = rule_by_id(p, e->name_rule);
	size_t i;

	if (e->reason == REASON_client_reset)
		e->reason = REASON_client_refused;
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (e->reason == reasons[i].reset) {
			/* Where no line says so strays are answered. */
			e->reason = !r || r->action == ACT_ANSWER ? reasons[i].answered : reasons[i].refused;
			return;
		}
}

/* Is the posture enforced, and not for this client? */
static bool spared(struct policy *p, const struct explanation *e)
{
	const struct rule *listener = rule_by_id(p, e->listener);

	return e->observed && policy_canary(p) && !(listener && listener->observe);
}

/* Its network, by a `limit each` line. */
static void network_text(const struct explained_limit *l, const struct probe *probe, char text[PREFIX_TEXT])
{
	struct prefix p = {.len = (uint8_t)l->bits};

	memcpy(p.addr, probe->client, sizeof(p.addr));
	prefix_mask(&p);
	prefix_print(&p, text, PREFIX_TEXT);
}

/* How many of its burst are spent just now. */
static uint64_t spent(const struct explained_limit *l, const struct rule *r)
{
	const double second = 1e9 * (1 << IMAGE_TIME_SHIFT);

	return (uint64_t)((double)l->ahead * (double)r->rate.count / second + 0.999);
}

static json_t *limits_json(struct policy *p, const struct explanation *e, const struct probe *probe)
{
	json_t *all = json_array();
	char text[PREFIX_TEXT];

	for (uint32_t i = 0; i < e->limits && i < LIMIT_EACH_MAX; i++) {
		const struct rule *r = rule_by_id(p, e->limit[i].rule);

		if (!r)
			continue;
		network_text(&e->limit[i], probe, text);
		json_array_append_new(all,
				      json_pack("{s:o, s:s, s:I, s:I}", "line", line_json(p, r->id),
						"network", text, "spent", (json_int_t)spent(&e->limit[i], r),
						"burst", (json_int_t)r->rate.burst));
	}
	return all;
}

static void print_limits(struct policy *p, const struct explanation *e, const struct probe *probe)
{
	char line[RULE_LINE_MAX], text[PREFIX_TEXT];

	for (uint32_t i = 0; i < e->limits && i < LIMIT_EACH_MAX; i++) {
		const struct rule *r = rule_by_id(p, e->limit[i].rule);

		if (!r || rule_print(r, line, sizeof(line)) < 0)
			continue;
		network_text(&e->limit[i], probe, text);
		printf("  %-9s %s   (%s has spent %" PRIu64 " of its burst of %" PRIu64 ")\n", "limit", line,
		       text, spent(&e->limit[i], r), r->rate.burst);
	}
}

static void explain_json(struct policy *p, const struct explanation *e, const struct reason_text *r,
			 const struct probe *probe, const char *depth, const char *state,
			 const char *instance)
{
	json_open(instance);
	json_member("depth", json_string(depth));
	json_member("state", json_string(state));
	json_member("verdict", json_string(verdict_name(r->verdict)));
	json_member("observed", json_boolean(e->observed));
	json_member("spared", json_boolean(spared(p, e)));
	json_member("reason", json_string(r->name));
	json_member("text", json_string(r->text));
	json_member("listener", line_json(p, e->listener));
	json_member("source", line_json(p, e->source_rule));
	json_member("limits", limits_json(p, e, probe));
	json_member("name", line_json(p, e->name_rule));
	json_close();
}

static bool by_default(uint32_t reason, const struct explanation *e)
{
	return ((reason >= REASON_stray_passed && reason <= REASON_unreadable_reset) ||
		(reason >= REASON_unknown_passed && reason <= REASON_unknown_reset) ||
		reason == REASON_stray_refused) &&
	       !e->name_rule;
}

static void explain_text(struct policy *p, const struct explanation *e, const struct reason_text *r,
			 const struct probe *probe, const char *depth, const char *state)
{
	const struct rule *listener = rule_by_id(p, e->listener);

	printf("%s%s  %s: %s\n",
	       !e->observed || r->verdict == VERDICT_PASS ? ""
	       : !strcmp(state, "asleep")		  ? "pass (counted only while asleep), else "
	       : spared(p, e)				  ? "pass (the posture is not for this client), else "
							  : "pass (observed only), else ",
	       verdict_name(r->verdict), r->name, r->text);
	print_line("listener", p, e->listener);
	if (*depth != '-')
		printf("  %-9s %s\n", "depth", depth);
	if (!strcmp(state, "asleep") || !strcmp(state, "engaged"))
		printf("  %-9s %s\n", "auto", state);
	if (listener && listener->proxy && !probe->proxied)
		printf("  %-9s a PROXY header comes first on this listener, and this visit had none: "
		       "--via PROXY\n",
		       "via");
	print_line("source", p, e->source_rule);
	print_limits(p, e, probe);
	print_line("name", p, e->name_rule);
	if (by_default(e->reason, e))
		printf("  %-9s no line says so: it is the default\n", "name");
}

static int run(const struct call *c)
{
	cleanup_policy struct policy *p = NULL;
	cleanup_gate struct gate g = GATE_INIT;
	const struct reason_text *r;
	struct explanation e = {0};
	struct probe probe = {0};
	const struct rule *listener;
	const char *depth, *state;
	uint8_t packet[PROBE_MAX];
	char name[256];
	int len;

	if (!c->from || !c->to) {
		say("explain needs --from ADDR and --to PROTO/PORT; see `straygate explain -h`");
		return EXIT_USAGE;
	}
	if (gate_open(&g, c->instance, GATE_RUN) || gate_running(&g, &p) || make_probe(c, p, &probe, name))
		return EXIT_FAILED;
	len = probe_packet(&probe, packet);
	if (len < 0)
		return fail(EXIT_FAILED, "--from and --to are addresses of different families");
	if (gate_explain(&g, packet, len, &e))
		return EXIT_FAILED;
	listener = rule_by_id(p, e.listener);
	depth = listener ? depth_text(&g, p, listener) : "-";
	state = listener ? alarm_state(&g, p, listener) : posture_name(policy_posture(p));
	if (*depth == 'h')
		at_handshake(p, &e);
	r = reason_text(e.reason);
	if (!r)
		return fail(EXIT_FAILED, "the kernel reported reason %u, which is unknown here", e.reason);
	if (c->json)
		explain_json(p, &e, r, &probe, depth, state, c->instance);
	else
		explain_text(p, &e, r, &probe, depth, state);
	return EXIT_OK;
}

const struct verb verb_explain = {
	.name = "explain",
	.arguments = "",
	.summary = "print what would happen to a visit, why, and by which line",
	.help = "A constructed first request runs through the program in the kernel and leaves no\n"
		"trace there. Limits count as not reached. With --via it comes from a proxy, behind\n"
		"a PROXY header that names the client.\n"
		"  straygate explain --from 203.0.113.7 --to tcp/443 --name www.example.com\n",
	.takes = TAKES_JSON | TAKES_EXPLAIN,
	.least = 0,
	.most = 0,
	.run = run,
};
