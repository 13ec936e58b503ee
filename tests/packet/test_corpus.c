// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of real clients (tests/fuzz/corpus), cut in two at every byte: in
 * order, each half twice, the halves exchanged; and in segments of one byte. At
 * both depths, under a policy that passes them and under one that turns them
 * away: the verdict is that of the whole, reached once, and the server gets
 * every byte or is reset; or its name came too early and passes, counted.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/bpf.h>

#include "tests/finders/feeder.h"
#include "bpf/find/dns.h"
#include "bpf/find/http.h"
#include "bpf/find/tls.h"
#include "world/world.h"

#define CORPUS	    "tests/fuzz/corpus/"
#define REQUEST_MAX 4000

struct speech {
	const char *name; /* of the protocol, and of its directory */
	uint16_t port;
	feeder_begin begin;
	feeder_feed feed;
	const char *serve; /* the statement for a name */
};

static const struct speech speeches[] = {
	{"http", 80, http_begin, http_feed, "serve"},
	{"tls", 443, tls_begin, tls_feed, "serve"},
	{"dns", 53, dns_tcp_begin, dns_feed, "zone"},
};

static struct request {
	char name[64];
	uint8_t bytes[REQUEST_MAX];
	size_t len;
	enum find find;
	char host[256];
} request;

/* A way to send it. */
enum order { IN_ORDER, TWICE, EXCHANGED, ORDERS };
static const char *const order_names[] = {"in order", "twice", "exchanged"};

struct piece {
	size_t at, n;
};

/* How a request fared. */
struct fate {
	uint32_t final;	   /* the reason that decided, or 0 */
	bool early, given; /* something passed out of order; undecided */
};

static struct frame in, out;
static bool deep, passing;
static const struct speech *speech;
static uint64_t visits, passed_early;

/* ---- requests ---- */

/* A datagram's length goes before it over TCP (RFC 1035 4.2.2). */
static void read_request(const char *file)
{
	char path[320];
	size_t prefix = !strcmp(speech->name, "dns") && !strstr(file, "tcp") ? 2 : 0;
	struct finder f;
	FILE *from;

	snprintf(path, sizeof(path), CORPUS "%s/%s", speech->name, file);
	snprintf(request.name, sizeof(request.name), "%.60s", file);
	from = fopen(path, "r");
	cr_assert(from, "%s: %s", path, strerror(errno));
	request.len = prefix + fread(request.bytes + prefix, 1, REQUEST_MAX - prefix, from);
	fclose(from);
	if (prefix) {
		request.bytes[0] = (request.len - 2) >> 8;
		request.bytes[1] = (request.len - 2) & 255;
	}
	request.find =
		feeder_run(&f, speech->begin, speech->feed, request.bytes, request.len, request.len, 1);
	cr_assert(request.len > 2 && request.find != FIND_MORE, "%s: no whole request", path);
	snprintf(request.host, sizeof(request.host), "%.*s", request.find == FIND_FOUND ? f.name_len : 0,
		 f.name);
}

static void apply(void)
{
	char lines[1024];
	const char *p = speech->name;

	snprintf(
		lines, sizeof(lines),
		"posture enforce\nlisten tcp/%u as %s handshake %s\nserve other.example\nzone other.example\n"
		"stray %s answer\nunnamed %s %s\nunreadable %s %s\n%s %s\n",
		speech->port, p, deep ? "on" : "off", p, p, passing ? "pass" : "answer", p,
		passing ? "pass" : "reset", speech->serve,
		passing && request.host[0] ? request.host : "another.example");
	world_policy(lines);
}

/* ---- what a reason means ---- */

static bool decides(uint32_t reason)
{
	switch (request.find) {
	case FIND_FOUND:
		return passing ? reason == REASON_served
			       : reason == REASON_stray_reset || reason == REASON_stray_answered;
	case FIND_NONE:
		return passing ? reason == REASON_unnamed_passed
			       : reason == REASON_unnamed_reset || reason == REASON_unnamed_answered;
	default:
		return passing ? reason == REASON_unreadable_passed
			       : reason == REASON_unreadable_reset || reason == REASON_unreadable_refused;
	}
}

static bool may_follow(uint32_t reason)
{
	if (passing)
		return reason == REASON_established || reason == REASON_replayed;
	return reason == REASON_tail_answered || reason == REASON_tail_reset ||
	       reason == REASON_tail_closed || reason == REASON_tail_dropped;
}

static bool may_precede(uint32_t reason)
{
	if (deep && (reason == REASON_held || reason == REASON_early || reason == REASON_cannot_hold))
		return true;
	return reason == REASON_undecided || reason == REASON_out_of_order;
}

/* ---- a visit ---- */

static void shake_hands(struct visit *v)
{
	static const struct spec syn = {.flags = SYN, .tcp_options = BYTES("\x02\x04\x05\xb4")};
	struct view view;

	host_listen(v->server_port, false);
	frame_build(&in, v, &syn);
	must(world_run_watched(&in, &out).action == XDP_TX && !frame_flaw(&out, &view), "no SYN-ACK");
	v->seq++;
	v->ack = view.seq + 1;
}

static bool is_syn(void)
{
	struct view a;

	return !frame_flaw(&out, &a) && a.flags == SYN;
}

static void send_piece(struct visit *v, const struct piece *p, struct fate *fate)
{
	struct spec s = {.data = {request.bytes + p->at, p->n}, .ahead = p->at};
	struct outcome o;

	frame_build(&in, v, &s);
	o = world_run_watched(&in, &out);
	if (fate->final)
		must(may_follow(o.reason), "%s behind %s", reason_name(o.reason), reason_name(fate->final));
	else if (decides(o.reason))
		fate->final = o.reason;
	else
		must(may_precede(o.reason), "%s", reason_name(o.reason));
	fate->early |= o.reason == REASON_out_of_order;
	fate->given |= o.reason == REASON_cannot_hold;
	if (o.action != XDP_PASS)
		return;
	must(!deep || v->socket >= 0 || is_syn(), "passed to a server that does not know of it");
	visit_deliver(&out);
	if (deep && is_syn())
		visit_expect(v, NULL, 0);
}

/* All that the server got, up to its reset. */
static size_t drain(const struct visit *v)
{
	struct pollfd p = {.fd = v->socket, .events = POLLIN};
	static uint8_t got[REQUEST_MAX];
	size_t sum = 0;
	ssize_t n;

	while (poll(&p, 1, 3000) == 1) {
		n = recv(v->socket, got, sizeof(got), 0);
		if (n <= 0) {
			must(n < 0 && errno == ECONNRESET, "the server's socket was not reset");
			return sum;
		}
		sum += n;
	}
	must(false, "the server's socket was not reset");
	return sum;
}

static void check_server(struct visit *v, const struct fate *fate)
{
	if (passing) {
		visit_expect(v, request.bytes, request.len);
	} else if (!fate->final) {
		/* What came early is the server's: it joins the two. */
		must(!deep && fate->early, "never judged");
		visit_expect(v, request.bytes, request.len);
		passed_early++;
	} else if (v->socket >= 0) {
		must(!deep || fate->given, "the server got to know of it");
		must(drain(v) < request.len, "the server got the whole of it");
	}
}

static void visit_in(const struct piece *pieces, size_t n)
{
	struct visit v = visit_make(CLIENT4, HOST4, speech->port);
	struct fate fate = {0};
	size_t i;

	if (deep)
		shake_hands(&v);
	else
		visit_open(&v);
	for (i = 0; i < n; i++)
		send_piece(&v, &pieces[i], &fate);
	must(fate.final || fate.early, "no verdict");
	check_server(&v, &fate);
	visit_close(&v);
	visits++;
}

static void say_where(const char *how, size_t cut)
{
	snprintf(where, sizeof(where), "%s %s, %s, to be %s, %s, cut at %zu of %zu", speech->name,
		 request.name, deep ? "handshake" : "data", passing ? "passed" : "turned away", how, cut,
		 request.len);
}

static void cut_in_two(enum order order, size_t cut)
{
	const struct piece a = {0, cut}, b = {cut, request.len - cut};
	/* What a gate at the handshake did not keep comes again. */
	const struct piece ways[ORDERS][4] = {{a, b}, {a, a, b, b}, {b, a, b}};
	static const size_t lengths[ORDERS] = {2, 4, 3};

	say_where(order_names[order], cut);
	visit_in(ways[order], order == EXCHANGED && !deep ? 2 : lengths[order]);
}

static void byte_by_byte(void)
{
	static struct piece bytes[REQUEST_MAX];
	size_t i;

	say_where("byte by byte", 0);
	for (i = 0; i < request.len; i++)
		bytes[i] = (struct piece){i, 1};
	visit_in(bytes, request.len);
}

static void cut_everywhere(void)
{
	size_t cut;
	int order;

	apply();
	for (order = 0; order < ORDERS; order++)
		for (cut = 1; cut < request.len; cut++)
			cut_in_two(order, cut);
	byte_by_byte();
}

static int only_files(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* Every request of a protocol, at one depth. */
static void play_corpus(const struct speech *s, bool at_handshake)
{
	struct dirent **files;
	char path[64];
	int n, i;

	speech = s;
	deep = at_handshake;
	snprintf(path, sizeof(path), CORPUS "%s", s->name);
	n = scandir(path, &files, only_files, alphasort);
	cr_assert(n > 0, "%s: run this from the project's directory", path);
	for (i = 0; i < n; i++) {
		read_request(files[i]->d_name);
		for (passing = false;; passing = true) {
			cut_everywhere();
			if (passing)
				break;
		}
		free(files[i]);
	}
	free(files);
	fprintf(stderr, "[corpus %s, %s: %d requests, %lu visits, %lu passed early]\n", s->name,
		deep ? "handshake" : "data", n, (unsigned long)visits, (unsigned long)passed_early);
}

TestSuite(corpus, .init = world_begin, .fini = world_end);

Test(corpus, http_at_data)
{
	play_corpus(&speeches[0], false);
}

Test(corpus, http_at_handshake)
{
	play_corpus(&speeches[0], true);
}

Test(corpus, tls_at_data)
{
	play_corpus(&speeches[1], false);
}

Test(corpus, tls_at_handshake)
{
	play_corpus(&speeches[1], true);
}

Test(corpus, dns_at_data)
{
	play_corpus(&speeches[2], false);
}

Test(corpus, dns_at_handshake)
{
	play_corpus(&speeches[2], true);
}
