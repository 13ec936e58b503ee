// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trials: before any visitor depends on it, a made-up visit goes the way that
 * adopted ones will go: in at the device, through adopt and the firewall, to the
 * listening socket. It is the last ACK of a handshake, without a byte, so the
 * server accepts a connection and sees it reset: no log line, and no packet
 * leaves this host.
 */
#include "gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_ether.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../bpf/cookie.h"
#include "change.h"
#include "gate_load.h"
#include "say.h"

#define TRIAL_WAIT_MS 60
#define TRIAL_ISN     0x5347u

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

struct trial {
	const char *device;
	unsigned int ifindex;
	struct in_addr client; /* a neighbour's address, so that a way back exists */
	struct in_addr server;
	uint16_t client_port;
	uint16_t port;
	uint8_t mac[6];
	uint32_t cookie;
};

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

static uint16_t sum16(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *b = data;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += b[i] << 8 | b[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void write_frame(struct frame *f, const struct trial *t, bool reset)
{
	uint32_t pseudo;

	*f = (struct frame){
		.eth = {.h_source = {2, 0, 0, 0, 0, 1}, .h_proto = htons(ETH_P_IP)},
		.ip = {.version = 4,
		       .ihl = 5,
		       .tot_len = htons(sizeof(f->ip) + sizeof(f->tcp)),
		       .ttl = 64,
		       .protocol = IPPROTO_TCP,
		       .saddr = t->client.s_addr,
		       .daddr = t->server.s_addr},
		.tcp = {.source = htons(t->client_port),
			.dest = htons(t->port),
			.seq = htonl(TRIAL_ISN + 1),
			.ack_seq = htonl(t->cookie + 1),
			.doff = 5,
			.ack = !reset,
			.rst = reset,
			.window = htons(1024)},
	};
	memcpy(f->eth.h_dest, t->mac, sizeof(t->mac));
	f->ip.check = htons(~sum16(&f->ip, sizeof(f->ip), 0));
	pseudo = sum16(&f->ip.saddr, 8, IPPROTO_TCP + sizeof(f->tcp));
	f->tcp.check = htons(~sum16(&f->tcp, sizeof(f->tcp), pseudo));
}

static int inject(int program, const struct trial *t, bool reset)
{
	struct frame f;
	struct xdp_md context = {.data_end = sizeof(f), .ingress_ifindex = t->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &f, .data_size_in = sizeof(f), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	write_frame(&f, t, reset);
	return bpf_prog_test_run_opts(program, &opts) ? -errno : 0;
}

/* A socket with these two ends: the full one that a taken visit becomes. */
static bool is_established(const struct trial *t)
{
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct {
		struct nlmsghdr n;
		struct inet_diag_req_v2 r;
	} q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		      .nlmsg_flags = NLM_F_REQUEST},
		.r = {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = -1},
	};
	char buffer[4096];
	struct nlmsghdr *n = (void *)buffer;
	const struct inet_diag_msg *m;
	ssize_t len;

	q.r.id = (struct inet_diag_sockid){
		.idiag_sport = htons(t->port),
		.idiag_dport = htons(t->client_port),
		.idiag_src = {t->server.s_addr},
		.idiag_dst = {t->client.s_addr},
		.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE},
	};
	if (fd < 0 || send(fd, &q, sizeof(q), 0) < 0)
		return false;
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < 0 || !NLMSG_OK(n, len) || n->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	m = NLMSG_DATA(n);
	return m->idiag_state == TCP_ESTABLISHED && m->id.idiag_dport == htons(t->client_port);
}

static bool becomes_established(const struct trial *t)
{
	int i;

	for (i = 0; i < TRIAL_WAIT_MS; i++) {
		if (is_established(t))
			return true;
		usleep(1000);
	}
	return false;
}

/* An address of the device, and one beside it for the client. */
static bool choose_ends(struct trial *t, const struct rule *r)
{
	struct ifaddrs *all, *a;
	bool found = false;

	if (getifaddrs(&all))
		return false;
	for (a = all; a && !found; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr,
					 *mask = (const void *)a->ifa_netmask;

		if (!in || in->sin_family != AF_INET || !mask || strcmp(a->ifa_name, t->device))
			continue;
		if (!r->any && memcmp(r->addr + 12, &in->sin_addr, 4))
			continue;
		if (ntohl(mask->sin_addr.s_addr) > 0xfffffffc)
			continue; /* no neighbours */
		t->server = in->sin_addr;
		/* Neither the network's own address nor broadcast. */
		t->client.s_addr = in->sin_addr.s_addr ^ htonl(ntohl(in->sin_addr.s_addr) % 4 == 1 ? 3 : 1);
		if ((ntohl(t->client.s_addr) & ~ntohl(mask->sin_addr.s_addr)) == 0)
			t->client.s_addr = in->sin_addr.s_addr ^ htonl(3);
		found = true;
	}
	freeifaddrs(all);
	return found;
}

static void make_cookie(struct trial *t, const struct shake *k)
{
	struct options agreed = {.mss = 1460, .scale = COOKIE_NO_SCALE};
	struct flow_key key = {.client_port = htons(t->client_port), .server_port = htons(t->port)};
	uint32_t tsval;

	key.client[10] = key.client[11] = key.server[10] = key.server[11] = 0xff;
	memcpy(key.client + 12, &t->client, 4);
	memcpy(key.server + 12, &t->server, 4);
	t->cookie = cookie_make(k, &key, TRIAL_ISN, monotonic_ns(), &agreed, 0, &tsval);
}

static bool trial(struct gate *g, int program, const struct gate_device *d, const struct rule *r)
{
	struct trial t = {.device = d->name, .ifindex = if_nametoindex(d->name), .port = r->port};
	struct shake k;
	uint32_t zero = 0;
	bool through;

	memcpy(t.mac, d->mac, sizeof(t.mac));
	if (!choose_ends(&t, r))
		return false;
	if (bpf_map_lookup_elem(g->maps[GATE_SHAKE], &zero, &k))
		return false;
	t.client_port = 1024 + monotonic_ns() / 1000 % 60000;
	make_cookie(&t, &k);
	if (inject(program, &t, false))
		return false;
	through = becomes_established(&t);
	inject(program, &t, true);
	return through;
}

/* What the trial did to the figures of visitors is taken back. */
static void conclude(struct gate *g, const struct rule *r, const struct engagement *before, bool through)
{
	struct engagement now, e = *before;
	uint32_t id = r->id;

	if (gate_engagement(g, r, &now))
		return;
	if (through) {
		e.width = ENGAGED_FULLY;
		e.until = e.rest = 0;
		e.tried = 1;
		e.shallow = SHALLOW_NONE;
		engagement_trusts(&e);
	} else if (now.adopted > before->adopted) {
		/* The kernel took it, and it never became a connection. */
		e.until = monotonic_ns() + ENGAGED_REST_MAX;
		e.rest = ENGAGED_REST_MAX / 2;
		e.tried = 0;
		e.shallow = SHALLOW_LOST;
	} else if (now.shallow != SHALLOW_LOST) {
		e.shallow = now.shallow;
	}
	bpf_map_update_elem(g->maps[GATE_ENGAGEMENTS], &id, &e, BPF_ANY);
}

static bool wants_trial(struct gate *g, const struct rule *r, struct engagement *e)
{
	return r->statement == ST_LISTEN && r->l4 == IPPROTO_TCP && r->depth == DEPTH_AUTO && !r->observe &&
	       !gate_engagement(g, r, e) && e->enabled && (e->width < ENGAGED_FULLY || e->lately);
}

void gate_trials(struct gate *g, struct policy *p)
{
	cleanup_loaded struct loaded l = LOADED_INIT;
	struct gate_device *devices;
	struct engagement e;
	size_t count, i;

	if (!kernel_adopts() || policy_posture(p) == POSTURE_OBSERVE || gate_devices(g, &devices, &count))
		return;
	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);
		size_t d;

		if (!wants_trial(g, r, &e) || (l.program < 0 && object_load_trial(g, &l)))
			continue;
		for (d = 0; d < count; d++)
			if (devices[d].attached && devices[d].shallow == SHALLOW_NONE) {
				conclude(g, r, &e, trial(g, l.program, &devices[d], r));
				break;
			}
	}
	gate_devices_free(devices, count);
}
