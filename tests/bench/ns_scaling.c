// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two cores beside one. What they share is what they would share on a NIC with
 * two queues: the tables, the memory of flows, and the buckets of limits.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ns.h"

#define REPEAT 200000

#define POLICY                                 \
	"posture enforce\n"                    \
	"listen tcp/80 as http handshake on\n" \
	"listen udp/53 as dns\n"               \
	"serve served.example\n"               \
	"zone served.example\n"

/* `limited` is over its limit all the time: a bucket is read. `contended` never is:
 * both cores write one word for each packet, as exactness demands. */
static struct instance *gate, *limited, *contended;

struct way {
	const char *what;
	struct figure one, two, ratio;
};
#define WAYS 10
static struct way ways[WAYS];

static void measure_way(struct way *w, const char *what, const struct instance *g)
{
	double one = feed_run_cores(g->loaded.program, REPEAT, 1);
	double two = feed_run_cores(g->loaded.program, REPEAT, 2);

	w->what = what;
	figure_add(&w->one, one / 1e6);
	figure_add(&w->two, two / 1e6);
	figure_add(&w->ratio, two / one);
}

static void tcp(const struct ends *e, uint8_t flags, size_t len)
{
	static char data[1300];
	struct feed_packet f;

	frame_tcp(&f, e,
		  &(struct segment){
			  .flags = flags, .seq = 5000000, .ack = 77, .tsval = 1, .data = data, .len = len});
	feed_packets(&f, 1);
}

static struct feed_pick picks[65536];

static void clients(const struct ends *e)
{
	unsigned int i;

	for (i = 0; i < 65536; i++) {
		memcpy(picks[i].bytes, e->client + 12, 2);
		put16(picks[i].bytes + 2, i * 40503u);
	}
	feed_picks(picks, 65536, client_at(e), 4);
}

static void query(const char *name)
{
	struct ends e = ends_make("198.18.0.1", 4711, HOST4, 53);
	uint8_t bytes[REQUEST_MAX];
	struct feed_packet f;

	frame_udp(&f, &e, bytes, say_dns(bytes, name));
	feed_packets(&f, 1);
}

static void round_of_all(void)
{
	struct ends e = ends_make("198.18.0.1", 4711, HOST4, 80), other = e;

	other.server_port = 22;
	tcp(&other, ACK, 1300);
	measure_way(&ways[0], "not for us", gate);
	tcp(&e, SYN, 0);
	clients(&e);
	measure_way(&ways[1], "SYN answered, 65,536 clients", gate);
	measure_way(&ways[2], "source of one line with a limit, 65,536 clients", limited);
	feed_no_picks();
	measure_way(&ways[3], "SYN answered, one client", gate);
	measure_way(&ways[4], "one hot source, over its limit", limited);
	measure_way(&ways[5], "one hot source, within a contended limit: SYN answered", contended);
	query("www.foreign.example");
	measure_way(&ways[6], "DNS refused, one hot name", gate);
	measure_way(&ways[7], "DNS stray, one hot name within a contended limit", contended);
	query("www.served.example");
	measure_way(&ways[8], "DNS served, one hot name", gate);
}

void bench_scaling(unsigned int rounds)
{
	unsigned int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		fprintf(stderr, "ns: one core, nothing scales\n");
		return;
	}
	gate = instance_new("scaling", POLICY);
	limited = instance_new("limited", POLICY "source 198.18.0.0/15 limit 1000 packets/s\n");
	contended = instance_new("contended", POLICY "source 198.18.0.1 limit 1000000000 packets/s\n"
						     "stray dns limit 1000000000 visits/s\n");
	for (i = 0; i < WAYS; i++) {
		ways[i].one = (struct figure){"scaling", NULL, "1 core", "Mpps", .note = ""};
		ways[i].two = (struct figure){"scaling", NULL, "2 cores", "Mpps", .note = ""};
		ways[i].ratio = (struct figure){"scaling", NULL, "2 cores / 1 core", "times", .note = ""};
	}
	for (i = 0; i < rounds; i++)
		round_of_all();
	for (i = 0; i < WAYS && ways[i].what; i++) {
		ways[i].one.what = ways[i].two.what = ways[i].ratio.what = ways[i].what;
		figure_print(&ways[i].one);
		figure_print(&ways[i].two);
		figure_print(&ways[i].ratio);
	}
	instance_free(gate);
	instance_free(limited);
	instance_free(contended);
}
