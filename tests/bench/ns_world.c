// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A network namespace with a host at one end of a wire and real sockets that
 * listen there, and gates whose programs are run by hand. Pins are made in a
 * mount namespace with a bpffs of its own: all of this dies with the process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include "cmd/change.h"
#include "ns.h"

static int device_index;

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "ns: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static const char host[] = "set -e\n"
			   "ip link set lo up\n"
			   "ip link add host address 02:00:00:00:00:01 type veth "
			   "peer name wire address 02:00:00:00:00:02\n"
			   "ip link set host arp off up\n"
			   "ip link set wire arp off up\n"
			   "ip addr add " HOST4 "/32 dev lo\n"
			   "ip addr add " HOST6 "/128 dev lo nodad\n"
			   "ip route add 198.18.0.0/15 dev host\n"
			   "ip -6 route add 2001:db8:18::/48 dev host\n";

/* The kernel runs a packet in the name of a device only if that has a program
 * of its own: return XDP_PASS. */
static void attach_pass(void)
{
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", code, 2, &o);

	if (fd < 0 || bpf_link_create(fd, device_index, BPF_XDP, NULL) < 0)
		die("XDP on veth: %s", strerror(errno));
	close(fd);
}

static void listen_on(uint16_t port)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1024))
		die("port %u: %s", port, strerror(errno));
}

void world_open(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700"))
		die("needs root (namespaces, bpffs): %s", strerror(errno));
	if (system(host))
		die("the namespace's addresses (needs iproute2, veth)");
	device_index = if_nametoindex("host");
	attach_pass();
	listen_on(80);
	listen_on(443);
}

int world_device(void)
{
	return device_index;
}

/* ---- gates ------------------------------------------------------------- */

static struct policy *read_lines(const char *lines)
{
	struct policy *p = policy_new();
	struct policy_error err;
	char line[512];
	size_t n;

	for (; p && *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, lines);
		if (n && policy_add(p, line, &err) < 0)
			die("%s: %s", line, err.text);
	}
	if (!p)
		die("no memory");
	return p;
}

void instance_policy(struct instance *g, const char *lines)
{
	struct policy *now = read_lines(lines), *before = g->policy ? g->policy : policy_new();

	if (change_policy(&g->gate, now, before, NULL))
		die("the policy of %s", g->gate.instance);
	policy_free(before);
	g->policy = now;
}

/* What `up` would say of the wire. */
static void write_device(struct instance *g)
{
	struct device d = {.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500, .flags = DEVICE_SHAKES};
	uint32_t zero = 0;

	if (bpf_map_update_elem(g->loaded.device, &zero, &d, BPF_ANY))
		die("device of %s: %s", g->gate.instance, strerror(errno));
}

/* As if a SYN-ACK of each listener had been seen to leave. */
static void engage_all(struct instance *g)
{
	struct engagement e = {.seen = {1, 1}};
	uint32_t id;

	for (id = 1; id < 8; id++)
		if (bpf_map_update_elem(g->gate.maps[GATE_ENGAGEMENTS], &id, &e, BPF_ANY))
			die("engagements of %s: %s", g->gate.instance, strerror(errno));
}

struct instance *instance_new(const char *name, const char *lines)
{
	struct instance *g = calloc(1, sizeof(*g));

	if (!g)
		die("no memory");
	g->gate = (struct gate)GATE_INIT;
	g->loaded = (struct loaded)LOADED_INIT;
	if (gate_make(&g->gate, name, NULL, 0) || object_load(&g->gate, &g->loaded))
		die("a gate named %s", name);
	write_device(g);
	instance_policy(g, lines);
	engage_all(g);
	return g;
}

void instance_free(struct instance *g)
{
	policy_free(g->policy);
	loaded_close(&g->loaded);
	gate_destroy(&g->gate);
	gate_close(&g->gate);
	free(g);
}

uint64_t instance_counted(const struct instance *g, uint32_t reason)
{
	struct counter cpu[libbpf_num_possible_cpus()];
	uint32_t listener, index;
	uint64_t sum = 0;
	int i;

	for (listener = 0; listener < 8; listener++) {
		index = counter_index(listener, 0, reason);
		if (bpf_map_lookup_elem(g->loaded.counters, &index, cpu))
			die("counters: %s", strerror(errno));
		for (i = 0; i < libbpf_num_possible_cpus(); i++)
			sum += cpu[i].packets;
	}
	return sum;
}

const char *reason_word(uint32_t reason)
{
	switch (reason) {
#define R(nr, name, verdict, sends, counts, text) \
	case nr:                                  \
		return #name;
		STRAYGATE_REASONS(R)
#undef R
	}
	return "none";
}
