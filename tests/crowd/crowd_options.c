// SPDX-License-Identifier: GPL-2.0-or-later
/* What the crowd was asked to do. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"

static const char usage[] =
	"usage: crowd [options]\n"
	"\n"
	"A population of raw-socket visitors. Run it in the crowd's network namespace.\n"
	"\n"
	"who comes\n"
	"  --rate N              stray visits a second (0: none)\n"
	"  --name NAME[:WEIGHT]  what they ask for, also several times (www.foreign.example)\n"
	"  --name-file FILE      a NAME [WEIGHT] a line\n"
	"  --sources PREFIX[:N[:FROM]]  where they come from (198.18.0.0/16; 2001:db8:18::/49 with\n"
	"                        --v6); of each /24 only N addresses, of each /56 only N /64s, from\n"
	"                        number FROM (0) on: many networks, and two streams in the same ones\n"
	"  --served-rate, --served-name, --served-name-file, --served-sources\n"
	"                        a second stream at the same time (0; www.served.example;\n"
	"                        198.19.0.0/16; 2001:db8:18:8000::/49)\n"
	"  --seconds S           how long (5), or until SIGINT; then --drain MS for what is open (2000)\n"
	"\n"
	"what they do\n"
	"  --mode http|tls|dns|silent|syn|forged, --served-mode M   (http)\n"
	"                        syn: spoofed, one SYN and never a word more; forged: an ACK\n"
	"                        with a request in it, of a handshake that never was\n"
	"  --v6                  IPv6\n"
	"  --segments N          cut each request into N segments\n"
	"  --sni first|last|mixed  where in the ClientHello the name stands (mixed)\n"
	"  --path PATH           of HTTP requests (/)\n"
	"  --random-label, --served-random-label   in front of each DNS name\n"
	"  --no-timestamps       as Windows\n"
	"  --deadline MS         a visitor's patience (10000)\n"
	"  --good-within MS      an answer within this is good (500)\n"
	"\n"
	"  --curve 'S:PART ...'  the part of the rate that comes after S seconds; straight lines between\n"
	"  --tail COUNT:EXPONENT:NAME  a long tail of names below NAME, the n-th 1/n^EXPONENT as often as\n"
	"                        the first; together as heavy as the names given before\n"
	"  --again P:TIMES:MS    one who was not answered comes again, with probability P, after MS\n"
	"  --served-curve, --served-tail, --served-again\n"
	"\n"
	"a mix\n"
	"  --mix FILE            these options, one a line, without dashes; `stream LABEL` begins a\n"
	"                        stream, and its options follow (up to 12, sources of their own).\n"
	"                        tests/bench/incident-2014.mix: a country's resolvers send it all here,\n"
	"                        heavy names and a long tail, who come again, until caches run dry\n"
	"  --scale F             all rates times F\n"
	"\n"
	"where to\n"
	"  --dev DEV (c0) --to ADDR (10.77.0.1) --to6 ADDR (2001:db8:77::1) --port N --mac MAC\n"
	"\n"
	"  --json                the report as JSON\n"
	"  --fifo                ahead of all ordinary processes on its core (SCHED_FIFO 1)\n"
	"  --dry                 no network: answer the crowd inside the program\n"
	"  --answer              be the other side, on --dev, for --seconds\n";

void die(const char *what, const char *arg)
{
	fprintf(stderr, "crowd: %s: %s\n", what, arg);
	exit(2);
}

double parse_number(const char *what, const char *arg, double max)
{
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || *end || !(v >= 0) || v > max)
		die(what, arg);
	return v;
}

static enum mode parse_mode(const char *arg)
{
	static const char *const names[] = {"http", "tls", "dns", "silent", "syn", "forged"};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(arg, names[i]))
			return i;
	die("no such mode", arg);
	return MODE_HTTP;
}

void name_add(struct stream *s, const char *text, double weight)
{
	struct name *n;

	if (s->name_count == MAX_NAMES || strlen(text) >= sizeof(n->text))
		die("too many names, or too long", text);
	s->names = realloc(s->names, (s->name_count + 1) * sizeof(*n));
	if (!s->names)
		die("no memory", text);
	n = &s->names[s->name_count];
	*n = (struct name){.weight = weight * 1000};
	strcpy(n->text, text);
	if (s->name_count)
		n->weight += n[-1].weight;
	if (!n->weight)
		die("weights start above 0", text);
	s->name_count++;
}

static void parse_name(struct stream *s, char *arg)
{
	char *colon = strrchr(arg, ':');
	double weight = 1;

	if (colon) {
		*colon = '\0';
		weight = parse_number("bad weight", colon + 1, 1e9);
	}
	name_add(s, arg, weight);
}

static void parse_name_file(struct stream *s, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[300], name[256];
	double weight;

	if (!f)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		int n = sscanf(line, "%255s %lf", name, &weight);

		if (n >= 1 && name[0] != '#')
			name_add(s, name, n == 2 ? weight : 1);
	}
	fclose(f);
}

/* Only addresses that are nobody's: a crowd let loose in the wrong namespace
 * must not be able to speak for, or to, real hosts. */
static bool is_nobodys(const struct stream *s, unsigned int len)
{
	uint32_t first = get32(s->base);

	if (s->v6)
		return first == 0x20010db8 && len >= 32;
	if ((first & 0xfffe0000) == 0xc6120000)
		return len >= 15;
	/* 10.77.0.0/16 is the testbed's own. */
	return first >> 24 == 10 && len >= 9 && (0x0a4d0000 & ~0u << (32 - len)) != first;
}

/* N addresses of each network, FROM that one on. */
static void parse_hosts(struct stream *s, const char *arg, unsigned int hosts, unsigned int first)
{
	unsigned int net = s->v6 ? 56 : 24;

	if (!hosts || hosts & (hosts - 1) || first % hosts || first + hosts > 256 || s->prefix_len > net ||
	    s->prefix_len + 17 < net)
		die("not PREFIX:N:FROM (N is a power of two, FROM a multiple of N, both below 256)", arg);
	s->hosts = hosts;
	s->first_host = first;
	s->sources = (1u << (net - s->prefix_len)) * hosts;
}

static void parse_sources(struct stream *s, const char *arg)
{
	char text[64];
	unsigned int len, width, bits, hosts, first = 0;
	int end = 0,
	    fields = sscanf(arg, "%63[^/]/%u%n:%u%n:%u%n", text, &len, &end, &hosts, &end, &first, &end);

	if (fields < 2 || arg[end])
		die("not a prefix", arg);
	memset(s->base, 0, sizeof(s->base));
	s->v6 = strchr(text, ':');
	width = s->v6 ? 128 : 32;
	if (inet_pton(s->v6 ? AF_INET6 : AF_INET, text, s->base) != 1 || len > width)
		die("not a prefix", arg);
	if (!is_nobodys(s, len))
		die("sources must be within 198.18.0.0/15, 10.0.0.0/8 (but for 10.77.0.0/16) or "
		    "2001:db8::/32",
		    arg);
	for (unsigned int i = len; i < width; i++)
		if (s->base[i / 8] & 0x80 >> i % 8)
			die("bits behind the prefix", arg);
	bits = width - len < 17 ? width - len : 17;
	s->prefix_len = len;
	s->sources = 1u << bits;
	s->hosts = 0;
	if (fields > 2)
		parse_hosts(s, arg, hosts, first);
	/* An odd number has an inverse modulo a power of two (Newton). */
	s->stride = 2654435761u;
	s->unstride = s->stride;
	for (int i = 0; i < 5; i++)
		s->unstride *= 2 - s->stride * s->unstride;
}

static void parse_target(const char *arg)
{
	if (inet_pton(AF_INET, arg, config.to4) != 1)
		die("not an IPv4 address", arg);
	if (config.to4[0] != 10 && (get32(config.to4) & 0xfffe0000) != 0xc6120000)
		die("the victim must be within 10.0.0.0/8 or 198.18.0.0/15", arg);
}

static void parse_target6(const char *arg)
{
	if (inet_pton(AF_INET6, arg, config.to6) != 1 || get32(config.to6) != 0x20010db8)
		die("the victim must be within 2001:db8::/32", arg);
}

static void parse_mac(const char *arg)
{
	unsigned int m[6];

	if (sscanf(arg, "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) != 6)
		die("not a MAC", arg);
	for (int i = 0; i < 6; i++)
		config.mac[i] = m[i];
	config.have_mac = true;
}

static int parse_sni(const char *arg)
{
	if (!strcmp(arg, "first"))
		return 0;
	if (!strcmp(arg, "last"))
		return 1;
	if (strcmp(arg, "mixed"))
		die("first, last or mixed", arg);
	return 2;
}

enum {
	O_RATE = 256,
	O_NAME,
	O_NAME_FILE,
	O_SOURCES,
	O_MODE,
	O_LABEL,
	O_CURVE,
	O_TAIL,
	O_AGAIN,
	O_SERVED,
	O_SECONDS = O_SERVED * 2,
	O_DRAIN,
	O_V6,
	O_SEGMENTS,
	O_SNI,
	O_PATH,
	O_NO_TS,
	O_DEADLINE,
	O_GOOD,
	O_DEV,
	O_TO,
	O_TO6,
	O_PORT,
	O_MAC,
	O_JSON,
	O_FIFO,
	O_DRY,
	O_ANSWER,
	O_MIX,
	O_SCALE,
	O_HELP,
};

static const struct option options[] = {
	{"rate", 1, 0, O_RATE},
	{"served-rate", 1, 0, O_SERVED + O_RATE},
	{"name", 1, 0, O_NAME},
	{"served-name", 1, 0, O_SERVED + O_NAME},
	{"name-file", 1, 0, O_NAME_FILE},
	{"served-name-file", 1, 0, O_SERVED + O_NAME_FILE},
	{"sources", 1, 0, O_SOURCES},
	{"served-sources", 1, 0, O_SERVED + O_SOURCES},
	{"mode", 1, 0, O_MODE},
	{"served-mode", 1, 0, O_SERVED + O_MODE},
	{"curve", 1, 0, O_CURVE},
	{"served-curve", 1, 0, O_SERVED + O_CURVE},
	{"tail", 1, 0, O_TAIL},
	{"served-tail", 1, 0, O_SERVED + O_TAIL},
	{"again", 1, 0, O_AGAIN},
	{"served-again", 1, 0, O_SERVED + O_AGAIN},
	{"mix", 1, 0, O_MIX},
	{"scale", 1, 0, O_SCALE},
	{"seconds", 1, 0, O_SECONDS},
	{"drain", 1, 0, O_DRAIN},
	{"v6", 0, 0, O_V6},
	{"segments", 1, 0, O_SEGMENTS},
	{"sni", 1, 0, O_SNI},
	{"path", 1, 0, O_PATH},
	{"random-label", 0, 0, O_LABEL},
	{"served-random-label", 0, 0, O_SERVED + O_LABEL},
	{"no-timestamps", 0, 0, O_NO_TS},
	{"deadline", 1, 0, O_DEADLINE},
	{"good-within", 1, 0, O_GOOD},
	{"dev", 1, 0, O_DEV},
	{"to", 1, 0, O_TO},
	{"to6", 1, 0, O_TO6},
	{"port", 1, 0, O_PORT},
	{"mac", 1, 0, O_MAC},
	{"json", 0, 0, O_JSON},
	{"fifo", 0, 0, O_FIFO},
	{"dry", 0, 0, O_DRY},
	{"answer", 0, 0, O_ANSWER},
	{"help", 0, 0, O_HELP},
	{0},
};

static void parse_stream_option(struct stream *s, int o, char *arg)
{
	switch (o) {
	case O_RATE:
		s->rate = parse_number("bad rate", arg, 1e7);
		break;
	case O_NAME:
		parse_name(s, arg);
		break;
	case O_NAME_FILE:
		parse_name_file(s, arg);
		break;
	case O_SOURCES:
		parse_sources(s, arg);
		break;
	case O_MODE:
		s->mode = parse_mode(arg);
		break;
	case O_LABEL:
		s->random_label = true;
		break;
	case O_CURVE:
		mix_curve(s, arg);
		break;
	case O_TAIL:
		mix_tail(s, arg);
		break;
	case O_AGAIN:
		mix_again(s, arg);
		break;
	}
}

static void parse_option(int o, char *arg)
{
	switch (o) {
	case O_SECONDS:
		config.seconds = parse_number("bad time", arg, 3600);
		break;
	case O_DRAIN:
		config.drain = parse_number("bad time", arg, 60000) * NSEC_PER_MSEC;
		break;
	case O_SEGMENTS:
		config.segments = parse_number("bad number of segments", arg, MAX_SEGMENTS);
		break;
	case O_SNI:
		config.sni = parse_sni(arg);
		break;
	case O_PATH:
		config.path = arg;
		break;
	case O_NO_TS:
		config.timestamps = false;
		break;
	case O_DEADLINE:
		config.deadline = parse_number("bad time", arg, 120000) * NSEC_PER_MSEC;
		break;
	case O_GOOD:
		config.good_within = parse_number("bad time", arg, 120000) * NSEC_PER_MSEC;
		break;
	case O_DEV:
		config.device = arg;
		break;
	case O_TO:
		parse_target(arg);
		break;
	case O_TO6:
		parse_target6(arg);
		break;
	case O_PORT:
		config.port = parse_number("bad port", arg, 65535);
		break;
	case O_MAC:
		parse_mac(arg);
		break;
	case O_JSON:
		config.json = true;
		break;
	case O_FIFO:
		config.fifo = true;
		break;
	case O_DRY:
		config.dry = true;
		break;
	case O_ANSWER:
		config.answerer = true;
		break;
	case O_HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		exit(2);
	}
}

static bool v6;
static double scale = 1;

/* Streams that come, moved together; ready to begin. */
static void streams_init(void)
{
	static const char *const from[2][2] = {{"198.18.0.0/16", "198.19.0.0/16"},
					       {"2001:db8:18::/49", "2001:db8:18:8000::/49"}};
	static const char *const name[2] = {"www.foreign.example", "www.served.example"};
	static const uint16_t ports[] = {80, 443, 53, 80, 80, 80};

	for (unsigned int i = 0; i < MAX_STREAMS; i++) {
		struct stream *s = &streams[i];

		s->rate *= scale;
		if (!s->rate)
			continue;
		if (!s->label)
			s->label = i ? "served" : "stray";
		if (!s->sources)
			parse_sources(s, from[v6][!!i]);
		if (!s->names)
			name_add(s, name[!!i], 1);
		s->port = config.port ? config.port : ports[s->mode];
		for (unsigned int k = 0; k < s->name_count * 2; k++) {
			struct request *r = calloc(1, sizeof(*r));
			struct name *n = &s->names[k / 2];

			n->request[k % 2] = r;
			if (!r ||
			    (s->mode == MODE_TLS ? request_tls(r, n->text, k % 2) : request_http(r, n->text)))
				die("request too long, or too many segments", n->text);
		}
		if (visits_init(s))
			die("no memory", s->label);
		streams[stream_count++] = *s;
	}
	if (!stream_count)
		die("nobody comes", "--rate or --served-rate");
}

static void read_option(struct stream *stray, struct stream *served, int o, char *arg)
{
	if (o >= O_RATE && o < O_SERVED)
		parse_stream_option(stray, o, arg);
	else if (o >= O_SERVED + O_RATE && o < O_SECONDS)
		parse_stream_option(served, o - O_SERVED, arg);
	else if (o == O_V6)
		v6 = true;
	else if (o == O_SCALE)
		scale = parse_number("bad scale", arg, 1e6);
	else
		parse_option(o, arg);
}

/* A line of a mix. */
static void mix_option(struct stream *s, const char *name, char *arg)
{
	for (const struct option *o = options; o->name; o++) {
		if (strcmp(o->name, name) || o->val == O_MIX || o->val == O_HELP ||
		    (o->val >= O_SERVED + O_RATE && o->val < O_SECONDS))
			continue;
		if (o->val < O_SERVED && !s)
			die("this belongs to a stream", name);
		if ((*arg != 0) != o->has_arg)
			die(o->has_arg ? "needs a value" : "takes no value", name);
		/* Some are kept as they are. */
		read_option(s, NULL, o->val, strdup(arg));
		return;
	}
	die("not an option of a mix", name);
}

void options_read(int argc, char **argv)
{
	int o;

	inet_pton(AF_INET6, "2001:db8:77::1", config.to6);
	while ((o = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (o == O_MIX)
			mix_read(optarg, mix_option);
		else
			read_option(&streams[0], &streams[1], o, optarg);
	}
	if (optind != argc)
		die("not an option", argv[optind]);
	if (!config.answerer)
		streams_init();
}
