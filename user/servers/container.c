// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/container.h"

#include <ctype.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/process.h"

#define ID_LEN	       64 /* hexadecimal digits */
#define ANCESTORS_MOST 64

/* ---- by whoever started it ---------------------------------------------------------------------- */

static bool is_program(unsigned int pid, const char *name)
{
	char path[64], exe[PATH_MAX], *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	len = readlink(path, exe, sizeof(exe) - 1);
	exe[len > 0 ? len : 0] = '\0';
	slash = strrchr(exe, '/');
	return slash && !strcmp(slash + 1, name);
}

/* conmon, which is the parent of what podman starts: "-c ID ... -n NAME". */
static const char *by_conmon(struct model *m, unsigned int pid)
{
	char path[64], bytes[4096], *at;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	f = fopen(path, "re");
	len = f ? fread(bytes, 1, sizeof(bytes) - 1, f) : 0;
	if (f)
		fclose(f);
	bytes[len] = '\0';
	for (at = bytes; at < bytes + len; at += strlen(at) + 1)
		if (!strcmp(at, "-n") && at + 3 < bytes + len)
			return model_print(m, "container %.60s (podman)", at + 3);
	return NULL;
}

static const char *by_parents(struct model *m, pid_t pid)
{
	unsigned int at = (unsigned int)pid, parent;
	uid_t uid;
	int i;

	for (i = 0; i < ANCESTORS_MOST && !process_status(at, &parent, &uid) && parent > 1; i++) {
		if (is_program(parent, "conmon"))
			return by_conmon(m, parent);
		at = parent;
	}
	return NULL;
}

/* ---- by its control group --------------------------------------------------------------------------- */

static const struct {
	const char *prefix, *kind;
} groups[] = {
	{"docker-", "docker"},	   {"libpod-", "podman"},  {"cri-containerd-", "kubernetes"},
	{"crio-", "kubernetes"},   {"lxc.payload.", NULL}, {"machine-", NULL},
	{"systemd-nspawn@", NULL},
};

static bool is_id(const char *text)
{
	size_t len = strspn(text, "0123456789abcdef");

	return len == ID_LEN && (!text[len] || !strcmp(text + len, ".scope"));
}

/* The name that Docker has for it, in its usual place. */
static const char *docker_name(struct model *m, const char *id)
{
	const char *name = NULL, *text;
	char path[160];
	json_t *j;

	snprintf(path, sizeof(path), "/var/lib/docker/containers/%.64s/config.v2.json", id);
	j = json_load_file(path, 0, NULL);
	text = json_string_value(json_object_get(j, "Name"));
	if (text && text[0] == '/')
		name = model_print(m, "container %.60s (docker)", text + 1);
	json_decref(j);
	return name;
}

static const char *named(struct model *m, const char *kind, const char *id)
{
	const char *name = !strcmp(kind, "docker") ? docker_name(m, id) : NULL;

	return name ? name : model_print(m, "container %.12s (%s)", id, kind);
}

/* One part of the path; NULL: it says nothing. */
static const char *by_group(struct model *m, const char *part, bool below_docker)
{
	size_t i, len;

	if (below_docker && is_id(part))
		return named(m, "docker", part);
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		len = strlen(groups[i].prefix);
		if (strncmp(part, groups[i].prefix, len))
			continue;
		if (groups[i].kind && is_id(part + len))
			return named(m, groups[i].kind, part + len);
		if (!groups[i].kind)
			return model_print(m, "container %.*s", (int)strcspn(part + len, "."), part + len);
	}
	return NULL;
}

/* From the root on: what stands below the container's own group is its own to name. */
static const char *by_path(struct model *m, char *path)
{
	const char *name = NULL;
	bool docker = false;
	char *part;

	while (!name && (part = strsep(&path, "/"))) {
		name = by_group(m, part, docker);
		docker = !strcmp(part, "docker");
	}
	return name;
}

static const char *by_groups(struct model *m, pid_t pid)
{
	char path[64], line[PATH_MAX], *at;
	const char *name = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	f = fopen(path, "re");
	while (f && !name && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		at = strchr(line, '/');
		name = at ? by_path(m, at + 1) : NULL;
	}
	if (f)
		fclose(f);
	return name;
}

const char *container_of(struct model *m, pid_t pid)
{
	const char *name = by_parents(m, pid);

	if (!name)
		name = by_groups(m, pid);
	return name ? name : "a container";
}
