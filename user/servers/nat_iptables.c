// SPDX-License-Identifier: GPL-2.0-or-later
/* What `iptables-save -t nat` prints, be it of nf_tables or of the older tables. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"
#include "servers/nat.h"

#define WORDS_MOST 128

/* Words of a line; in quotes a backslash takes the next byte as it is. Returns how many. */
static size_t split(char *at, char *word[WORDS_MOST + 1])
{
	size_t count = 0;

	while (count < WORDS_MOST) {
		bool quoted = false;
		char *to;

		at += strspn(at, " ");
		if (!*at)
			break;
		word[count++] = to = at;
		for (; *at && (quoted || *at != ' '); at++) {
			if (*at == '"')
				quoted = !quoted;
			else if (quoted && *at == '\\' && at[1])
				*to++ = *++at;
			else
				*to++ = *at;
		}
		at += *at != '\0';
		*to = '\0';
	}
	word[count] = "";
	return count;
}

static void read_ports(struct nat_rule *r, char *text)
{
	char *item;

	while ((item = strsep(&text, ","))) {
		unsigned int first, last;
		int got = sscanf(item, "%u:%u", &first, &last);

		if (got > 0)
			nat_port(&r->ports, first, got == 2 ? last : first);
		else
			r->narrow = true;
	}
}

static void read_addr(struct nat_rule *r, const char *text)
{
	static const struct prefix loopback = {.addr = {[10] = 0xff, [11] = 0xff, [12] = 127}, .len = 104};
	struct prefix p;

	r->narrow = true;
	if (prefix_parse(text, &p))
		return;
	if (prefix_covers(&loopback, &p))
		r->never = true;
	if (p.len != 128)
		return;
	r->has_addr = true;
	memcpy(r->addr, p.addr, 16);
}

/* "10.88.0.2:80", "10.88.0.2:80-90", "[fd00::2]:80", "10.88.0.2", ":8080" */
static void read_target(struct nat_rule *r, const char *text)
{
	const char *colon = strrchr(text, ':'), *addr = text;
	size_t len = strlen(text);
	unsigned int first, last;
	struct prefix p;
	int got;

	r->action = NAT_UNCLEAR;
	if (*text == '[') {
		addr = text + 1;
		len = strcspn(addr, "]");
		colon = addr[len] == ']' && addr[len + 1] == ':' ? addr + len + 1 : NULL;
	} else if (colon && colon != strchr(text, ':')) {
		colon = NULL; /* an IPv6 address alone */
	} else if (colon) {
		len = colon - text;
	}
	if (colon) {
		got = sscanf(colon + 1, "%u-%u", &first, &last);
		if (got < 1 || !first || first > 65535 || (got == 2 && (last < first || last > 65535)))
			return;
		r->to_first = (uint16_t)first;
		r->to_last = (uint16_t)(got == 2 ? last : first);
	}
	if (!len) {
		r->action = NAT_HERE;
		return;
	}
	if (prefix_read(addr, len, &p) || p.len != 128)
		return;
	memcpy(r->to, p.addr, 16);
	r->action = NAT_TO;
}

static void read_redirect(struct nat_rule *r, const char *text)
{
	unsigned int first, last;
	int got = sscanf(text, "%u-%u", &first, &last);

	r->action = NAT_HERE;
	if (got >= 1 && first && first <= 65535) {
		r->to_first = (uint16_t)first;
		r->to_last = (uint16_t)(got == 2 && last >= first && last <= 65535 ? last : first);
	}
}

static void protocol(struct nat_rule *r, const char *text, bool not )
{
	if (not )
		r->narrow = true;
	else if (!strcmp(text, "tcp") || !strcmp(text, "6"))
		r->l4 = NAT_TCP;
	else if (!strcmp(text, "udp") || !strcmp(text, "17"))
		r->l4 = NAT_UDP;
	else
		r->never = true;
}

static void action(struct nat_table *t, struct nat_rule *r, const char *name)
{
	long chain;
	size_t i;

	if (!strcmp(name, "RETURN")) {
		r->action = NAT_RETURN;
	} else if (!strcmp(name, "REDIRECT")) {
		r->action = NAT_HERE;
	} else if (!strcmp(name, "DNAT") || !strcmp(name, "NETMAP")) {
		r->action = NAT_UNCLEAR; /* until it is said where to */
	} else {
		for (i = 0; i < t->chain_count; i++)
			if (!strcmp(t->chains[i].name, name)) {
				chain = nat_chain(t, name);
				r->action = NAT_FOLLOW;
				r->target = (unsigned int)chain;
			}
	}
}

static void read_rule(struct nat_table *t, char *line)
{
	char *word[WORDS_MOST + 1];
	size_t count = split(line, word), i;
	struct nat_rule r = {0};
	long chain = count >= 2 ? nat_chain(t, word[1]) : -1;
	bool not = false;

	if (chain < 0)
		return;
	r.chain = (unsigned int)chain;
	for (i = 2; i + 1 < count; i++) {
		const char *w = word[i];

		if (!strcmp(w, "!")) {
			not = true;
			continue;
		}
		if (!strcmp(w, "-m") || !strcmp(w, "--comment") || !strcmp(w, "--dst-type"))
			i++;
		else if (!strcmp(w, "-p"))
			protocol(&r, word[++i], not );
		else if (!strcmp(w, "-d") && !not )
			read_addr(&r, word[++i]);
		else if ((!strcmp(w, "--dport") || !strcmp(w, "--dports") || !strcmp(w, "--ports")) && !not )
			read_ports(&r, word[++i]);
		else if (!strcmp(w, "-j") || !strcmp(w, "-g"))
			action(t, &r, word[++i]);
		else if (!strcmp(w, "--to-destination"))
			read_target(&r, word[++i]);
		else if (!strcmp(w, "--to-ports"))
			read_redirect(&r, word[++i]);
		else
			r.narrow = true;
		not = false;
	}
	nat_rule(t, &r);
}

void nat_read_iptables(struct nat_table *t, char *text)
{
	bool nat = false;
	char *line;
	long chain;

	while ((line = strsep(&text, "\n"))) {
		if (*line == '*')
			nat = !strcmp(line, "*nat");
		else if (nat && *line == ':' && strchr(line, ' ')) {
			*strchr(line, ' ') = '\0';
			chain = nat_chain(t, line + 1);
			if (chain >= 0)
				t->chains[chain].hooked = !strcmp(line + 1, "PREROUTING");
		} else if (nat && !strncmp(line, "-A ", 3))
			read_rule(t, line);
	}
}
