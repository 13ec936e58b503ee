// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/gate.h"
#include "lib/say.h"

enum {
	OPT_INSTANCE = 256,
	OPT_NETNS,
	OPT_GENERIC,
	OPT_FROM,
	OPT_TO,
	OPT_VIA,
	OPT_NAME,
	OPT_OPENMETRICS,
	OPT_PROMETHEUS,
	OPT_DIFF,
	OPT_FORCE,
	OPT_TOP,
	OPT_CONFIRM,
	OPT_GROUP,
	OPT_DRAIN,
	OPT_NOW,
	OPT_BOUND,
	OPT_REATTACH,
	OPT_CHAIN,
	OPT_AGAIN,
	OPT_POLICY,
	OPT_CHECK,
	OPT_EXIT_CODE,
	OPT_NAMES,
	OPT_FOLLOW,
	OPT_SINCE,
	OPT_SHARE,
	OPT_UPDATE,
	OPT_PROBE,
	OPT_ZONES,
	OPT_LEARNED,
	OPT_REASON,
	OPT_LISTENER,
	OPT_RATE,
	OPT_COUNT,
	OPT_TIME,
	OPT_SNAPLEN,
	OPT_DEBUG,
	OPT_VERSION,
};

#define OTHER	     SETS_OTHER, 0
#define FLAG(member) SETS_FLAG, offsetof(struct call, member)
#define TEXT(member) SETS_TEXT, offsetof(struct call, member)

/* One table for parsing, help and what fits which verb. */
static const struct option_text {
	struct option option;
	unsigned int takes; /* 0: all verbs */
	const char *argument;
	const char *text;
	enum { SETS_OTHER, SETS_FLAG, SETS_TEXT } sets; /* a bool, or a string */
	size_t at;					/* of the call */
} options[] = {
	{{"help", no_argument, NULL, 'h'}, 0, "", "this text", OTHER},
	{{"json", no_argument, NULL, 'j'}, TAKES_JSON, "", "JSON, with \"format\": 1", FLAG(json)},
	{{"instance", required_argument, NULL, OPT_INSTANCE},
	 0,
	 "NAME",
	 "which gate (default: \"default\")",
	 OTHER},
	{{"netns", required_argument, NULL, OPT_NETNS},
	 TAKES_NETNS,
	 "NAME",
	 "use this network namespace",
	 TEXT(netns)},
	{{"generic", no_argument, NULL, OPT_GENERIC},
	 TAKES_GENERIC,
	 "",
	 "generic XDP, not the driver's own",
	 FLAG(generic)},
	{{"group", required_argument, NULL, OPT_GROUP},
	 TAKES_GROUP,
	 "NAME",
	 "let this group run `status` and `show` (root: nobody else)",
	 TEXT(group)},
	{{"drain", required_argument, NULL, OPT_DRAIN},
	 TAKES_DRAIN,
	 "TIME",
	 "reset bound visits that are left after TIME (30s, 5m)",
	 OTHER},
	{{"now", no_argument, NULL, OPT_NOW}, TAKES_DRAIN, "", "reset bound visits at once", FLAG(now)},
	{{"reattach", no_argument, NULL, OPT_REATTACH},
	 TAKES_REATTACH,
	 "",
	 "detach the program and attach it again, with a short gap",
	 FLAG(reattach)},
	{{"chain", no_argument, NULL, OPT_CHAIN},
	 TAKES_REATTACH,
	 "",
	 "put the gate in front of the XDP program that is attached",
	 FLAG(chain)},
	{{"again", no_argument, NULL, OPT_AGAIN},
	 TAKES_REATTACH,
	 "",
	 "for when devices have changed: leave a gate alone that is not up",
	 FLAG(again)},
	{{"bound", required_argument, NULL, OPT_BOUND},
	 TAKES_BOUND,
	 "N",
	 "how many visits can be bound at once (default: 262144)",
	 OTHER},
	{{"policy", required_argument, NULL, OPT_POLICY},
	 TAKES_POLICY,
	 "FILE",
	 "use this policy, even if another one is running",
	 TEXT(policy)},
	{{"check", no_argument, NULL, OPT_CHECK},
	 TAKES_CHECK,
	 "",
	 "one line, and exit 0, 1, 2 or 3, as monitoring plugins do",
	 FLAG(check)},
	{{"from", required_argument, NULL, OPT_FROM},
	 TAKES_EXPLAIN | TAKES_CANARY | TAKES_WATCH,
	 "ADDR",
	 "the client's address (watch, capture: or prefix; posture: enforce for this prefix only)",
	 TEXT(from)},
	{{"share", required_argument, NULL, OPT_SHARE},
	 TAKES_CANARY,
	 "N%",
	 "enforce for this share of the clients, by address; observe the others",
	 TEXT(share)},
	{{"to", required_argument, NULL, OPT_TO},
	 TAKES_EXPLAIN,
	 "PROTO/PORT",
	 "the listener, e.g. tcp/443",
	 TEXT(to)},
	{{"via", required_argument, NULL, OPT_VIA},
	 TAKES_EXPLAIN,
	 "ADDR",
	 "the proxy that sends a PROXY header about the client",
	 TEXT(via)},
	{{"name", required_argument, NULL, OPT_NAME},
	 TAKES_EXPLAIN | TAKES_WATCH,
	 "NAME",
	 "the name that is asked for (watch, capture: also .NAME, *.NAME)",
	 TEXT(name)},
	{{"reason", required_argument, NULL, OPT_REASON},
	 TAKES_WATCH,
	 "REASON,...",
	 "only packets of these reasons, kinds or verdicts; all: every packet",
	 TEXT(reason)},
	{{"listener", required_argument, NULL, OPT_LISTENER},
	 TAKES_WATCH,
	 "PROTO/PORT",
	 "only packets to this listener",
	 TEXT(listener)},
	{{"rate", required_argument, NULL, OPT_RATE}, TAKES_WATCH, "N", "at most N a second (0: all)", OTHER},
	{{"count", required_argument, NULL, OPT_COUNT}, TAKES_WATCH, "N", "end after N (0: never)", OTHER},
	{{"time", required_argument, NULL, OPT_TIME}, TAKES_WATCH, "TIME", "end after TIME (30s, 5m)", OTHER},
	{{"write", required_argument, NULL, 'w'},
	 TAKES_CAPTURE,
	 "FILE",
	 "write to this file (-: standard output)",
	 TEXT(write)},
	{{"snaplen", required_argument, NULL, OPT_SNAPLEN},
	 TAKES_CAPTURE,
	 "N",
	 "keep at most N bytes of a packet (64 to 64512)",
	 OTHER},
	{{"openmetrics", no_argument, NULL, OPT_OPENMETRICS},
	 TAKES_OPENMETRICS,
	 "",
	 "print OpenMetrics, for a metrics collector",
	 FLAG(openmetrics)},
	{{"prometheus", no_argument, NULL, OPT_PROMETHEUS},
	 TAKES_OPENMETRICS,
	 "",
	 "the same, for node_exporter's textfile collector",
	 FLAG(prometheus)},
	{{"diff", no_argument, NULL, OPT_DIFF},
	 TAKES_DIFF,
	 "",
	 "show the differences, and change nothing",
	 FLAG(diff)},
	{{"exit-code", no_argument, NULL, OPT_EXIT_CODE},
	 TAKES_EXIT_CODE,
	 "",
	 "with --diff: exit 0 if nothing differs, 3 if something does",
	 FLAG(exit_code)},
	{{"force", no_argument, NULL, OPT_FORCE},
	 TAKES_FORCE,
	 "",
	 "do it even if it turns away visitors or locks you out",
	 FLAG(force)},
	{{"top", required_argument, NULL, OPT_TOP},
	 TAKES_TOP,
	 "N",
	 "show the first N (default: 20; 0: all)",
	 OTHER},
	{{"confirm", required_argument, NULL, OPT_CONFIRM},
	 TAKES_CONFIRM,
	 "TIME",
	 "roll back after TIME (e.g. 60s) unless `straygate confirm` is run",
	 OTHER},
	{{"names", no_argument, NULL, OPT_NAMES},
	 TAKES_NAMES,
	 "",
	 "print only the names, one per line, for `serve from FILE`",
	 FLAG(names)},
	{{"follow", no_argument, NULL, OPT_FOLLOW},
	 TAKES_FOLLOW,
	 "",
	 "events: go on until interrupted",
	 FLAG(follow)},
	{{"since", required_argument, NULL, OPT_SINCE},
	 TAKES_SINCE,
	 "TIME",
	 "events from TIME on (10m, 14:30, 2026-01-21T15:15); counters since it, or `last`",
	 TEXT(since)},
	{{"update", required_argument, NULL, OPT_UPDATE},
	 TAKES_NAMES,
	 "FILE",
	 "add new names to this list, and remove none",
	 TEXT(update)},
	{{"zones", required_argument, NULL, OPT_ZONES},
	 TAKES_NAMES,
	 "FOLDER",
	 "write the names of each zone to a list there, for `zone NAME names from`",
	 TEXT(zones)},
	{{"probe", no_argument, NULL, OPT_PROBE},
	 TAKES_PROBE,
	 "",
	 "connect to ports whose protocol is not known, to find it out",
	 FLAG(probe)},
	{{"learned", no_argument, NULL, OPT_LEARNED},
	 TAKES_LEARNED,
	 "",
	 "learned sources, instead of lines of the policy",
	 FLAG(learned)},
	{{"debug", no_argument, NULL, OPT_DEBUG},
	 0,
	 "",
	 "also print messages of libbpf and the verifier",
	 OTHER},
	{{"version", no_argument, NULL, OPT_VERSION}, 0, "", "version and exit", OTHER},
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTIONS <= 64, "a bit for each");

void options_print(const struct verb *v)
{
	char left[40];
	size_t i;

	printf("\noptions\n");
	for (i = 0; i < OPTIONS; i++) {
		const struct option_text *o = &options[i];

		if (o->takes && !(o->takes & v->takes))
			continue;
		snprintf(left, sizeof(left), "%s--%s%s%s",
			 o->option.val == 'h'	? "-h, "
			 : o->option.val == 'j' ? "-j, "
			 : o->option.val == 'w' ? "-w, "
						: "",
			 o->option.name, *o->argument ? " " : "", o->argument);
		printf("  %-22s %s\n", left, o->text);
	}
}

/* What the value of an option should have been. */
static const char *expected(int opt)
{
	switch (opt) {
	case OPT_INSTANCE:
		return "an instance (up to 31 letters, digits, - or _) was expected";
	case OPT_CONFIRM:
	case OPT_DRAIN:
	case OPT_TIME:
		return "a time from 1s to 24h was expected";
	case OPT_RATE:
	case OPT_COUNT:
		return "a number from 0 (no limit) to 1000000000 was expected";
	case OPT_BOUND:
		return "a number from 1024 to 16777216 was expected";
	case OPT_SNAPLEN:
		return "a number of bytes from 64 to 64512 was expected";
	default:
		return "a number from 0 (all) to 1000000 was expected";
	}
}

static bool number(const char *text, unsigned int *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *text == '-' || *end || !n || n > 1000000)
		return false;
	*out = n;
	return true;
}

/* Within bounds; all else is none. */
static bool number_within(const char *text, unsigned long least, unsigned long most, unsigned int *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < least || n > most)
		return false;
	*out = n;
	return true;
}

#define SECONDS_MAX 86400

/* "60s", "5m", "1h", or a bare number of seconds; a day at most. */
static bool seconds(const char *text, unsigned int *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || n > SECONDS_MAX)
		return false;
	if (*end == 'm')
		n *= 60;
	if (*end == 'h')
		n *= 3600;
	if (*end == 's' || *end == 'm' || *end == 'h')
		end++;
	if (*end || !n || n > SECONDS_MAX)
		return false;
	*out = n;
	return true;
}

/* Of a table: from 1,024 entries to 16 million. */
static bool size(const char *text, unsigned int *out)
{
	return number_within(text, 1024, 1 << 24, out);
}

/* What is more than a member of struct call. False if its value is not one. */
static bool set_other(struct call *c, int opt)
{
	switch (opt) {
	case OPT_INSTANCE:
		c->instance = optarg;
		return gate_name_fits(optarg);
	case OPT_DRAIN:
		return seconds(optarg, &c->drain);
	case OPT_BOUND:
		return size(optarg, &c->bound);
	case OPT_TOP:
		c->top_given = true;
		if (strcmp(optarg, "0"))
			return number(optarg, &c->top);
		c->top = UINT_MAX;
		return true;
	case OPT_CONFIRM:
		return seconds(optarg, &c->confirm);
	case OPT_RATE:
		return number_within(optarg, 0, 1000000000, &c->rate);
	case OPT_COUNT:
		return number_within(optarg, 0, 1000000000, &c->count);
	case OPT_TIME:
		return seconds(optarg, &c->seconds);
	case OPT_SNAPLEN:
		return number_within(optarg, 64, 64512, &c->snaplen);
	case OPT_DEBUG:
		say_debug++;
		return true;
	case 'h':
	case OPT_VERSION:
		return true;
	}
	return false;
}

static bool set_option(struct call *c, const struct option_text *o)
{
	void *at = (char *)c + o->at;

	if (o->sets == SETS_FLAG)
		*(bool *)at = true;
	if (o->sets == SETS_TEXT)
		*(const char **)at = optarg;
	return o->sets != SETS_OTHER || set_other(c, o->option.val);
}

static void wrong(struct line *l, const char *what, const char *which)
{
	if (l->wrong)
		return;
	l->wrong = what;
	l->which = which;
}

/* "-" asks for words as option 1. */
void line_read(struct line *l, int argc, char **argv)
{
	struct option table[OPTIONS + 1] = {0};
	size_t i;
	int opt;

	for (i = 0; i < OPTIONS; i++)
		table[i] = options[i].option;
	l->call.argv = argv;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "-hjw:", table, NULL)) != -1) {
		if (opt == 1) {
			argv[l->call.argc++] = optarg;
			continue;
		}
		l->help |= opt == 'h';
		l->version |= opt == OPT_VERSION;
		for (i = 0; i < OPTIONS && options[i].option.val != opt; i++)
			;
		if (i == OPTIONS)
			wrong(l, "unknown option, or one that lacks its argument", argv[optind - 1]);
		else if (set_option(&l->call, &options[i]))
			l->given |= UINT64_C(1) << i;
		else
			wrong(l, expected(opt), optarg);
	}
	while (optind < argc) /* behind "--" */
		argv[l->call.argc++] = argv[optind++];
}

void line_check(struct line *l, const struct verb *v)
{
	static char option[32];

	for (size_t i = 0; i < OPTIONS && !l->wrong; i++) {
		if (!(l->given >> i & 1) || !options[i].takes || options[i].takes & v->takes)
			continue;
		snprintf(option, sizeof(option), "--%s", options[i].option.name);
		wrong(l, "this verb does not take", option);
	}
	if (!l->help && l->call.argc < v->least)
		wrong(l, "expected", v->arguments);
	if (v->most >= 0 && l->call.argc > v->most)
		wrong(l, "too many arguments", l->call.argv[v->most]);
}
