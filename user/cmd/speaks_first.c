// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * At the handshake a server hears of a visit when its client has named a host. In a
 * protocol in which the server speaks first its client waits for the greeting, and both
 * wait for ever.
 */
#include "cmd/speaks_first.h"

#include <netinet/in.h>

#include "lib/say.h"

/* From IANA's registry of ports. TLS from the first byte (465, 636, 853, 990, 993, 995)
 * is begun by the client. */
static const struct {
	uint16_t port;
	const char *protocol;
} greeters[] = {
	{21, "FTP"},	 {22, "SSH"},		{23, "Telnet"}, {25, "SMTP"},	{110, "POP3"},
	{119, "NNTP"},	 {143, "IMAP"},		{587, "SMTP"},	{873, "rsync"}, {2525, "SMTP"},
	{3306, "MySQL"}, {4190, "ManageSieve"}, {5900, "VNC"},
};

static const char *greets(const struct rule *r)
{
	for (size_t i = 0; i < sizeof(greeters) / sizeof(greeters[0]); i++)
		if (greeters[i].port == r->port)
			return greeters[i].protocol;
	return NULL;
}

void say_speaks_first(struct policy *now, struct policy *before)
{
	for (size_t i = 0; i < policy_count(now); i++) {
		const struct rule *r = policy_rule(now, i);
		const char *protocol;

		if (r->statement != ST_LISTEN || r->l4 != IPPROTO_TCP || r->depth == DEPTH_OFF)
			continue;
		protocol = greets(r);
		if (!protocol || (before && policy_find(before, ST_LISTEN, r->subject)))
			continue;
		say("%s is %s's port, where the server speaks first: as %s its visits would wait for a "
		    "greeting "
		    "that never comes; delete `listen %s` unless something else listens there",
		    r->subject, protocol, protocol_name(r->as), r->subject);
	}
}
