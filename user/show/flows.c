// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/json.h"
#include "lib/say.h"
#include "show/show.h"

struct out {
	const struct call *call;
	unsigned int shown;
	uint64_t states[FLOW_HELD + 1];
};

static const char *state_name(unsigned int state)
{
	switch (state) {
	case FLOW_JUDGED:
	case FLOW_INTRODUCED:
		return "passed";
	case FLOW_PARTIAL:
	case FLOW_HELD:
		return "undecided";
	case FLOW_TURNED:
		return "turned away";
	}
	return "?";
}

static void end_text(char out[64], const uint8_t addr[16], uint16_t port)
{
	struct prefix p = {.len = 128};
	char text[48];

	memcpy(p.addr, addr, 16);
	prefix_print(&p, text, sizeof(text));
	snprintf(out, 64, strchr(text, ':') ? "[%s]:%u" : "%s:%u", text, ntohs(port));
}

static int flow_out(const struct flow *f, const struct flow_key *ends, void *arg)
{
	uint64_t age = ((uint64_t)(FLOW_CLOCK(monotonic_ns()) - f->since) << FLOW_CLOCK_SHIFT) / 1000000000;
	char client[64], server[64];
	struct out *o = arg;

	o->states[f->state <= FLOW_HELD ? f->state : FLOW_NONE]++;
	if (!ends || o->shown >= o->call->top)
		return 0;
	o->shown++;
	end_text(client, ends->client, ends->client_port);
	end_text(server, ends->server, ends->server_port);
	if (o->call->json)
		json_item(json_pack("{s:s, s:s, s:s, s:s, s:I}", "client", client, "server", server, "as",
				    protocol_name(f->protocol), "state", state_name(f->state), "age_seconds",
				    (json_int_t)age));
	else
		printf("%-48s %-48s %-5s %-12s %6llu s\n", client, server, protocol_name(f->protocol),
		       state_name(f->state), (unsigned long long)age);
	return 0;
}

int show_flows(struct gate *g, const struct call *c)
{
	struct out o = {.call = c};
	uint64_t passed, undecided;
	int total;

	if (c->json) {
		json_open(c->instance);
		json_list("flows");
	}
	total = gate_flows(g, flow_out, &o);
	if (total < 0)
		return fail(EXIT_FAILED, "flows cannot be read: %s", strerror(-total));
	passed = o.states[FLOW_JUDGED] + o.states[FLOW_INTRODUCED];
	undecided = o.states[FLOW_PARTIAL] + o.states[FLOW_HELD];
	if (c->json) {
		json_list_end();
		json_member("passed", json_integer(passed));
		json_member("undecided", json_integer(undecided));
		json_member("turned_away", json_integer(o.states[FLOW_TURNED]));
		json_member("room", json_integer(FLOWS_MAX));
		json_close();
		return EXIT_OK;
	}
	printf("%s remembered (room for %s): %s passed, %s undecided, %s turned away\n", grouped(total),
	       grouped(FLOWS_MAX), grouped(passed), grouped(undecided), grouped(o.states[FLOW_TURNED]));
	return EXIT_OK;
}
