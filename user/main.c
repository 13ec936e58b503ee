// SPDX-License-Identifier: GPL-2.0-only
/* The table of verbs, and their options. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/object.h"
#include "lib/say.h"
#include "cmd/verb.h"

static const struct verb *const verbs[] = {
	&verb_status, &verb_up,	     &verb_down,    &verb_check,    &verb_apply,   &verb_add,	&verb_del,
	&verb_show,   &verb_explain, &verb_posture, &verb_features, &verb_confirm, &verb_reset, &verb_save,
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

enum {
	OPT_INSTANCE = 256,
	OPT_NETNS,
	OPT_GENERIC,
	OPT_FROM,
	OPT_TO,
	OPT_NAME,
	OPT_OPENMETRICS,
	OPT_PROMETHEUS,
	OPT_DIFF,
	OPT_FORCE,
	OPT_TOP,
	OPT_CONFIRM,
	OPT_GROUP,
	OPT_POLICY,
	OPT_CHECK,
	OPT_EXIT_CODE,
	OPT_DEBUG,
	OPT_VERSION,
};

/* One table for parsing, help and what fits which verb. */
static const struct option_text {
	struct option option;
	unsigned int takes; /* 0: all verbs */
	const char *argument;
	const char *text;
} options[] = {
	{{"help", no_argument, NULL, 'h'}, 0, "", "this text"},
	{{"json", no_argument, NULL, 'j'}, TAKES_JSON, "", "JSON, with \"format\": 1"},
	{{"instance", required_argument, NULL, OPT_INSTANCE}, 0, "NAME", "which gate (default: \"default\")"},
	{{"netns", required_argument, NULL, OPT_NETNS},
	 TAKES_NETNS,
	 "NAME",
	 "devices of this network namespace"},
	{{"generic", no_argument, NULL, OPT_GENERIC}, TAKES_GENERIC, "", "generic XDP, not the driver's own"},
	{{"group", required_argument, NULL, OPT_GROUP},
	 TAKES_GROUP,
	 "NAME",
	 "who may run `status` and `show` (root: nobody else)"},
	{{"policy", required_argument, NULL, OPT_POLICY},
	 TAKES_POLICY,
	 "FILE",
	 "the policy that is to run, also in place of one that does"},
	{{"check", no_argument, NULL, OPT_CHECK},
	 TAKES_CHECK,
	 "",
	 "one line, and exit 0, 1, 2 or 3, as monitoring plugins have it"},
	{{"from", required_argument, NULL, OPT_FROM}, TAKES_EXPLAIN, "ADDR", "the client"},
	{{"to", required_argument, NULL, OPT_TO}, TAKES_EXPLAIN, "PROTO/PORT", "the listener, e.g. tcp/443"},
	{{"name", required_argument, NULL, OPT_NAME}, TAKES_EXPLAIN, "NAME", "what is asked for"},
	{{"openmetrics", no_argument, NULL, OPT_OPENMETRICS},
	 TAKES_OPENMETRICS,
	 "",
	 "for a metrics collector"},
	{{"prometheus", no_argument, NULL, OPT_PROMETHEUS},
	 TAKES_OPENMETRICS,
	 "",
	 "the same, for node_exporter's textfile collector"},
	{{"diff", no_argument, NULL, OPT_DIFF}, TAKES_DIFF, "", "show what would change, change nothing"},
	{{"exit-code", no_argument, NULL, OPT_EXIT_CODE},
	 TAKES_EXIT_CODE,
	 "",
	 "with --diff: exit 0 if nothing differs, 3 if something does"},
	{{"force", no_argument, NULL, OPT_FORCE},
	 TAKES_FORCE,
	 "",
	 "do it although it may lock out or forget"},
	{{"top", required_argument, NULL, OPT_TOP}, TAKES_TOP, "N", "the N first (default: 20)"},
	{{"confirm", required_argument, NULL, OPT_CONFIRM},
	 TAKES_CONFIRM,
	 "TIME",
	 "go back by itself after TIME (e.g. 60s) unless `straygate confirm` comes"},
	{{"debug", no_argument, NULL, OPT_DEBUG}, 0, "", "also what libbpf and the verifier say"},
	{{"version", no_argument, NULL, OPT_VERSION}, 0, "", "version and exit"},
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

static void print_options(const struct verb *v)
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
						: "",
			 o->option.name, *o->argument ? " " : "", o->argument);
		printf("  %-22s %s\n", left, o->text);
	}
}

static int help_verb(const struct verb *v)
{
	printf("usage: straygate %s%s%s [options]\n\n%s.\n", v->name, *v->arguments ? " " : "", v->arguments,
	       v->summary);
	if (v->help)
		printf("\n%s", v->help);
	print_options(v);
	return EXIT_OK;
}

static int help_all(void)
{
	size_t i;

	printf("usage: straygate [VERB] [arguments] [options]\n\n");
	for (i = 0; i < VERBS; i++)
		printf("  %-9s %-22s %s\n", verbs[i]->name, verbs[i]->arguments, verbs[i]->summary);
	printf("\nWithout a verb: status. `straygate VERB -h` tells more, straygate(8) all.\n");
	return EXIT_OK;
}

static int usage(const struct verb *v, const char *what, const char *which)
{
	say("%s%s%s; see `straygate %s -h`", what, *which ? ": " : "", which, v->name);
	return EXIT_USAGE;
}

/* What the value of an option should have been. */
static const char *expected(int opt)
{
	switch (opt) {
	case OPT_INSTANCE:
		return "an instance (up to 31 letters, digits, - or _) was expected";
	case OPT_CONFIRM:
		return "a time from 1s to 24h was expected";
	default:
		return "a number from 1 to 1000000 was expected";
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

/* True if it was an option that sets something. */
static bool set_option(struct call *c, int opt)
{
	switch (opt) {
	case 'j':
		c->json = true;
		return true;
	case OPT_INSTANCE:
		c->instance = optarg;
		return gate_name_fits(optarg);
	case OPT_NETNS:
		c->netns = optarg;
		return true;
	case OPT_GENERIC:
		c->generic = true;
		return true;
	case OPT_GROUP:
		c->group = optarg;
		return true;
	case OPT_CHECK:
		c->check = true;
		return true;
	case OPT_EXIT_CODE:
		c->exit_code = true;
		return true;
	case OPT_POLICY:
		c->policy = optarg;
		return true;
	case OPT_FROM:
		c->from = optarg;
		return true;
	case OPT_TO:
		c->to = optarg;
		return true;
	case OPT_NAME:
		c->name = optarg;
		return true;
	case OPT_OPENMETRICS:
		c->openmetrics = true;
		return true;
	case OPT_PROMETHEUS:
		c->prometheus = true;
		return true;
	case OPT_DIFF:
		c->diff = true;
		return true;
	case OPT_FORCE:
		c->force = true;
		return true;
	case OPT_TOP:
		return number(optarg, &c->top);
	case OPT_CONFIRM:
		return seconds(optarg, &c->confirm);
	case OPT_DEBUG:
		say_debug++;
		return true;
	}
	return false;
}

static const struct option_text *option_by(int val)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		if (options[i].option.val == val)
			return &options[i];
	return NULL;
}

/* -1: run the verb; else exit status. */
static int parse(const struct verb *v, struct call *c, int argc, char **argv)
{
	struct option table[OPTIONS + 1] = {0};
	const struct option_text *o;
	size_t i;
	int opt;

	for (i = 0; i < OPTIONS; i++)
		table[i] = options[i].option;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "hj", table, NULL)) != -1) {
		if (opt == 'h')
			return help_verb(v);
		if (opt == OPT_VERSION) {
			printf("straygate %s\n", gate_build);
			return EXIT_OK;
		}
		o = option_by(opt);
		if (!o)
			return usage(v, "unknown option, or one that lacks its argument", argv[optind - 1]);
		if (o->takes && !(o->takes & v->takes))
			return usage(v, "this verb does not take", argv[optind - 1]);
		if (!set_option(c, opt))
			return usage(v, expected(opt), optarg);
	}
	c->argc = argc - optind;
	c->argv = argv + optind;
	if (c->argc < v->least)
		return usage(v, "expected", v->arguments);
	if (v->most >= 0 && c->argc > v->most)
		return usage(v, "too many arguments", c->argv[v->most]);
	return -1;
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

/* Is what follows this word its value? */
static bool wants_value(const char *word)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++)
		if (!strncmp(word, "--", 2) && !strcmp(word + 2, options[i].option.name))
			return options[i].option.has_arg == required_argument;
	return false;
}

/* The first word that is neither an option nor the value of one; argc: none. */
static int find_word(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++)
		i += wants_value(argv[i]);
	return i < argc ? i : argc;
}

int main(int argc, char **argv)
{
	struct call c = {.instance = "default", .top = 20};
	const struct verb *v = &verb_status;
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	int at = find_word(argc, argv), status;

	/* As a monitoring plugin: a link of this name. */
	c.check = argc && !strcmp(slash ? slash + 1 : argv[0], "check_straygate");

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")))
		return help_all();
	if (at < argc) {
		v = find_verb(argv[at]);
		if (!v) {
			say("unknown verb \"%s\"; see `straygate -h`", argv[at]);
			return EXIT_USAGE;
		}
		memmove(&argv[at], &argv[at + 1], (argc - at) * sizeof(*argv));
		argc--;
	}
	status = parse(v, &c, argc, argv);
	if (status < 0)
		status = v->run(&c);
	if (fflush(stdout) || ferror(stdout)) {
		say("cannot write: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return status;
}
