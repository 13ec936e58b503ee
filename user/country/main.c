// SPDX-License-Identifier: GPL-2.0-or-later
/* straygate-country: a list of prefixes for `source from FILE`. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "country/country.h"
#include "lib/say.h"

static int help(void)
{
	printf("usage: straygate-country [-4 | -6] COUNTRY[,COUNTRY...] FILE...\n\n"
	       "Prints the prefixes of countries (two letters, as CN), one a line, as few as there can\n"
	       "be, for `source from FILE` of a policy. FILE is a MaxMind DB, such as GeoLite2-Country,\n"
	       "or a delegation file of a registry, such as delegated-apnic-extended-latest, which may be\n"
	       "compressed with gzip; - is one on standard input. On an error nothing is printed.\n\n"
	       "options\n"
	       "  -4, -6                 prefixes of IPv4 alone, of IPv6 alone\n"
	       "  -h, --help             this text\n"
	       "  --version              version and exit\n");
	return EXIT_OK;
}

static int usage(const char *what)
{
	say("%s; see `straygate-country --help`", what);
	return EXIT_USAGE;
}

static void complaint(const char *line)
{
	fprintf(stderr, "straygate-country: %s\n", line);
}

struct country *wanted_country(struct wanted *w, const char *code, size_t len)
{
	for (size_t i = 0; len == 2 && i < w->count; i++)
		if (!strncasecmp(w->country[i].code, code, 2))
			return &w->country[i];
	return NULL;
}

int wanted_add(struct wanted *w, struct country *c, const uint8_t first[16], const uint8_t last[16])
{
	c->ranges++;
	return spans_add(address_is_v4(first) ? &w->v4 : &w->v6, first, last);
}

/* CN,HK: 0, or what is wrong with it was said. */
static int read_countries(struct wanted *w, const char *text)
{
	for (;; text++) {
		size_t len = strcspn(text, ",");

		if (len != 2 || !isalpha((unsigned char)text[0]) || !isalpha((unsigned char)text[1]))
			return usage("a country was expected first, as CN or CN,HK");
		if (!wanted_country(w, text, len)) {
			if (w->count == COUNTRIES_MAX)
				return usage("too many countries");
			w->country[w->count++] =
				(struct country){.code = {(char)toupper((unsigned char)text[0]),
							  (char)toupper((unsigned char)text[1])}};
		}
		text += len;
		if (!*text)
			return 0;
	}
}

static int read_files(struct wanted *w, char **files)
{
	for (; *files; files++) {
		bool database = strcmp(*files, "-") && mmdb_is(*files);

		if (database ? mmdb_read(w, *files) : delegations_read(w, *files))
			return EXIT_FAILED;
	}
	/* A list that lacks a country looks like one that has it. */
	for (size_t i = 0; i < w->count; i++)
		if (!w->country[i].ranges)
			return fail(EXIT_FAILED,
				    "no addresses of %s are in there; expected a file of the "
				    "registry that has them, and the code of ISO 3166",
				    w->country[i].code);
	return EXIT_OK;
}

static void print_prefix(const struct prefix *p, void *arg)
{
	char text[PREFIX_TEXT];

	(void)arg;
	prefix_print(p, text, sizeof(text));
	puts(text);
}

static int print(struct wanted *w)
{
	spans_join(&w->v4);
	spans_join(&w->v6);
	spans_prefixes(&w->v4, print_prefix, NULL);
	spans_prefixes(&w->v6, print_prefix, NULL);
	if (fflush(stdout) || ferror(stdout))
		return fail(EXIT_FAILED, "the list cannot be written: %s", strerror(errno));
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	static struct wanted w;
	int opt, family = 0, status;

	say_to = complaint;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "46h", table, NULL)) != -1) {
		switch (opt) {
		case '4':
		case '6':
			if (family && family != opt)
				return usage("-4 and -6 are for one family alone");
			family = opt;
			break;
		case 'h':
			return help();
		case 'v':
			printf("straygate-country %s\n", STRAYGATE_BUILD);
			return EXIT_OK;
		default:
			return usage("unknown option");
		}
	}
	if (argc - optind < 2)
		return usage("countries and a file were expected");
	status = read_countries(&w, argv[optind]);
	if (!status)
		status = read_files(&w, argv + optind + 1);
	if (status)
		return status;
	if (family == '4')
		spans_free(&w.v6);
	if (family == '6')
		spans_free(&w.v4);
	if (!w.v4.count && !w.v6.count)
		return fail(EXIT_FAILED, "no prefix of IPv%c is in there", family);
	return print(&w);
}
