// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of verbs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/events.h"
#include "gate/gate.h"
#include "gate/object.h"
#include "lib/progress.h"
#include "lib/say.h"
#include "cmd/options.h"
#include "cmd/verb.h"

static const struct verb *const verbs[] = {
	&verb_status, &verb_up,	  &verb_down,	 &verb_check,	&verb_apply,	&verb_add,
	&verb_del,    &verb_show, &verb_explain, &verb_posture, &verb_features, &verb_confirm,
	&verb_reset,  &verb_save, &verb_suggest, &verb_top,	&verb_watch,	&verb_capture,
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int help_verb(const struct verb *v)
{
	printf("usage: straygate %s%s%s [options]\n\n%s.\n", v->name, *v->arguments ? " " : "", v->arguments,
	       v->summary);
	if (v->help)
		printf("\n%s", v->help);
	options_print(v);
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

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

#define HANDED_OVER "STRAYGATE_HANDED_OVER"

/* A gate that an upgrade could not take over goes on by its old program, and is asked
 * by the command that it came with. Only `up` brings this one's. */
static void hand_over(const struct line *l)
{
	char kept[PATH_MAX];

	if (getenv(HANDED_OVER) || !gate_kept_command(l->call.instance, kept, sizeof(kept)))
		return;
	setenv(HANDED_OVER, "1", 1);
	execv(kept, l->said);
}

static int run_line(struct line *l)
{
	const struct verb *v = &verb_status;

	if (l->version) {
		printf("straygate %s\n", gate_build);
		return EXIT_OK;
	}
	if (l->call.argc && !strcmp(l->call.argv[0], "help")) {
		l->help = true;
		l->call.argc--;
		l->call.argv++;
	}
	if (l->help && !l->call.argc)
		return help_all();
	if (l->call.argc) {
		v = find_verb(l->call.argv[0]);
		if (!v && l->wrong) /* perhaps the verb is what an unknown option took */
			return usage(&verb_status, l->wrong, l->which);
		if (!v) {
			say("unknown verb \"%s\"; see `straygate -h`", l->call.argv[0]);
			return EXIT_USAGE;
		}
		l->call.argc--;
		l->call.argv++;
	}
	line_check(l, v);
	if (l->wrong)
		return usage(v, l->wrong, l->which);
	if (l->help)
		return help_verb(v);
	if (v != &verb_up)
		hand_over(l);
	return v->run(&l->call);
}

/* Who calls us with stdout closed must not find its text in a file of ours, which would
 * be opened in its place. Writing there is an error, as it would be. */
static void hold_standard_files(void)
{
	static const int how[] = {O_RDONLY, O_RDONLY, O_WRONLY};
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", how[fd]) != fd)
			_exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
	struct line line = {.call = {.instance = "default",
				     .top = 20,
				     .drain = UINT_MAX,
				     .rate = UINT_MAX,
				     .count = UINT_MAX}};
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	char *said[argc + 1];
	int status;

	hold_standard_files();
	memcpy(said, argv, sizeof(said)); /* reading moves words */
	line.said = said;
	/* As a monitoring plugin: a link of this name. */
	line.call.check = argc && !strcmp(slash ? slash + 1 : argv[0], "check_straygate");
	events_set_command(argc, argv);
	line_read(&line, argc, argv);
	status = run_line(&line);
	progress_end();
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		say("standard output cannot be written to%s%s", errno ? ": " : "",
		    errno ? strerror(errno) : "");
		return EXIT_FAILED;
	}
	return status;
}
