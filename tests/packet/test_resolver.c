// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS answers, and the sockets of the host that may or may not wait for them. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "world/world.h"

#define POLICY                                                         \
	"posture enforce\nlisten udp/53 as dns\nzone served.example\n" \
	"resolver 198.18.53.0/24 2001:db8:c:53::/64\n"

static void begin(void)
{
	world_begin();
	world_policy(POLICY);
}

TestSuite(resolver, .init = begin, .fini = world_end);

enum how { CLOSED, WILDCARD, EPHEMERAL, BOUND, CONNECTED };

static uint16_t port_of(enum how how)
{
	return how == EPHEMERAL ? 40000 : 4000;
}

static void name(struct sockaddr_storage *to, const char *address, uint16_t port)
{
	struct sockaddr_in *four = (void *)to;
	struct sockaddr_in6 *six = (void *)to;

	memset(to, 0, sizeof(*to));
	six->sin6_port = htons(port); /* at the same place in both */
	to->ss_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	cr_assert(inet_pton(to->ss_family, address,
			    to->ss_family == AF_INET ? (void *)&four->sin_addr : (void *)&six->sin6_addr) ==
		  1);
}

/* A socket of the host, bound to port 4000 or 40000, that may have asked somebody. */
static int host_socket(enum how how, const char *bound, const char *peer)
{
	const struct sockaddr_storage none = {0};
	struct sockaddr_storage local, remote;
	socklen_t size;
	int fd;

	name(&local, bound, 4000);
	if (how == WILDCARD || how == EPHEMERAL) {
		local = none;
		name(&local, strchr(bound, ':') ? "::" : "0.0.0.0", port_of(how));
	}
	size = local.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	fd = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(fd >= 0 && !bind(fd, (struct sockaddr *)&local, size), "%s", strerror(errno));
	name(&remote, peer, 53);
	if (how == CONNECTED)
		cr_assert(!connect(fd, (struct sockaddr *)&remote, size), "%s", strerror(errno));
	return fd;
}

#define ANSWER BYTES("\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x01\x00\x01")

static const struct {
	enum how how;
	const char *host, *asked, *from;
	uint32_t reason;
} rows[] = {
	{CLOSED, HOST4, "", CLIENT4, REASON_dns_unasked},
	{CLOSED, HOST4, "", "198.18.53.1", REASON_dns_awaited},
	{CLOSED, HOST6, "", CLIENT6, REASON_dns_unasked},
	{CLOSED, HOST6, "", "2001:db8:c:53::1", REASON_dns_awaited},
	{WILDCARD, HOST4, CLIENT4, CLIENT4, REASON_dns_unasked},
	{WILDCARD, HOST4, CLIENT4, "198.18.53.1", REASON_dns_awaited},
	{WILDCARD, HOST6, CLIENT6, CLIENT6, REASON_dns_unasked},
	{WILDCARD, HOST6, CLIENT6, "2001:db8:c:53::1", REASON_dns_awaited},
	/* nsd, a secondary, asks its primary from an unconnected socket */
	{EPHEMERAL, HOST4, CLIENT4, CLIENT4, REASON_dns_awaited},
	{EPHEMERAL, HOST6, CLIENT6, CLIENT6, REASON_dns_awaited},
	{BOUND, HOST4, CLIENT4, CLIENT4, REASON_dns_unasked},
	{BOUND, HOST6, CLIENT6, CLIENT6, REASON_dns_unasked},
	{CONNECTED, HOST4, CLIENT4, CLIENT4, REASON_dns_awaited},
	{CONNECTED, HOST4, CLIENT4, "198.18.0.2", REASON_dns_unasked},
	{CONNECTED, HOST4B, CLIENT4, CLIENT4, REASON_dns_unasked}, /* on another address */
	{CONNECTED, HOST4, CLIENT4, "198.18.53.1", REASON_dns_awaited},
	{CONNECTED, HOST6, CLIENT6, CLIENT6, REASON_dns_awaited},
	{CONNECTED, HOST6, CLIENT6, "2001:db8:c::2", REASON_dns_unasked},
};

Test(resolver, sockets)
{
	struct frame in, out;
	struct outcome o;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct visit v = visit_make(rows[i].from, strcmp(rows[i].host, HOST4B) ? rows[i].host : HOST4,
					    port_of(rows[i].how));
		int fd = rows[i].how == CLOSED ? -1 : host_socket(rows[i].how, rows[i].host, rows[i].asked);

		v.client_port = 53;
		frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .data = ANSWER});
		o = world_run(&in, &out);
		cr_expect(o.reason == rows[i].reason &&
				  o.action == (o.reason == REASON_dns_unasked ? XDP_DROP : XDP_PASS),
			  "row %zu: %s, %s", i, xdp_name(o.action), reason_name(o.reason));
		cr_expect(!memcmp(in.bytes, out.bytes, in.len) && in.len == out.len, "row %zu: changed", i);
		if (fd >= 0)
			close(fd);
	}
}

/* Ports that clients are given are those of the sysctl, as the policy's application finds it. */
Test(resolver, ports_of_the_sysctl)
{
	static const struct {
		const char *range;
		enum how how; /* port 4000, port 40000 */
		uint32_t reason;
	} table[] = {
		{"3000	4000", WILDCARD, REASON_dns_awaited},
		{"3000	4000", EPHEMERAL, REASON_dns_unasked},
		{"4000	5000", WILDCARD, REASON_dns_awaited},
		{"4001	5000", WILDCARD, REASON_dns_unasked},
		{"32768	60999", EPHEMERAL, REASON_dns_awaited},
		{"32768	39999", EPHEMERAL, REASON_dns_unasked},
	};
	struct frame in;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct visit v = visit_make(CLIENT4, HOST4, port_of(table[i].how));
		int fd = host_socket(table[i].how, HOST4, CLIENT4);

		sysctl_set("net/ipv4/ip_local_port_range", table[i].range);
		world_policy(POLICY);
		v.client_port = 53;
		frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .data = ANSWER});
		cr_expect(world_run(&in, NULL).reason == table[i].reason, "row %zu", i);
		close(fd);
	}
}

/* Without a `resolver` line nothing is said of answers. */
Test(resolver, only_where_a_line_says_so)
{
	struct visit v = visit_make(CLIENT4, HOST4, 4000);
	struct frame in;

	world_policy("posture enforce\nlisten udp/53 as dns\nzone served.example\n");
	v.client_port = 53;
	frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .data = ANSWER});
	cr_expect(world_run(&in, NULL).reason == REASON_no_listener);
}

/* Both fragments of an answer that nobody asked for, in each posture. */
Test(resolver, fragments)
{
	static const struct {
		const char *posture;
		uint32_t action;
	} table[] = {
		{"observe", XDP_PASS},
		{"auto", XDP_PASS}, /* no listener is engaged for it */
		{"enforce", XDP_DROP},
		{"enforce from 2001:db8:c::/48", XDP_DROP},
		{"enforce from 2001:db8:d::/48", XDP_PASS},
	};
	struct visit v = visit_make(CLIENT6, HOST6, 4000);
	static const char *const pieces[] = {"", "F", "L"};
	char lines[256];
	struct frame in;
	struct outcome o;

	v.client_port = 53;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(lines, sizeof(lines),
			 "posture %s\nlisten udp/53 as dns\nzone served.example\n"
			 "resolver 192.0.2.53\n",
			 table[i].posture);
		world_policy(lines);
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
			frame_build(&in, &v,
				    &(struct spec){.protocol = IPPROTO_UDP,
						   .data = ANSWER,
						   .extensions = pieces[k]});
			o = world_run_watched(&in, NULL);
			cr_expect(o.reason == REASON_dns_unasked && o.action == table[i].action &&
					  o.observed == (o.action == XDP_PASS),
				  "%s, '%s': %s, %s%s", table[i].posture, pieces[k], xdp_name(o.action),
				  reason_name(o.reason), o.observed ? ", observed" : "");
		}
	}
}
