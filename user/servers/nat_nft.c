// SPDX-License-Identifier: GPL-2.0-or-later
/* What `nft -j list table` prints (libnftables-json(5)). Rules that iptables made stand there, too, without
 * what they do: those are nat_iptables.c's. */
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/prefix.h"
#include "servers/nat.h"

/* ---- values ------------------------------------------------------------------------------------- */

static unsigned int port_of(const json_t *v)
{
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : 0;

	return n > 0 && n <= 65535 ? (unsigned int)n : 0;
}

/* 80, {"range": [80, 90]}, {"set": [...]}; false: something else. */
static bool read_ports(struct nat_ranges *r, const json_t *v)
{
	const json_t *range = json_object_get(v, "range"), *set = json_object_get(v, "set"), *item;
	size_t i;

	if (json_is_integer(v)) {
		nat_port(r, port_of(v), port_of(v));
	} else if (json_array_size(range) == 2) {
		nat_port(r, port_of(json_array_get(range, 0)), port_of(json_array_get(range, 1)));
	} else if (json_is_array(set)) {
		json_array_foreach(set, i, item) if (json_object_get(item, "set") ||
						     !read_ports(r, item)) return false;
	} else {
		return false;
	}
	return r->count > 0;
}

static bool read_addr(uint8_t addr[16], const json_t *v)
{
	const char *text = json_string_value(v);
	struct prefix p;

	if (!text || prefix_parse(text, &p) || p.len != 128)
		return false;
	memcpy(addr, p.addr, 16);
	return true;
}

static unsigned int protocols(const json_t *v)
{
	const json_t *set = json_object_get(v, "set"), *item;
	const char *text = json_string_value(v);
	unsigned int bits = 0;
	size_t i;

	if (text)
		return !strcmp(text, "tcp") ? NAT_TCP : !strcmp(text, "udp") ? NAT_UDP : 0;
	json_array_foreach((json_t *)set, i, item) bits |= json_is_string(item) ? protocols(item) : 0;
	return bits;
}

static bool is_payload(const json_t *key, const char *field)
{
	const char *have = json_string_value(json_object_get(json_object_get(key, "payload"), "field"));

	return have && !strcmp(have, field);
}

/* Which protocols the ports of a key are those of; 0: it does not say. */
static unsigned int key_protocols(const json_t *key)
{
	return protocols(json_object_get(json_object_get(key, "payload"), "protocol"));
}

/* ---- conditions ------------------------------------------------------------------------------------ */

static void destination(struct nat_rule *r, const json_t *right)
{
	static const struct prefix loopback = {.addr = {[10] = 0xff, [11] = 0xff, [12] = 127}, .len = 104};
	const char *wide = json_string_value(json_object_get(json_object_get(right, "prefix"), "addr"));
	struct prefix p;

	r->narrow = true;
	r->has_addr = read_addr(r->addr, right);
	if ((r->has_addr && prefix_begins(&loopback, r->addr)) ||
	    (wide && !prefix_parse(wide, &p) && prefix_covers(&loopback, &p)))
		r->never = true;
}

static void match(struct nat_rule *r, const json_t *m)
{
	const json_t *left = json_object_get(m, "left"), *right = json_object_get(m, "right");
	const char *op = json_string_value(json_object_get(m, "op")), *meta, *protocol;

	meta = json_string_value(json_object_get(json_object_get(left, "meta"), "key"));
	protocol = json_string_value(json_object_get(json_object_get(left, "payload"), "protocol"));
	if (!op || (strcmp(op, "==") && strcmp(op, "in"))) {
		r->narrow = true;
	} else if (is_payload(left, "dport") && protocol) {
		if (strcmp(protocol, "th"))
			r->l4 = !strcmp(protocol, "tcp") ? NAT_TCP : NAT_UDP;
		r->never |= strcmp(protocol, "th") && strcmp(protocol, "tcp") && strcmp(protocol, "udp");
		if (!read_ports(&r->ports, right)) {
			r->narrow = true;
			r->ports.count = 0;
		}
	} else if (is_payload(left, "daddr")) {
		destination(r, right);
	} else if ((meta && !strcmp(meta, "l4proto")) || is_payload(left, "protocol") ||
		   is_payload(left, "nexthdr")) {
		r->l4 = protocols(right);
		r->never |= !r->l4;
	} else if (!json_object_get(left, "fib")) {
		r->narrow = true;
	}
}

/* ---- what is done ------------------------------------------------------------------------------------ */

static void to_port(struct nat_rule *r, const json_t *v)
{
	struct nat_ranges ranges = {0};

	if (!v)
		return;
	if (json_object_get(v, "set") || !read_ports(&ranges, v)) {
		r->action = NAT_UNCLEAR;
		return;
	}
	r->to_first = ranges.at[0].first;
	r->to_last = ranges.at[0].last;
}

/* One rule for each entry of a map from ports: 7000 : 10.88.0.3 . 70 */
static bool by_map(struct nat_table *t, const struct nat_rule *from, const json_t *map)
{
	const json_t *set = json_object_get(json_object_get(map, "data"), "set"), *item;
	size_t i;

	if (!is_payload(json_object_get(map, "key"), "dport") || !json_is_array(set))
		return false;
	json_array_foreach(set, i, item)
	{
		const json_t *to = json_array_get(item, 1), *parts = json_object_get(to, "concat");
		struct nat_rule r = *from;

		r.action = NAT_TO;
		if (!r.l4)
			r.l4 = key_protocols(json_object_get(map, "key"));
		if (!read_ports(&r.ports, json_array_get(item, 0)) ||
		    !read_addr(r.to, parts ? json_array_get(parts, 0) : to))
			return false;
		to_port(&r, parts ? json_array_get(parts, 1) : NULL);
		nat_rule(t, &r);
	}
	return true;
}

static void follow(struct nat_table *t, struct nat_rule *r, const json_t *verdict)
{
	const char *target = json_string_value(json_object_get(verdict, "target"));
	long chain = target ? nat_chain(t, target) : -1;

	if (chain < 0)
		return;
	r->action = NAT_FOLLOW;
	r->target = (unsigned int)chain;
}

/* tcp dport vmap { 80 : jump web } */
static void by_verdict_map(struct nat_table *t, const struct nat_rule *from, const json_t *vmap)
{
	const json_t *set = json_object_get(json_object_get(vmap, "data"), "set"), *item;
	bool ports = is_payload(json_object_get(vmap, "key"), "dport");
	size_t i;

	if (!json_is_array(set)) {
		struct nat_rule r = *from;

		r.action = NAT_UNCLEAR;
		nat_rule(t, &r);
		return;
	}
	json_array_foreach(set, i, item)
	{
		const json_t *to = json_array_get(item, 1);
		struct nat_rule r = *from;

		if (ports && !read_ports(&r.ports, json_array_get(item, 0)))
			continue;
		if (!r.l4)
			r.l4 = key_protocols(json_object_get(vmap, "key"));
		follow(t, &r,
		       json_object_get(to, "jump") ? json_object_get(to, "jump")
						   : json_object_get(to, "goto"));
		nat_rule(t, &r);
	}
}

static void read_rule(struct nat_table *t, const json_t *rule)
{
	const char *name = json_string_value(json_object_get(rule, "chain"));
	const json_t *e, *v, *addr;
	struct nat_rule r = {0};
	long chain = name ? nat_chain(t, name) : -1;
	size_t i;

	if (chain < 0)
		return;
	r.chain = (unsigned int)chain;
	json_array_foreach(json_object_get(rule, "expr"), i, e)
	{
		if ((v = json_object_get(e, "match"))) {
			match(&r, v);
		} else if ((v = json_object_get(e, "jump")) || (v = json_object_get(e, "goto"))) {
			follow(t, &r, v);
		} else if ((v = json_object_get(e, "vmap"))) {
			by_verdict_map(t, &r, v);
		} else if ((v = json_object_get(e, "dnat"))) {
			addr = json_object_get(v, "addr");
			if (json_object_get(addr, "map") && by_map(t, &r, json_object_get(addr, "map")))
				continue;
			r.action = !addr ? NAT_HERE : read_addr(r.to, addr) ? NAT_TO : NAT_UNCLEAR;
			to_port(&r, json_object_get(v, "port"));
		} else if ((v = json_object_get(e, "redirect"))) {
			r.action = NAT_HERE;
			to_port(&r, json_object_get(v, "port"));
		} else if (json_object_get(e, "return")) {
			r.action = NAT_RETURN;
		} else if (!json_object_get(e, "counter") && !json_object_get(e, "xt")) {
			r.narrow = true;
		} else if (json_object_get(e, "xt")) {
			r.narrow = true;
		}
	}
	nat_rule(t, &r);
}

void nat_read_nft(struct nat_table *t, const char *json, size_t len)
{
	json_t *all = json_loadb(json, len, 0, NULL), *item;
	size_t i;

	json_array_foreach(json_object_get(all, "nftables"), i, item)
	{
		const json_t *chain = json_object_get(item, "chain"), *rule = json_object_get(item, "rule");
		const char *name = json_string_value(json_object_get(chain, "name"));
		const char *hook = json_string_value(json_object_get(chain, "hook"));
		const char *type = json_string_value(json_object_get(chain, "type"));
		long at = name ? nat_chain(t, name) : -1;

		if (at >= 0)
			t->chains[at].hooked =
				hook && type && !strcmp(hook, "prerouting") && !strcmp(type, "nat");
		if (rule)
			read_rule(t, rule);
	}
	json_decref(all);
}
