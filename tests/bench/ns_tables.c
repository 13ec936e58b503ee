// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Look-ups of one address among many prefixes, alone: the gate's own stage
 * (tree, rule, its action) and an LPM trie, fed with the same packets, less the
 * same program without a look-up. And of one name among many, as the whole way
 * of a DNS query (random names below a zone) or of a first HTTP request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ns.h"

#define REPEAT 50000

static const unsigned int prefix_sizes[] = {1, 1000, 100000, 1000000};
static const unsigned int name_sizes[] = {1, 1000, 1000000};
#define PREFIX_SIZES (sizeof(prefix_sizes) / sizeof(prefix_sizes[0]))
#define NAME_SIZES   (sizeof(name_sizes) / sizeof(name_sizes[0]))

static const char *const size_texts[2][PREFIX_SIZES] = {
	{"source look-up, IPv4, 1 prefix", "source look-up, IPv4, 1,000", "source look-up, IPv4, 100,000",
	 "source look-up, IPv4, 1,000,000"},
	{"source look-up, IPv6, 1 prefix", "source look-up, IPv6, 1,000", "source look-up, IPv6, 100,000",
	 "source look-up, IPv6, 1,000,000"},
};

/* ---- sources ------------------------------------------------------------- */

struct sources {
	struct instance *gate;
	int look;
	struct feed_pick *picks; /* an address in each of them */
	uint8_t (*prefixes)[17]; /* address (IPv4 in the first 4 bytes) and length */
	struct figure ours, lpm;
};
static struct sources sources[2][PREFIX_SIZES];

/* IPv4: /20 to /32, anywhere. IPv6: /32 to /64 in 2000::/3, one in eight longer. */
static void draw_prefix(bool v6, uint8_t prefix[17], struct feed_pick *pick)
{
	unsigned int width = v6 ? 16 : 4, len, i;
	uint64_t r;

	for (i = 0; i < width; i++)
		prefix[i] = random_next() >> 20;
	r = random_next() >> 10;
	len = !v6 ? 20 + r % 13 : r % 8 ? 32 + (r >> 8) % 33 : 65 + (r >> 8) % 64;
	if (v6)
		prefix[0] = 0x20 | (prefix[0] & 0x1f);
	else
		prefix[0] = 1 + prefix[0] % 223;
	memcpy(pick->bytes, prefix, width);
	for (i = len; i < width * 8; i++)
		prefix[i / 8] &= ~(0x80 >> i % 8);
	prefix[16] = len;
}

static void write_list(const struct sources *s, bool v6, unsigned int n, const char *path)
{
	FILE *f = fopen(path, "w");
	char text[64];
	unsigned int i;

	for (i = 0; f && i < n; i++)
		fprintf(f, "%s/%u\n", inet_ntop(v6 ? AF_INET6 : AF_INET, s->prefixes[i], text, sizeof(text)),
			s->prefixes[i][16]);
	if (!f || fclose(f))
		die("%s: %s", path, strerror(errno));
}

static void sources_make(bool v6, unsigned int which)
{
	struct sources *s = &sources[v6][which];
	unsigned int n = prefix_sizes[which], i;
	char path[64], lines[256], name[32];

	s->picks = calloc(FEED_PICKS, sizeof(*s->picks));
	s->prefixes = calloc(n, sizeof(*s->prefixes));
	if (!s->picks || !s->prefixes)
		die("no memory");
	for (i = 0; i < n; i++)
		draw_prefix(v6, s->prefixes[i], &s->picks[i]);
	for (; i < FEED_PICKS; i++)
		s->picks[i] = s->picks[i % n];
	snprintf(path, sizeof(path), "/tmp/ns-sources-%d", getpid());
	write_list(s, v6, n, path);
	snprintf(lines, sizeof(lines),
		 "posture enforce\nlisten tcp/80 as http\nserve served.example\nsource from %s drop\n", path);
	snprintf(name, sizeof(name), "tables%d-%u", v6, which);
	s->gate = instance_new(name, lines);
	unlink(path);
	s->look = feed_look_source(s->gate);
	s->ours = (struct figure){"tables", size_texts[v6][which], "straygate", "ns", .note = ""};
	s->lpm = (struct figure){"tables", size_texts[v6][which], "BPF LPM trie", "ns", .note = ""};
}

static void lpm_change(bool v6, unsigned int which, bool add)
{
	struct sources *s = &sources[v6][which];
	unsigned int i, width = v6 ? 16 : 4;
	uint32_t value = 1;
	struct {
		uint32_t len;
		uint8_t addr[16];
	} key;

	for (i = 0; i < prefix_sizes[which]; i++) {
		key.len = s->prefixes[i][16];
		memcpy(key.addr, s->prefixes[i], width);
		if (add && bpf_map_update_elem(feed_lpm_map(v6), &key, &value, BPF_ANY))
			die("LPM trie: %s", strerror(errno));
		if (!add)
			bpf_map_delete_elem(feed_lpm_map(v6), &key);
	}
}

static void sources_begin(bool v6, const struct sources *s)
{
	struct ends e =
		v6 ? ends_make("2001:db8:18::1", 4711, HOST6, 80) : ends_make("198.18.0.1", 4711, HOST4, 80);
	struct feed_packet f;

	frame_tcp(&f, &e, &(struct segment){.flags = SYN, .seq = 1, .tsval = 1});
	feed_packets(&f, 1);
	feed_picks(s->picks, FEED_PICKS, client_at(&e), client_len(&e));
}

/* Filling the trie takes seconds: its rounds are one behind the other, between
 * rounds of ours. */
static void sources_measure(bool v6, unsigned int which, unsigned int rounds)
{
	struct sources *s = &sources[v6][which];
	unsigned int i;

	lpm_change(v6, which, true);
	sources_begin(v6, s);
	for (i = 0; i < rounds; i++) {
		double nowhere = feed_run(feed_look_nowhere(), false, REPEAT);

		figure_add(&s->ours, feed_run(s->look, false, REPEAT) - nowhere);
		figure_add(&s->lpm, feed_run(feed_look_lpm(), false, REPEAT) - nowhere);
	}
	feed_no_picks();
	lpm_change(v6, which, false);
	figure_print(&s->ours);
	figure_print(&s->lpm);
}

/* ---- names --------------------------------------------------------------- */

static const char *const zone_texts[NAME_SIZES] = {"DNS query for one of 1 zone",
						   "DNS query for one of 1,000 zones",
						   "DNS query for one of 1,000,000 zones"};
static const char *const miss_texts[NAME_SIZES] = {"DNS query for none of 1 zone",
						   "DNS query for none of 1,000 zones",
						   "DNS query for none of 1,000,000 zones"};
static const char *const serve_texts[NAME_SIZES] = {"first HTTP request for one of 1 name",
						    "first HTTP request for one of 1,000 names",
						    "first HTTP request for one of 1,000,000 names"};

struct names {
	struct instance *gate;
	struct feed_pick *picks; /* the eight digits of each */
	struct figure zone, miss, serve;
};
static struct names names[NAME_SIZES];

static void name_digits(char out[9], uint32_t i)
{
	/* Spread, so that neighbours in the list are none in the table. */
	snprintf(out, 9, "%08x", i * 2654435761u);
}

static void write_names(const char *path, unsigned int n, const char *format)
{
	FILE *f = fopen(path, "w");
	char digits[9];
	unsigned int i;

	for (i = 0; f && i < n; i++) {
		name_digits(digits, i);
		fprintf(f, format, digits);
	}
	if (!f || fclose(f))
		die("%s: %s", path, strerror(errno));
}

static void names_make(unsigned int which)
{
	unsigned int n = name_sizes[which], i;
	char zones[64], serve[64], lines[512], name[32], digits[9];
	struct names *s = &names[which];

	s->picks = calloc(FEED_PICKS, sizeof(*s->picks));
	if (!s->picks)
		die("no memory");
	for (i = 0; i < FEED_PICKS; i++) {
		name_digits(digits, random_next() % n);
		memcpy(s->picks[i].bytes, digits, 8);
	}
	snprintf(zones, sizeof(zones), "/tmp/ns-zones-%d", getpid());
	snprintf(serve, sizeof(serve), "/tmp/ns-names-%d", getpid());
	write_names(zones, n, "%s.zone.example\n");
	write_names(serve, n, "%s.name.example\n");
	snprintf(lines, sizeof(lines),
		 "posture enforce\nlisten tcp/80 as http handshake on\nlisten udp/53 as dns\n"
		 "serve from %s\nzone from %s\n",
		 serve, zones);
	snprintf(name, sizeof(name), "names%u", which);
	s->gate = instance_new(name, lines);
	unlink(zones);
	unlink(serve);
	s->zone = (struct figure){"tables", zone_texts[which], "straygate", "ns over empty", .note = ""};
	s->miss = (struct figure){"tables", miss_texts[which], "straygate", "ns over empty", .note = ""};
	s->serve = (struct figure){"tables", serve_texts[which], "straygate", "ns over empty", .note = ""};
}

/* The whole name, its first eight letters new each time. */
static void query(struct names *s, struct figure *f, const char *name, uint32_t reason)
{
	struct ends e = ends_make("198.18.1.2", 4711, HOST4, 53);
	uint8_t bytes[REQUEST_MAX];
	struct feed_packet p;

	frame_udp(&p, &e, bytes, say_dns(bytes, name));
	feed_packets(&p, 1);
	feed_picks(s->picks, FEED_PICKS, 14 + 20 + 8 + 12 + 1, 8);
	measure(f, s->gate->loaded.program, false, REPEAT, s->gate, reason);
	feed_no_picks();
}

static void request(struct names *s)
{
	static struct visits visits;
	uint8_t bytes[REQUEST_MAX];
	size_t len = say_http(bytes, "01234567.name.example");
	const uint8_t *host = memmem(bytes, len, "01234567", 8);
	unsigned int first = random_next() % (FEED_PICKS - VISITS), i;

	visits_new(&visits, VISITS, 80, false, true);
	visits_shake(&visits, s->gate);
	visits_frames(&visits, ACK | PSH, 0, 0, bytes, len);
	/* Elsewhere in the list each time; no picks: the checksum has to be right. */
	for (i = 0; i < VISITS; i++)
		frame_tcp_say(&visits.frames[i], &visits.ends[i], 14 + 20 + 32 + (host - bytes),
			      s->picks[first + i].bytes, 8);
	feed_packets(visits.frames, VISITS);
	measure(&s->serve, s->gate->loaded.program, false, VISITS, s->gate, REASON_served);
}

static void names_bench(unsigned int rounds)
{
	unsigned int i, k;

	for (i = 0; i < NAME_SIZES; i++)
		names_make(i);
	for (k = 0; k < rounds; k++) {
		for (i = 0; i < NAME_SIZES; i++) {
			query(&names[i], &names[i].zone, "01234567.zone.example", REASON_served);
			query(&names[i], &names[i].miss, "01234567.none.example", REASON_stray_answered);
			request(&names[i]);
		}
	}
	for (i = 0; i < NAME_SIZES; i++) {
		figure_print(&names[i].zone);
		figure_print(&names[i].miss);
		figure_print(&names[i].serve);
		instance_free(names[i].gate);
		free(names[i].picks);
	}
}

void bench_tables(unsigned int rounds)
{
	unsigned int v6, i;

	for (v6 = 0; v6 < 2; v6++) {
		for (i = 0; i < PREFIX_SIZES; i++) {
			sources_make(v6, i);
			sources_measure(v6, i, rounds);
		}
		for (i = 0; i < PREFIX_SIZES; i++) {
			instance_free(sources[v6][i].gate);
			free(sources[v6][i].picks);
			free(sources[v6][i].prefixes);
		}
	}
	names_bench(rounds);
}
