// SPDX-License-Identifier: GPL-2.0-or-later
/* straygate-exporter: what a gate does, for Prometheus, programs and people. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "exporter/server.h"
#include "gate/object.h"
#include "lib/say.h"

#define DEFAULT_LISTEN "127.0.0.1:9979"

static int help(void)
{
	printf("usage: straygate-exporter [options]\n\n"
	       "Serves /metrics for Prometheus, /api/... with what `straygate show ... -j` prints, and\n"
	       "a page that shows what the gate does. It changes nothing and needs no privilege but\n"
	       "membership of the group that `straygate up --group` names.\n\n"
	       "options\n"
	       "  --listen WHERE         ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH; may be repeated\n"
	       "                         (default: " DEFAULT_LISTEN ")\n"
	       "  --host NAME            a name by which it may be asked, besides localhost and addresses\n"
	       "  --metrics-only         no page and no API, which show names and clients' networks\n"
	       "  --instance NAME        which gate (default: \"default\")\n"
	       "  -h, --help             this text\n"
	       "  --version              version and exit\n");
	return EXIT_OK;
}

static int usage(const char *what)
{
	say("%s; see `straygate-exporter --help`", what);
	return EXIT_USAGE;
}

struct options {
	struct server_options server;
	const char *instance;
	size_t host_count;
};

/* -1: go on; else the exit status. */
static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option table[] = {
		{"listen", required_argument, NULL, 'l'},
		{"host", required_argument, NULL, 'H'},
		{"metrics-only", no_argument, NULL, 'm'},
		{"instance", required_argument, NULL, 'i'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		switch (opt) {
		case 'l':
			if (o->server.listen_count == LISTENS_MAX)
				return usage("too many --listen");
			o->server.listen[o->server.listen_count++] = optarg;
			break;
		case 'H':
			if (o->host_count == LISTENS_MAX)
				return usage("too many --host");
			o->server.hosts[o->host_count++] = optarg;
			break;
		case 'm':
			o->server.metrics_only = true;
			break;
		case 'i':
			o->instance = optarg;
			if (!gate_name_fits(optarg))
				return usage("an instance (up to 31 letters, digits, - or _) was expected");
			break;
		case 'h':
			return help();
		case 'v':
			printf("straygate-exporter %s\n", gate_build);
			return EXIT_OK;
		default:
			return usage("unknown option, or one that lacks its argument");
		}
	}
	if (optind < argc)
		return usage("no argument was expected");
	if (!o->server.listen_count)
		o->server.listen[o->server.listen_count++] = DEFAULT_LISTEN;
	return -1;
}

/* ---- the loop --------------------------------------------------------------------- */

/* Fires at each whole second of CLOCK_MONOTONIC. */
static int second_timer(void)
{
	uint64_t now = monotonic_ns();
	struct itimerspec each = {
		.it_interval = {.tv_sec = 1},
		.it_value = {.tv_sec = now / SECOND_NS + 1},
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &each, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int ending_signals(void)
{
	sigset_t ending;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Into the journal. */
static void news(const char *line)
{
	fprintf(stderr, "straygate-exporter: %s\n", line);
}

/* Until it is told to end. */
static void loop(struct server *s, struct watch *w, int timer, int ending)
{
	struct pollfd polls[LISTENS_MAX + 2];
	uint64_t times;
	size_t n;

	for (;;) {
		polls[0] = (struct pollfd){.fd = timer, .events = POLLIN};
		polls[1] = (struct pollfd){.fd = ending, .events = POLLIN};
		n = 2 + server_polls(s, polls + 2);
		if (poll(polls, n, server_timeout(s)) < 0 && errno != EINTR)
			return;
		if (polls[1].revents)
			return;
		server_run(s);
		if (read(timer, &times, sizeof(times)) != sizeof(times))
			continue;
		watch_second(w, monotonic_ns() / SECOND_NS);
		server_second(s);
	}
}

int main(int argc, char **argv)
{
	static struct watch w;
	struct options o = {.instance = "default"};
	int status = read_options(&o, argc, argv), timer, ending;
	struct server *s;

	if (status >= 0)
		return status;
	ending = ending_signals();
	timer = second_timer();
	if (ending < 0 || timer < 0)
		return fail(EXIT_FAILED, "no timer: %s", strerror(errno));
	setvbuf(stderr, NULL, _IOLBF, 0);
	s = server_start(&o.server, &w);
	if (!s)
		return EXIT_FAILED;
	watch_init(&w, o.instance, news);
	watch_second(&w, monotonic_ns() / SECOND_NS);
	loop(s, &w, timer, ending);
	server_stop(s);
	watch_end(&w);
	return EXIT_OK;
}
