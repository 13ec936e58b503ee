// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *arguments;
	int least;
	int most;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{"serve", "LOG", 1, 1, serve},
	{"visit", "KIND ADDR NAME [FROM]", 3, 4, visit},
	{"load", "FILE", 1, 1, load},
	{"running", "", 0, 0, running},
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

int main(int argc, char **argv)
{
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; argc > 1 && i < VERBS; i++)
		if (!strcmp(argv[1], verbs[i].name) && argc - 2 >= verbs[i].least &&
		    argc - 2 <= verbs[i].most)
			return verbs[i].run(argc - 2, argv + 2);
	for (i = 0; i < VERBS; i++)
		fprintf(stderr, "usage: guest %s %s\n", verbs[i].name, verbs[i].arguments);
	return 2;
}
