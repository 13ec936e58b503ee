// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices that have another name now. A device's pins lie under its name, but a
 * program stays attached to the device: where that went, its pins follow.
 */
#include "gate/gate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "host/xdp.h"
#include "lib/say.h"

#define ON_ITS_WAY   "+renamed"
#define RENAMES_MOST 64

struct renames {
	struct {
		char from[NAME_MAX + 1]; /* names of directories */
		char to[IFNAMSIZ];
	} of[RENAMES_MOST];
	size_t count;
};

/* Is this link's program the one that the device of this number runs? In another
 * network namespace the number is another device's. */
static bool runs_there(unsigned int ifindex, uint32_t program)
{
	struct xdp_program on;

	return !xdp_running(ifindex, &on) && on.id == program;
}

/* What its directory should be called; false: that cannot be told. */
static bool name_now(struct gate *g, const char *dir, char out[IFNAMSIZ])
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);
	char name[PIN_NAME_MAX], *c;
	cleanup_fd int link = -1;

	if (snprintf(name, sizeof(name), "%s/link", dir) >= (int)sizeof(name))
		return false;
	link = pin_open_object(g, name);
	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size) || !info.xdp.ifindex ||
	    !if_indextoname(info.xdp.ifindex, out) || !runs_there(info.xdp.ifindex, info.prog_id))
		return false;
	/* bpffs takes no dots. */
	for (c = out; *c; c++)
		if (*c == '.')
			*c = '%';
	return true;
}

static void as_name(char *dir)
{
	for (; *dir; dir++)
		if (*dir == '%')
			*dir = '.';
}

static void find_renamed(struct gate *g, struct renames *r)
{
	DIR *d = opendir(g->dir);
	struct dirent *e;

	while (d && (e = readdir(d)) && r->count < RENAMES_MOST) {
		const char *plus = strchr(e->d_name, '+');

		if (e->d_type != DT_DIR || e->d_name[0] == '.' || (plus && strcmp(plus, ON_ITS_WAY)))
			continue;
		if (!name_now(g, e->d_name, r->of[r->count].to) || !strcmp(r->of[r->count].to, e->d_name))
			continue;
		snprintf(r->of[r->count++].from, sizeof(r->of[0].from), "%s", e->d_name);
	}
	if (d)
		closedir(d);
}

static int move(struct gate *g, const char *from, const char *to)
{
	char old[PATH_MAX + NAME_MAX + 2], new[PATH_MAX + NAME_MAX + 2];

	snprintf(old, sizeof(old), "%s/%s", g->dir, from);
	snprintf(new, sizeof(new), "%s/%s", g->dir, to);
	/* A device of that name that is gone left it. */
	if (strcmp(from, to) && !access(new, F_OK))
		pin_remove_dir(new);
	return rename(old, new) ? -errno : 0;
}

/* In two steps, since names may have been swapped. */
static void take_names(struct gate *g, struct renames *r)
{
	char between[IFNAMSIZ + sizeof(ON_ITS_WAY)];
	size_t i;

	for (i = 0; i < r->count; i++) {
		snprintf(between, sizeof(between), "%s" ON_ITS_WAY, r->of[i].to);
		if (!strcmp(r->of[i].from, between) || !move(g, r->of[i].from, between))
			continue;
		r->of[i].to[0] = 0;
	}
	fault_point();
	for (i = 0; i < r->count; i++) {
		snprintf(between, sizeof(between), "%s" ON_ITS_WAY, r->of[i].to);
		if (!r->of[i].to[0] || move(g, between, r->of[i].to))
			continue;
		as_name(r->of[i].from);
		as_name(r->of[i].to);
		say("%.*s is called %s now", (int)strcspn(r->of[i].from, "+"), r->of[i].from, r->of[i].to);
	}
}

void gate_follow_names(struct gate *g, bool locked)
{
	struct renames r = {0};

	find_renamed(g, &r);
	if (!r.count || (!locked && flock(g->lock, LOCK_EX | LOCK_NB)))
		return;
	take_names(g, &r);
	if (!locked)
		flock(g->lock, LOCK_UN);
}
