// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/compared.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/replace.h"
#include "lib/say.h"
#include "parser/read.h"
#include "servers/write.h"

#define FOLDER "/run/straygate"

/* ---- the servers as a policy ------------------------------------------------------------------ */

struct policy *servers_policy(const struct servers *s)
{
	const struct model *m = &s->model;
	struct policy *p = policy_new();
	struct policy_error err = {0};
	char *text = NULL, name[260];
	size_t size = 0, i;
	FILE *f = open_memstream(&text, &size);

	for (i = 0; f && i < m->name_count; i++) {
		if (!named_is_served(&m->names[i]))
			continue;
		name_print(&m->names[i].name, name, sizeof(name));
		fprintf(f, "%s %s\n", m->names[i].flags & NAMED_ZONE ? "zone" : "serve",
			m->names[i].flags & NAMED_ZONE ? m->names[i].name.text : name);
	}
	if (f)
		fclose(f);
	if (!p || !text || policy_read_text(p, "servers", text, size, &err)) {
		say("%s", *err.text ? err.text : strerror(ENOMEM));
		policy_free(p);
		p = NULL;
	}
	free(text);
	return p;
}

/* ---- what is kept --------------------------------------------------------------------------------- */

static void path_of(char out[PATH_MAX], const char *instance)
{
	snprintf(out, PATH_MAX, FOLDER "/%s.servers", instance);
}

static void add_open(struct compared *c, const char *line)
{
	size_t had = c->open ? strlen(c->open) : 0;
	char *grown = realloc(c->open, had + strlen(line) + 1);

	if (!grown)
		return;
	c->open = grown;
	strcpy(grown + had, line);
}

void compared_read(struct compared *c, const char *instance)
{
	char path[PATH_MAX], *line = NULL, *names = NULL;
	struct policy_error err;
	size_t room = 0, size = 0;
	unsigned long long when;
	FILE *f, *out;
	struct stat st;

	memset(c, 0, sizeof(*c));
	path_of(path, instance);
	f = fopen(path, "re");
	if (!f)
		return;
	out = open_memstream(&names, &size);
	if (!fstat(fileno(f), &st) && !st.st_uid && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		while (out && getline(&line, &room, f) > 0) {
			if (sscanf(line, "compared %llu", &when) == 1)
				c->when = when;
			else if (!strncmp(line, "open ", 5))
				add_open(c, line + 5);
			else
				fputs(line, out);
		}
	free(line);
	fclose(f);
	if (out)
		fclose(out);
	c->names = size ? policy_new() : NULL;
	if (c->names && policy_read_text(c->names, path, names, size, &err)) {
		policy_free(c->names);
		c->names = NULL;
	}
	free(names);
}

void compared_free(struct compared *c)
{
	free(c->open);
	policy_free(c->names);
	memset(c, 0, sizeof(*c));
}

/* Up to the blank: the address that a line is about may be said or not. */
bool compared_open(const struct compared *c, const struct rule *listener)
{
	size_t len = strcspn(listener->subject, " ");
	const char *at = c->open;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (strcspn(at, " \n") == len && !strncmp(at, listener->subject, len) &&
		    (at[len] == '\n' || !listener->subject[len] ||
		     !strncmp(at, listener->subject, strlen(listener->subject))))
			return true;
	return false;
}

struct listing {
	char *out;
	size_t size, shown;
};

static void list(const struct name *n, const struct rule *of, void *arg)
{
	struct listing *l = arg;
	char text[260];
	size_t len = strlen(l->out);

	(void)of;
	if (l->shown++ >= 3)
		return;
	name_print(n, text, sizeof(text));
	snprintf(l->out + len, l->size - len, "%s%s", len ? ", " : "", text);
}

size_t compared_missing(const struct compared *c, struct policy *p, char *out, size_t size)
{
	struct listing l = {out, size, 0};
	long names, zones;

	*out = '\0';
	if (!c->names)
		return 0;
	names = policy_forgotten(c->names, p, ST_SERVE, list, &l);
	zones = policy_forgotten(c->names, p, ST_ZONE, list, &l);
	return (names > 0 ? names : 0) + (zones > 0 ? zones : 0);
}

#define DAY 86400

bool compared_is_old(const struct compared *c, bool acts, uint64_t since)
{
	uint64_t last = c->when > since ? c->when : since, now = time(NULL);

	return acts && now > last && now - last > DAY;
}

static void put(const struct name *n, const struct rule *of, void *arg)
{
	char text[260];

	name_print(n, text, sizeof(text));
	fprintf(arg, "%s %s\n", of->statement == ST_ZONE ? "zone" : "serve",
		of->statement == ST_ZONE ? n->text : text);
}

static void write_all(FILE *f, const struct servers *s, struct policy *running)
{
	struct policy *wanted cleanup_policy = running ? servers_policy(s) : NULL;
	char subject[96];
	size_t i;

	if (running)
		fprintf(f, "compared %lld\n", (long long)time(NULL));
	for (i = 0; i < s->found_count; i++) {
		found_subject(&s->found[i], subject);
		if (s->found[i].site.class == SITE_OPEN)
			fprintf(f, "open %s\n", subject);
	}
	if (!wanted)
		return;
	policy_forgotten(wanted, running, ST_SERVE, put, f);
	policy_forgotten(wanted, running, ST_ZONE, put, f);
}

/* It is of use only to root, and no failure of what was asked for. */
void compared_write(const char *instance, const struct servers *s, struct policy *running)
{
	char path[PATH_MAX], *text = NULL;
	size_t len = 0;
	int err = 0;
	FILE *f;

	if (geteuid())
		return;
	f = open_memstream(&text, &len);
	if (f)
		write_all(f, s, running);
	if (!f || fclose(f))
		err = -ENOMEM;
	mkdir(FOLDER, 0755);
	path_of(path, instance);
	if (!err)
		err = replace_runtime_file(AT_FDCWD, path, text, len, 0644);
	if (err)
		say("cannot note what was found: %s: %s", path, strerror(-err));
	free(text);
}
