// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "cmd/verb.h"
#include "gate/gate.h"
#include "lib/say.h"
#include "servers/servers.h"
#include "servers/write.h"

static int run(const struct call *c)
{
	cleanup_servers struct servers s = {0};

	if (c->netns && gate_enter_netns(c->netns))
		return EXIT_FAILED;
	if (servers_read(&s))
		return EXIT_FAILED;
	if (c->names)
		servers_write_names(&s);
	else if (c->json)
		servers_write_json(&s, c->instance);
	else
		servers_write_policy(&s);
	if (s.failed)
		return EXIT_FAILED;
	return servers_open(&s) ? EXIT_DIFFERS : EXIT_OK;
}

const struct verb verb_suggest = {
	.name = "suggest",
	.arguments = "",
	.summary = "print a policy made from what the servers of this host serve",
	.help = "Asks nginx what it serves, by its own dump of its configuration, run\n"
		"with the rights that the server has; see straygate(8) for what is run. Each line\n"
		"says where it comes from. --names prints the names alone, for `serve from FILE`.\n"
		"Exits with 3 if a listener answers any name on purpose, so that an allow-list would\n"
		"close it (it is written with `observe`), and with 1 if a server could not be read.\n",
	.takes = TAKES_JSON | TAKES_NETNS | TAKES_NAMES,
	.least = 0,
	.most = 0,
	.run = run,
};
