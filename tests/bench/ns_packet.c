// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a packet costs on each of the gate's ways, over an empty program, beside
 * xdp-filter's own programs. `ns packet|tables|scaling [ROUNDS [PART]]`,
 * PART of a figure's name: these alone.
 *
 * Rounds go through all paths, one after the other, so that whatever else the
 * machine does falls on all of them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "ns.h"

#define BASE                                   \
	"posture enforce\n"                    \
	"listen tcp/80 as http handshake on\n" \
	"listen tcp/443 as tls handshake on\n" \
	"listen udp/53 as dns\n"               \
	"serve .served.example\n"              \
	"zone served.example\n"                \
	"stray http answer\n"                  \
	"stray tls answer\n"
#define REPEAT 50000

/* Nobody gets there; what is measured is counting and looking. */
#define CLIENT_LINES                                             \
	"limit each /24 /56 to 1000000 visits/s burst 1000000\n" \
	"learn strays 10000 in 60s for 10m\n"

static struct instance *base, *clients;
static unsigned int figures;
static struct figure figure[96];

/* The figure of this name, made when it is first asked for. */
static struct figure *figure_of(const char *what, const char *who, const char *unit)
{
	unsigned int i;

	for (i = 0; i < figures; i++)
		if (!strcmp(figure[i].what, what) && !strcmp(figure[i].who, who))
			return &figure[i];
	if (figures == sizeof(figure) / sizeof(figure[0]))
		die("too many figures");
	figure[figures] = (struct figure){.benchmark = "packet", .what = what, .who = who, .unit = unit};
	return &figure[figures++];
}

static struct figure *straygate(const char *what)
{
	return figure_of(what, "straygate", "ns over empty");
}

/* ---- what needs no visit ------------------------------------------------- */

static void steady(const char *what, const struct feed_packet *f, uint32_t count, uint32_t reason)
{
	feed_packets(f, count);
	measure(straygate(what), base->loaded.program, false, REPEAT, base, reason);
}

static void not_for_us(void)
{
	struct ends e = ends_make("198.18.1.2", 4711, HOST4, 22), d = e;
	struct segment s = {.flags = ACK | PSH, .seq = 1, .ack = 1, .tsval = 1, .data = "x", .len = 1};
	struct feed_packet f;

	frame_tcp(&f, &e, &s);
	steady("not for us: TCP, other port", &f, 1, REASON_no_listener);
	e = ends_make("2001:db8:18::2", 4711, HOST6, 22);
	frame_tcp(&f, &e, &s);
	steady("not for us: TCP, other port, IPv6", &f, 1, REASON_no_listener);
	d.server_port = 4500;
	frame_udp(&f, &d, "some bytes", 10);
	steady("not for us: UDP, other port", &f, 1, REASON_no_listener);
	frame_arp(&f);
	steady("not for us: ARP", &f, 1, REASON_not_ip);
}

static struct feed_pick picks[FEED_PICKS];
#define ESTABLISHED 65536
#define ESTABLISHED_SEQ \
	5000000 /* near what was last seen of each: that of another visit is looked at twice */

static struct flow judged(const struct ends *e)
{
	return (struct flow){.first = e->client_port,
			     .next = ESTABLISHED_SEQ,
			     .state = FLOW_JUDGED,
			     .protocol = PROTO_HTTP};
}

static struct ends established_ends(unsigned int i)
{
	struct ends e = ends_make("198.18.0.0", 4711, HOST4, 80);

	put16(e.client + 14, i * 40503u);
	return e;
}

/* Renewed each time: the paths before this one may have pushed them out. */
static void established(void)
{
	static char data[1300];
	struct segment s = {.flags = ACK,
			    .seq = ESTABLISHED_SEQ,
			    .ack = 77,
			    .tsval = 1,
			    .data = data,
			    .len = sizeof(data)};
	struct ends e = established_ends(0);
	struct feed_packet f;
	unsigned int i;

	if (!feed_wants("established, data, of 65,536 visits"))
		return;
	for (i = 0; i < ESTABLISHED; i++) {
		struct ends at = established_ends(i);
		struct flow flow = judged(&at);

		memcpy(picks[i].bytes, at.client + 12, 4);
		flow_put(base, &at, &flow);
	}
	frame_tcp(&f, &e, &s);
	steady("established, data", &f, 1, REASON_established);
	s.len = 0;
	frame_tcp(&f, &e, &s);
	steady("established, ACK", &f, 1, REASON_control);
	feed_picks(picks, ESTABLISHED, client_at(&e), 4);
	s.len = sizeof(data);
	frame_tcp(&f, &e, &s);
	steady("established, data, of 65,536 visits", &f, 1, REASON_established);
	feed_no_picks();
}

static void dns(void)
{
	struct ends e = ends_make("198.18.1.2", 4711, HOST4, 53);
	static struct feed_packet f[1024];
	uint8_t query[REQUEST_MAX];
	char name[64];
	unsigned int i;

	for (i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "%08x.www.foreign.example", (unsigned int)random_next());
		frame_udp(&f[i], &e, query, say_dns(query, name));
	}
	steady("DNS refused, random labels", f, 1024, REASON_stray_answered);
	frame_udp(f, &e, query, say_dns(query, "www.served.example"));
	steady("DNS served", f, 1, REASON_served);
}

/* ---- whole visits -------------------------------------------------------- */

static struct visits visits;

/* Each packet once: it leaves something behind. */
static void once(const char *what, uint32_t reason)
{
	feed_packets(visits.frames, visits.count);
	measure(straygate(what), base->loaded.program, false, visits.count, base, reason);
}

static bool wants_any(const char *const what[5])
{
	int i;

	for (i = 0; i < 5; i++)
		if (feed_wants(what[i]))
			return true;
	return false;
}

static void stray_http(bool v6, bool stamps, const char *const what[5])
{
	uint8_t request[REQUEST_MAX];
	size_t len = say_http(request, "www.foreign.example");

	if (!wants_any(what))
		return;
	visits_new(&visits, VISITS, 80, v6, stamps);
	once(what[4], REASON_syn_answered);
	steady(what[0], visits.frames, VISITS, REASON_syn_answered);
	visits_shake(&visits, base);
	visits_frames(&visits, ACK, 0, 0, NULL, 0);
	steady(what[1], visits.frames, VISITS, REASON_ack_absorbed);
	visits_frames(&visits, ACK | PSH, 0, 0, request, len);
	once(what[2], REASON_stray_answered);
	/* The answer's length and its FIN: any number but 0 says that it came. */
	visits_frames(&visits, ACK | FIN, len, 98, NULL, 0);
	steady(what[3], visits.frames, VISITS, REASON_tail_closed);
}

static void served(const char *what)
{
	uint8_t request[REQUEST_MAX];
	size_t len = say_http(request, "www.served.example");

	if (!feed_wants(what))
		return;
	visits_new(&visits, VISITS, 80, false, true);
	visits_shake(&visits, base);
	visits_frames(&visits, ACK | PSH, 0, 0, request, len);
	once(what, REASON_served);
}

/* One segment: what fits of a ClientHello, the name in it. */
static void stray_tls(void)
{
	uint8_t hello[REQUEST_MAX];
	size_t len = say_tls(hello, "www.foreign.example", false);

	if (*feed_only && !strstr(feed_only, "TLS"))
		return;
	visits_new(&visits, HELD_MAX / 2, 443, false, true);
	visits_shake(&visits, base);
	visits_frames(&visits, ACK | PSH, 0, 0, hello, SEGMENT_MAX);
	once("stray TLS, name in the first segment", REASON_stray_answered);
	visits_frames(&visits, ACK | PSH, SEGMENT_MAX, 0, hello + SEGMENT_MAX, len - SEGMENT_MAX);
	once("stray TLS, its second segment", REASON_tail_answered);
	len = say_tls(hello, "www.foreign.example", true);
	visits_new(&visits, HELD_MAX / 2, 443, false, true);
	visits_shake(&visits, base);
	visits_frames(&visits, ACK, 0, 0, hello, SEGMENT_MAX);
	once("stray TLS, first segment held", REASON_held);
	visits_frames(&visits, ACK | PSH, SEGMENT_MAX, 0, hello + SEGMENT_MAX, len - SEGMENT_MAX);
	once("stray TLS, name in the second segment", REASON_stray_answered);
}

static double last(const char *what)
{
	struct figure *f = straygate(what);

	return f->count ? f->sample[f->count - 1] : 0;
}

static void whole_visit(const char *const what[5], const char *whole, const char *new_client)
{
	double rest = last(what[1]) + last(what[2]) + last(what[3]);

	figure_add(straygate(whole), last(what[0]) + rest);
	figure_add(straygate(new_client), last(what[4]) + rest);
}

/* ---- sources ------------------------------------------------------------- */

#define SOURCE_TABLES 3
static const unsigned int source_sizes[SOURCE_TABLES] = {1, 8000, 1000000};
static const char *const source_names[SOURCE_TABLES] = {
	"source dropped, 1 prefix", "source dropped, 8,000 prefixes", "source dropped, 1,000,000 prefixes"};
static struct instance *source_gates[SOURCE_TABLES];
static struct feed_pick *source_picks[SOURCE_TABLES];

static void source_gate(unsigned int which)
{
	char path[64], lines[1024], name[32];
	unsigned int i, n = source_sizes[which];
	struct in_addr a;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/ns-sources-%d", getpid());
	f = fopen(path, "w");
	source_picks[which] = calloc(FEED_PICKS, sizeof(struct feed_pick));
	if (!f || !source_picks[which])
		die("%s: %s", path, strerror(errno));
	for (i = 0; i < n; i++) {
		uint32_t len = n < 1000 ? 24 : 20 + random_next() % 13, host = len == 32 ? 0 : ~0u >> len;
		uint32_t addr = (uint32_t)random_next() | 1u << 24;

		a.s_addr = htonl(addr & ~host);
		fprintf(f, "%s/%u\n", inet_ntoa(a), len);
		put32(source_picks[which][i].bytes, (addr & ~host) | (random_next() & host));
	}
	fclose(f);
	for (; i < FEED_PICKS; i++)
		source_picks[which][i] = source_picks[which][i % n];
	snprintf(lines, sizeof(lines), BASE "source from %s drop\n", path);
	snprintf(name, sizeof(name), "sources%u", which);
	source_gates[which] = instance_new(name, lines);
	unlink(path);
}

static void sources_dropped(void)
{
	struct ends e = ends_make("198.18.1.2", 4711, HOST4, 80);
	struct feed_packet f;
	unsigned int i;

	frame_tcp(&f, &e, &(struct segment){.flags = SYN, .seq = 1, .tsval = 1});
	feed_packets(&f, 1);
	for (i = 0; i < SOURCE_TABLES; i++) {
		feed_picks(source_picks[i], FEED_PICKS, client_at(&e), 4);
		measure(straygate(source_names[i]), source_gates[i]->loaded.program, false, REPEAT,
			source_gates[i], REASON_source_dropped);
	}
	feed_no_picks();
}

/* ---- xdp-filter ---------------------------------------------------------- */

static int filter_ip = -1, filter_udp = -1;

/* Its objects are xdp-tools'; what it has in its maps is put there as its own
 * command would: for each CPU, bits of what is denied. */
static struct bpf_object *filter_open(const char *name)
{
	char path[128];
	struct bpf_object *o;

	snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/bpf/%s.o", name);
	o = access(path, R_OK) ? NULL : bpf_object__open_file(path, NULL);
	if (o && !bpf_object__load(o))
		return o;
	fprintf(stderr, "ns: xdp-filter (%s) does not load here, left out\n", path);
	return NULL;
}

static void filter_deny(struct bpf_object *o, const char *map, const void *key)
{
	uint64_t bits[libbpf_num_possible_cpus()];
	int fd = bpf_object__find_map_fd_by_name(o, map), i;

	for (i = 0; i < libbpf_num_possible_cpus(); i++)
		bits[i] = 1 | 2 | 4; /* source, destination, TCP or UDP; counted by the program */
	if (fd < 0 || bpf_map_update_elem(fd, key, bits, BPF_ANY))
		die("xdp-filter's %s: %s", map, strerror(errno));
}

static void filters_open(void)
{
	struct bpf_object *ip = filter_open("xdpfilt_dny_ip"), *udp = filter_open("xdpfilt_dny_udp");
	uint32_t port = htons(4500), i;

	if (ip) {
		for (i = 0; i < source_sizes[1]; i++)
			filter_deny(ip, "filter_ipv4", source_picks[1][i].bytes);
		filter_ip = bpf_program__fd(bpf_object__find_program_by_name(ip, "xdpfilt_dny_ip"));
	}
	if (udp) {
		filter_deny(udp, "filter_ports", &port);
		filter_udp = bpf_program__fd(bpf_object__find_program_by_name(udp, "xdpfilt_dny_udp"));
	}
}

static void filters(void)
{
	struct ends e = ends_make("198.18.1.2", 4711, HOST4, 80),
		    d = ends_make("198.18.1.2", 4711, HOST4, 4500);
	struct feed_packet f;

	if (filter_ip >= 0) {
		frame_tcp(&f, &e, &(struct segment){.flags = SYN, .seq = 1, .tsval = 1});
		feed_packets(&f, 1);
		measure(figure_of("not listed, 8,000 addresses", "xdp-filter ip", "ns over empty"), filter_ip,
			true, REPEAT, NULL, 0);
		/* The first 8,000 picks are the addresses themselves. */
		feed_picks(source_picks[1], source_sizes[1], client_at(&e), 4);
		measure(figure_of("source dropped, 8,000 addresses", "xdp-filter ip", "ns over empty"),
			filter_ip, true, REPEAT, NULL, 0);
		feed_no_picks();
	}
	if (filter_udp >= 0) {
		frame_udp(&f, &d, "some bytes", 10);
		feed_packets(&f, 1);
		measure(figure_of("UDP port dropped", "xdp-filter udp", "ns over empty"), filter_udp, true,
			REPEAT, NULL, 0);
	}
}

/* ---- all of it ----------------------------------------------------------- */

static void floor_of_all(void)
{
	struct ends e = ends_make("198.18.1.2", 4711, HOST4, 22);
	struct figure *f = figure_of("empty program, restoring of 66 bytes included", "empty", "ns");
	struct feed_packet p;

	frame_tcp(&p, &e, &(struct segment){.flags = ACK, .seq = 1, .tsval = 1});
	feed_packets(&p, 1);
	figure_add(f, feed_run(feed_empty(false), false, REPEAT));
}

/* SYN, ACK, request, FIN of the same visits, and the SYN again as the first packet
 * of a client that nobody has seen: tables of flows and sockets are cold then. */
#define WAYS(kind)                                                                                        \
	{                                                                                                 \
		"SYN answered" kind, "final ACK absorbed" kind, "stray HTTP request answered" kind,       \
			"FIN of an answered visit acknowledged" kind, "SYN of a new client answered" kind \
	}
static const char *const plain[5] = WAYS("");
static const char *const v6[5] = WAYS(", IPv6");
static const char *const unstamped[5] = WAYS(", no timestamps");
static const char *const counted[5] = WAYS(", with limit each and learn");

/* The same with both lines that look at every client, each client a new one. */
static void with_client_lines(void)
{
	struct instance *without = base;

	base = clients;
	stray_http(false, true, counted);
	whole_visit(counted, "a whole stray HTTP visit, with limit each and learn",
		    "a whole stray HTTP visit of a new client, with limit each and learn");
	served("served HTTP, first data, with limit each and learn");
	base = without;
}

void bench_packet(unsigned int rounds)
{
	unsigned int i;

	base = instance_new("base", BASE);
	clients = instance_new("clients", BASE CLIENT_LINES);
	for (i = 0; i < SOURCE_TABLES; i++)
		source_gate(i);
	filters_open();
	flows_fill(base);
	flows_fill(clients);
	for (i = 0; i < rounds; i++) {
		floor_of_all();
		not_for_us();
		sources_dropped();
		filters();
		stray_http(false, true, plain);
		whole_visit(plain, "a whole stray HTTP visit: SYN, ACK, request, FIN",
			    "a whole stray HTTP visit of a new client");
		with_client_lines();
		stray_http(true, true, v6);
		stray_http(false, false, unstamped);
		served("served HTTP, first data");
		stray_tls();
		dns();
		established();
	}
	for (i = 0; i < figures; i++)
		figure_print(&figure[i]);
	for (i = 0; i < SOURCE_TABLES; i++)
		instance_free(source_gates[i]);
	instance_free(clients);
	instance_free(base);
}

static void on_core(int cpu)
{
	struct sched_param param = {.sched_priority = 1};
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	/* Figures of a busy machine are better than none. */
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		perror("ns: SCHED_FIFO");
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	if (argc < 2 || argc > 4 || rounds >= SAMPLES_MAX)
		die("usage: ns packet|tables|scaling [ROUNDS [PART-OF-A-NAME]]");
	feed_only = argc > 3 ? argv[3] : "";
	world_open();
	feed_open();
	if (!strcmp(argv[1], "packet")) {
		on_core(0);
		bench_packet(rounds ? rounds : 21);
	} else if (!strcmp(argv[1], "tables")) {
		on_core(0);
		bench_tables(rounds ? rounds : 15);
	} else if (!strcmp(argv[1], "scaling")) {
		bench_scaling(rounds ? rounds : 11);
	} else {
		die("no benchmark %s", argv[1]);
	}
	return 0;
}
