// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/resolve.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"

#define QUERY_BYTES  512
#define ANSWER_BYTES 4096

/* Number 2i is the question for IPv4 of name i, 2i + 1 the one for IPv6. */
struct query {
	uint8_t bytes[QUERY_BYTES];
	int len;
	bool answered;
};

struct resolving {
	struct resolve *r;
	size_t count;
	const struct prefix *local;
	size_t local_count;
	struct query *queries; /* twice as many as names */
	uint16_t id;	       /* of number 0; the others follow */
	int servers[MAXNS];    /* connected sockets; -1: nobody is there */
	int server_count;
};

/* ---- questions ------------------------------------------------------------------------------- */

static int make(struct resolving *g, res_state state)
{
	size_t i;

	if (getrandom(&g->id, sizeof(g->id), 0) != sizeof(g->id))
		return -EIO;
	g->queries = calloc(2 * g->count, sizeof(*g->queries));
	if (!g->queries)
		return -ENOMEM;
	for (i = 0; i < 2 * g->count; i++) {
		struct query *q = &g->queries[i];
		uint16_t id = htons((uint16_t)(g->id + i));

		q->len = res_nmkquery(state, ns_o_query, g->r[i / 2].name, ns_c_in,
				      i % 2 ? ns_t_aaaa : ns_t_a, NULL, 0, NULL, q->bytes, sizeof(q->bytes));
		if (q->len > 0)
			memcpy(q->bytes, &id, sizeof(id));
	}
	return 0;
}

/* glibc keeps those of IPv6 beside the list. */
static void connect_servers(struct resolving *g, res_state state)
{
	int i;

	for (i = 0; i < state->nscount && i < MAXNS; i++) {
		const struct sockaddr_in6 *v6 =
			state->nsaddr_list[i].sin_family ? NULL : state->_u._ext.nsaddrs[i];
		const void *to = v6 ? (const void *)v6 : &state->nsaddr_list[i];
		int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd >= 0 && connect(fd, to, v6 ? sizeof(*v6) : sizeof(state->nsaddr_list[i])))
			close_fd(&fd);
		if (fd >= 0)
			g->servers[g->server_count++] = fd;
	}
}

/* What is not answered yet. */
static void put_questions(struct resolving *g, int fd)
{
	size_t i;

	for (i = 0; i < 2 * g->count; i++)
		if (g->queries[i].len > 0 && !g->queries[i].answered)
			(void)!send(fd, g->queries[i].bytes, g->queries[i].len, MSG_NOSIGNAL);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void found(struct resolving *g, size_t number, const uint8_t *data, bool v4)
{
	struct resolve *r = &g->r[number / 2];
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};
	size_t i;

	memcpy(addr + (v4 ? 12 : 0), data, v4 ? 4 : 16);
	if (r->outcome == RESOLVED_HERE)
		return;
	if (r->outcome != RESOLVED_ELSEWHERE)
		memcpy(r->to, addr, 16);
	r->outcome = RESOLVED_ELSEWHERE;
	for (i = 0; i < g->local_count; i++)
		if (prefix_begins(&g->local[i], addr))
			r->outcome = RESOLVED_HERE;
}

/* Is it the answer to this very question? Only the name has to be compared: the number says the rest. */
static bool is_for(const struct resolving *g, size_t number, ns_msg *m)
{
	ns_rr rr;

	return ns_msg_getflag(*m, ns_f_qr) && ns_msg_count(*m, ns_s_qd) == 1 &&
	       !ns_parserr(m, ns_s_qd, 0, &rr) && ns_rr_type(rr) == (number % 2 ? ns_t_aaaa : ns_t_a) &&
	       !strcasecmp(ns_rr_name(rr), g->r[number / 2].name);
}

static void take(struct resolving *g, const uint8_t *bytes, size_t len)
{
	size_t number, i;
	ns_msg m;
	ns_rr rr;

	if (ns_initparse(bytes, (int)len, &m))
		return;
	number = (uint16_t)(ns_msg_id(m) - g->id);
	if (number >= 2 * g->count || g->queries[number].answered || !is_for(g, number, &m))
		return;
	/* Who does not know may not be the last to be asked. */
	if (ns_msg_getflag(m, ns_f_rcode) != ns_r_noerror && ns_msg_getflag(m, ns_f_rcode) != ns_r_nxdomain)
		return;
	g->queries[number].answered = true;
	for (i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		if (ns_parserr(&m, ns_s_an, (int)i, &rr))
			return;
		if (ns_rr_type(rr) == ns_t_a && ns_rr_rdlen(rr) == 4)
			found(g, number, ns_rr_rdata(rr), true);
		else if (ns_rr_type(rr) == ns_t_aaaa && ns_rr_rdlen(rr) == 16)
			found(g, number, ns_rr_rdata(rr), false);
	}
}

/* All that lies there. False: nobody is there. */
static bool receive(struct resolving *g, int fd)
{
	uint8_t bytes[ANSWER_BYTES];
	ssize_t len;

	while ((len = recv(fd, bytes, sizeof(bytes), 0)) >= 0)
		take(g, bytes, len);
	return errno == EAGAIN || errno == EINTR;
}

static bool all_answered(const struct resolving *g)
{
	size_t i;

	for (i = 0; i < 2 * g->count; i++)
		if (!g->queries[i].answered && g->queries[i].len > 0)
			return false;
	return true;
}

/* Listens to all servers until then, or until there is nothing to wait for. */
static void listen_until(struct resolving *g, uint64_t end)
{
	struct pollfd p[MAXNS];
	uint64_t now;
	int i, left;

	while (!all_answered(g) && (now = monotonic_ns()) < end) {
		for (i = left = 0; i < g->server_count; i++) {
			p[i] = (struct pollfd){g->servers[i], POLLIN, 0};
			left += g->servers[i] >= 0;
		}
		if (!left ||
		    (poll(p, g->server_count, (int)((end - now) / 1000000) + 1) < 0 && errno != EINTR))
			return;
		for (i = 0; i < g->server_count; i++)
			if (p[i].revents && !receive(g, g->servers[i]))
				close_fd(&g->servers[i]);
	}
}

/* ---- all of it ----------------------------------------------------------------------------------- */

/* The first server gets the first second; then the next ones, and the first again. */
static void ask(struct resolving *g)
{
	uint64_t begin = monotonic_ns();
	int i, turn, at = 0;

	for (turn = 0; turn < RESOLVE_SECONDS && !all_answered(g); turn++) {
		for (i = 0; i < g->server_count && g->servers[at % g->server_count] < 0; i++)
			at++;
		if (!g->server_count || g->servers[at % g->server_count] < 0)
			return;
		put_questions(g, g->servers[at++ % g->server_count]);
		listen_until(g, begin + (turn + 1) * SECOND_NS);
	}
}

void resolve_all(struct resolve *r, size_t count, const struct prefix *local, size_t local_count)
{
	struct resolving g = {.r = r,
			      .count = count < RESOLVE_MOST ? count : RESOLVE_MOST,
			      .local = local,
			      .local_count = local_count};
	struct __res_state state = {0};
	size_t i;
	int s;

	for (i = 0; i < count; i++)
		r[i].outcome = RESOLVED_UNKNOWN;
	if (!count || res_ninit(&state))
		return;
	connect_servers(&g, &state);
	if (!make(&g, &state))
		ask(&g);
	for (i = 0; i < g.count && g.queries; i++)
		if (r[i].outcome == RESOLVED_UNKNOWN && g.queries[2 * i].answered &&
		    g.queries[2 * i + 1].answered)
			r[i].outcome = RESOLVED_NOWHERE;
	for (s = 0; s < g.server_count; s++)
		close_fd(&g.servers[s]);
	free(g.queries);
	res_nclose(&state);
}
