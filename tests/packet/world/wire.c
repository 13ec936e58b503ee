// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

static int wire = -1, host_index;

/* The kernel runs a packet in the name of a device only if that has a program
 * of its own: return XDP_PASS. */
static void attach_pass(void)
{
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	int pass;

	pass = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", code, 2, &o);
	cr_assert(pass >= 0, "a program for the wire: %s", strerror(errno));
	cr_assert(bpf_link_create(pass, host_index, BPF_XDP, NULL) >= 0, "XDP on veth: %s", strerror(errno));
}

void wire_open(void)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex("wire"),
	};
	int yes = 1;

	host_index = if_nametoindex("host");
	wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	cr_assert(wire >= 0 && host_index && at.sll_ifindex, "the wire: %s", strerror(errno));
	setsockopt(wire, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
	cr_assert(!bind(wire, (struct sockaddr *)&at, sizeof(at)), "the wire: %s", strerror(errno));
	attach_pass();
}

int wire_host(void)
{
	return host_index;
}

void wire_send(const void *bytes, size_t len)
{
	cr_assert(send(wire, bytes, len, 0) == (ssize_t)len, "sending %zu bytes: %s", len, strerror(errno));
}

/* A checksum that the device was to fill in is not there: veth has none. */
static bool take_apart(const struct frame *f, struct view *view)
{
	const char *flaw = frame_flaw(f, view);

	return !flaw || !strcmp(flaw, "checksum of the transport header");
}

bool wire_receive(const struct visit *v, struct frame *f, struct view *view, int ms)
{
	struct pollfd p = {.fd = wire, .events = POLLIN};
	ssize_t n;

	while (poll(&p, 1, ms) == 1) {
		n = recv(wire, f->bytes, sizeof(f->bytes), 0);
		if (n < 0)
			continue;
		f->len = n;
		if (take_apart(f, view) && view->to_port == v->client_port &&
		    view->from_port == v->server_port && !memcmp(view->to, v->client, 16))
			return true;
	}
	return false;
}

void wire_drain(void)
{
	char byte;

	while (recv(wire, &byte, 1, MSG_TRUNC) >= 0)
		;
}
