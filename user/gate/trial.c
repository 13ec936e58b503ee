// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trials: before any visitor depends on it, a made-up visit goes the way that
 * adopted ones will go: in at the device, through adopt and the firewall, to the
 * listening socket. It is the last ACK of a handshake, without a byte, so the
 * server accepts a connection and sees it reset: no log line, and no packet
 * leaves this host.
 */
#include "gate/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/handshake/cookie.h"
#include "gate/object.h"
#include "lib/say.h"

#define TRIAL_WAIT_MS 60
#define TRIAL_ISN     0x5347u

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

struct trial {
	const char *device;
	unsigned int ifindex;
	bool ipv6;
	uint8_t client[16]; /* a neighbour's address, so that a way back exists */
	uint8_t server[16]; /* IPv4: the last four, as in a flow_key */
	uint16_t client_port;
	uint16_t port;
	uint8_t mac[6];
	uint32_t cookie;
};

/* How it went. Unknown: it could not be made, nobody listens, or nobody can say. */
enum outcome { TRIAL_UNKNOWN, TRIAL_THROUGH, TRIAL_LOST };

struct frame {
	struct ethhdr eth;
	union {
		struct {
			struct iphdr ip;
			struct tcphdr tcp4;
		} __attribute__((packed));
		struct {
			struct ip6_hdr ip6;
			struct tcphdr tcp6;
		} __attribute__((packed));
	};
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

static size_t write_ip(struct frame *f, const struct trial *t)
{
	if (t->ipv6) {
		f->eth.h_proto = htons(ETH_P_IPV6);
		f->ip6.ip6_flow = htonl(6u << 28);
		f->ip6.ip6_plen = htons(sizeof(struct tcphdr));
		f->ip6.ip6_nxt = IPPROTO_TCP;
		f->ip6.ip6_hlim = 64;
		memcpy(&f->ip6.ip6_src, t->client, 16);
		memcpy(&f->ip6.ip6_dst, t->server, 16);
		return offsetof(struct frame, tcp6);
	}
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.tot_len = htons(sizeof(f->ip) + sizeof(struct tcphdr));
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_TCP;
	memcpy(&f->ip.saddr, t->client + 12, 4);
	memcpy(&f->ip.daddr, t->server + 12, 4);
	f->ip.check = htons(~sum16(&f->ip, sizeof(f->ip), 0));
	return offsetof(struct frame, tcp4);
}

/* Returns its length. */
static size_t write_frame(struct frame *f, const struct trial *t, bool reset)
{
	struct tcphdr tcp = {
		.source = htons(t->client_port),
		.dest = htons(t->port),
		.seq = htonl(TRIAL_ISN + 1),
		.ack_seq = htonl(t->cookie + 1),
		.doff = 5,
		.ack = !reset,
		.rst = reset,
		.window = htons(1024),
	};
	size_t l4;
	uint32_t sum;

	*f = (struct frame){.eth = {.h_source = {2, 0, 0, 0, 0, 1}}};
	memcpy(f->eth.h_dest, t->mac, sizeof(t->mac));
	l4 = write_ip(f, t);
	/* The mapped prefix of IPv4 is one address's 0xffff, twice: nothing. */
	sum = sum16(t->client, 16, sum16(t->server, 16, IPPROTO_TCP + sizeof(tcp)));
	tcp.check = htons(~sum16(&tcp, sizeof(tcp), sum));
	memcpy((uint8_t *)f + l4, &tcp, sizeof(tcp));
	return l4 + sizeof(tcp);
}

static int inject(int program, const struct trial *t, bool reset)
{
	struct frame f;
	size_t len = write_frame(&f, t, reset);
	struct xdp_md context = {.data_end = len, .ingress_ifindex = t->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &f, .data_size_in = len, .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	return bpf_prog_test_run_opts(program, &opts) ? -errno : 0;
}

/* ---- what the kernel says of the socket that the visit becomes ---- */

struct diag_question {
	struct nlmsghdr n;
	struct inet_diag_req_v2 r;
};

static struct diag_question diag_question(const struct trial *t)
{
	struct diag_question q = {
		.n = {.nlmsg_len = sizeof(q),
		      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		      .nlmsg_flags = NLM_F_REQUEST},
		.r = {.sdiag_family = t->ipv6 ? AF_INET6 : AF_INET, .sdiag_protocol = IPPROTO_TCP},
	};
	size_t at = t->ipv6 ? 0 : 12;

	q.r.id.idiag_sport = htons(t->port);
	q.r.id.idiag_dport = htons(t->client_port);
	memcpy(q.r.id.idiag_src, t->server + at, 16 - at);
	memcpy(q.r.id.idiag_dst, t->client + at, 16 - at);
	q.r.id.idiag_cookie[0] = q.r.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return q;
}

/* The state of the socket that a packet of the visit would find: the full one that
 * it becomes, or the one that listens; 0: none. */
static int socket_state(int fd, const struct trial *t)
{
	struct diag_question q = diag_question(t);
	char buffer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *n = (void *)buffer;
	ssize_t len;

	q.r.idiag_states = -1;
	if (send(fd, &q, sizeof(q), 0) < 0)
		return 0;
	len = recv(fd, buffer, sizeof(buffer), 0);
	if (len < 0 || !NLMSG_OK(n, len) || n->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	return ((const struct inet_diag_msg *)NLMSG_DATA(n))->idiag_state;
}

static bool becomes_established(int fd, const struct trial *t)
{
	int i;

	for (i = 0; i < TRIAL_WAIT_MS; i++) {
		if (socket_state(fd, t) == TCP_ESTABLISHED)
			return true;
		usleep(1000);
	}
	return false;
}

/* ---- where from and where to ---- */

/* Of an interface's address or mask, as in a flow_key. */
static bool read_address(const struct sockaddr *a, uint8_t out[16])
{
	memset(out, 0, 16);
	if (a && a->sa_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16);
		return true;
	}
	if (!a || a->sa_family != AF_INET)
		return false;
	out[10] = out[11] = 0xff;
	memcpy(out + 12, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
	return true;
}

/* An address of the network that is neither ours, nor its first (the network's,
 * or any router's), nor its last (broadcast); mask leaves two bits at least. */
static void choose_neighbour(uint8_t client[16], const uint8_t server[16], const uint8_t mask[16])
{
	uint8_t low = server[15] & 3, host = ~mask[15], other;

	for (other = 1; other < 4; other++) {
		uint8_t last = (server[15] & ~3) | ((low + other) & 3);

		if ((last & host) && (last & host) != host)
			break;
	}
	memcpy(client, server, 16);
	client[15] = (server[15] & ~3) | ((low + other) & 3);
}

/* An address of the device, and one beside it for the client. */
static bool choose_ends(struct trial *t, const struct rule *r)
{
	struct ifaddrs *all, *a;
	uint8_t mask[16];
	bool found = false;

	if (getifaddrs(&all))
		return false;
	for (a = all; a && !found; a = a->ifa_next) {
		if (strcmp(a->ifa_name, t->device) || !a->ifa_addr ||
		    a->ifa_addr->sa_family != (t->ipv6 ? AF_INET6 : AF_INET))
			continue;
		if (!read_address(a->ifa_addr, t->server) || !read_address(a->ifa_netmask, mask))
			continue;
		if (t->ipv6 && t->server[0] == 0xfe && (t->server[1] & 0xc0) == 0x80)
			continue; /* link-local */
		if ((!r->any && memcmp(r->addr, t->server, 16)) || mask[15] & 3)
			continue; /* not judged, or no neighbours */
		choose_neighbour(t->client, t->server, mask);
		found = true;
	}
	freeifaddrs(all);
	return found;
}

/* Judged by this line, and on no wire: on lo or a dummy, where a load balancer that
 * is answered around (IPVS-DR) has its servers put the address that it shares with
 * them. A SYN-ACK to whom the SYN came from would then go to the balancer. */
static bool is_shared(const struct ifaddrs *a, const struct rule *r)
{
	static const uint8_t loop4[13] = {[10] = 0xff, [11] = 0xff, [12] = 127}, loop6[16] = {[15] = 1};
	uint8_t addr[16];

	if (!(a->ifa_flags & (IFF_LOOPBACK | IFF_NOARP)) || a->ifa_flags & IFF_POINTOPOINT)
		return false;
	if (!read_address(a->ifa_addr, addr) || !memcmp(addr, loop4, sizeof(loop4)) ||
	    !memcmp(addr, loop6, sizeof(loop6)) || (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80))
		return false;
	return r->any || !memcmp(r->addr, addr, 16);
}

static bool any_shared(const struct rule *r)
{
	struct ifaddrs *all, *a;
	bool found;

	if (getifaddrs(&all))
		return false;
	for (a = all; a && !is_shared(a, r); a = a->ifa_next)
		;
	if (a)
		say("%s: an address of it is on %s, as behind a load balancer that is answered around: "
		    "begins with "
		    "one visit in 64, and widens as they come through; `handshake on` begins with all",
		    r->subject, a->ifa_name);
	found = a;
	freeifaddrs(all);
	return found;
}

static void make_cookie(struct trial *t, const struct shake *k)
{
	struct options agreed = {.mss = 1460, .scale = COOKIE_NO_SCALE};
	struct flow_key key = {.client_port = htons(t->client_port), .server_port = htons(t->port)};
	uint32_t tsval;

	memcpy(key.client, t->client, 16);
	memcpy(key.server, t->server, 16);
	t->cookie = cookie_make(k, &key, TRIAL_ISN, monotonic_ns(), &agreed, t->ipv6, &tsval);
}

static uint64_t adopted_so_far(struct gate *g, const struct rule *r)
{
	struct engagement e;

	return gate_engagement(g, r, &e) ? 0 : e.adopted;
}

static enum outcome trial(struct gate *g, int program, const struct gate_device *d, const struct rule *r,
			  bool ipv6)
{
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct trial t = {
		.device = d->name, .ifindex = if_nametoindex(d->name), .port = r->port, .ipv6 = ipv6};
	uint64_t before = adopted_so_far(g, r);
	struct shake k;
	uint32_t zero = 0;
	bool through;

	memcpy(t.mac, d->mac, sizeof(t.mac));
	if (!choose_ends(&t, r))
		return TRIAL_UNKNOWN;
	if (bpf_map_lookup_elem(g->maps[GATE_SHAKE], &zero, &k))
		return TRIAL_UNKNOWN;
	t.client_port = 1024 + monotonic_ns() / 1000 % 60000;
	make_cookie(&t, &k);
	/* Where nobody listens the host would send the neighbour a RST; and where this
	 * kernel has no tcp_diag, nobody could say how it went. */
	if (socket_state(fd, &t) != TCP_LISTEN || inject(program, &t, false))
		return TRIAL_UNKNOWN;
	through = becomes_established(fd, &t);
	inject(program, &t, true);
	if (through)
		return TRIAL_THROUGH;
	/* The kernel took it, and it never became a connection. */
	return adopted_so_far(g, r) > before ? TRIAL_LOST : TRIAL_UNKNOWN;
}

/* Over both families, whose firewalls may differ: one that is lost is enough. */
static enum outcome trials(struct gate *g, int program, const struct gate_device *d, const struct rule *r)
{
	enum outcome four = trial(g, program, d, r, false), six;

	if (four == TRIAL_LOST)
		return four;
	six = trial(g, program, d, r, true);
	return six == TRIAL_UNKNOWN ? four : six;
}

/* What the trial did to the figures of visitors is taken back. */
static void conclude(struct gate *g, const struct rule *r, const struct engagement *before, enum outcome how)
{
	struct engagement now, e = *before;
	uint32_t id = r->id;

	if (gate_engagement(g, r, &now))
		return;
	if (how == TRIAL_THROUGH) {
		e.width = ENGAGED_FULLY;
		e.until = e.rest = 0;
		e.tried = 1;
		e.shallow = SHALLOW_NONE;
		engagement_trusts(&e);
	} else if (how == TRIAL_LOST) {
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

		if (!wants_trial(g, r, &e) || any_shared(r) || (l.program < 0 && object_load_trial(g, &l)))
			continue;
		for (d = 0; d < count; d++)
			if (devices[d].attached && devices[d].shallow == SHALLOW_NONE) {
				conclude(g, r, &e, trials(g, l.program, &devices[d], r));
				break;
			}
	}
	gate_devices_free(devices, count);
}
