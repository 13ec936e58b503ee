// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/gate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gate/object.h"
#include "host/lock.h"
#include "lib/say.h"

const char *const gate_map_names[GATE_MAPS] = {
	[GATE_CONTROL] = "control",
	[GATE_IMAGES] = "images",
	[GATE_RULE_COUNTERS] = "rule_counters",
	[GATE_BUCKETS] = "buckets",
	[GATE_CLIENTS] = "clients",
	[GATE_CLIENT_ROOM] = "client_room",
	[GATE_FLOWS] = "flows",
	[GATE_FLOW_ENDS] = "flow_ends",
	[GATE_PARTIALS] = "partials",
	[GATE_PIECES] = "pieces",
	[GATE_QUESTIONS] = "questions",
	[GATE_HELD] = "held",
	[GATE_EARLY] = "early",
	[GATE_INTRODUCED] = "introduced",
	[GATE_FIRST_DATA] = "first_data",
	[GATE_BOUND] = "bound",
	[GATE_ENDED] = "ended",
	[GATE_ROOM] = "room",
	[GATE_SHAKEN_PORTS] = "shaken_ports",
	[GATE_WAYS] = "ways",
	[GATE_HALF_OPEN] = "half_open",
	[GATE_SHAKE] = "shake",
	[GATE_ENGAGEMENTS] = "engagements",
	[GATE_ALARMS] = "alarms",
	[GATE_ALARM_COUNTS] = "alarm_counts",
	[GATE_PACE] = "pace",
	[GATE_FAMILIAR] = "familiar",
	[GATE_LEARNED] = "learned",
	[GATE_STRAY_TALLIES] = "stray_tallies",
	[GATE_REGULARS] = "regulars",
	[GATE_STRAY_NAMES] = "stray_names",
	[GATE_STRAY_SUFFIXES] = "stray_suffixes",
	[GATE_STRAY_SOURCES] = "stray_sources",
	[GATE_EVENTS] = "events",
	[GATE_SCRATCH] = "scratch",
	[GATE_TAPS] = "taps",
	[GATE_TAP_CPUS] = "tap_cpus",
	[GATE_TAP_RINGS] = "tap_rings",
	[GATE_EXPLAINED] = "explained",
	[GATE_META] = "meta",
};

void gate_close(struct gate *g)
{
	int i;

	for (i = 0; i < GATE_MAPS; i++)
		close_fd(&g->maps[i]);
	close_fd(&g->lock);
}

int gate_enter_netns(const char *name)
{
	char path[PATH_MAX];
	struct stat wanted, here;
	cleanup_fd int fd = -1;

	if (!name[0])
		return 0;
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(-errno, "network namespace %s: %s; see `ip netns list`", name, strerror(errno));
	/* Whoever is there already needs no privilege for it. */
	if (!fstat(fd, &wanted) && !stat("/proc/self/ns/net", &here) && wanted.st_dev == here.st_dev &&
	    wanted.st_ino == here.st_ino)
		return 0;
	if (setns(fd, CLONE_NEWNET))
		return fail(-errno, "cannot enter network namespace %s: %s%s", name, strerror(errno),
			    errno == EPERM ? "; run as root (CAP_SYS_ADMIN)" : "");
	return 0;
}

bool gate_name_fits(const char *instance)
{
	size_t n = strspn(instance, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n && !instance[n] && n < sizeof(((struct gate *)NULL)->instance);
}

static int name_instance(struct gate *g, const char *instance)
{
	if (!gate_name_fits(instance))
		return -EINVAL;
	strcpy(g->instance, instance);
	snprintf(g->dir, sizeof(g->dir), "%s/%s", GATE_ROOT, instance);
	return 0;
}

/* bpf(2) answers EPERM where files would say EACCES; say what is lacking. */
static int no_access(const struct gate *g, int err)
{
	if (err == EROFS)
		return fail(-err, "%s: %s; `mount -o remount,rw %s`", g->dir, strerror(err), BPFFS);
	if (g->read_only && (err == EACCES || err == EPERM))
		return fail(-err,
			    "%s: %s; run as root, or as one of the group that `straygate up --group` names",
			    g->dir, strerror(err));
	if (err == EACCES || err == EPERM)
		return fail(-err, "%s: %s; run as root (CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON)", g->dir,
			    strerror(err));
	return fail(-err, "%s: %s", g->dir, strerror(err));
}

static int wait_for_lock(struct gate *g)
{
	char what[INSTANCE_LIMIT + 16];

	snprintf(what, sizeof(what), "instance %s", g->instance);
	return lock_exclusive(g->lock, what);
}

/* One command at a time changes an instance. The lock is that of the directory
 * itself: nothing is left behind when its holder is killed. Whoever may not
 * write there anyway is told before he waits. Says nothing. */
static int take_lock(struct gate *g, enum gate_access access)
{
	struct stat locked, now;
	int err;

	do {
		close_fd(&g->lock);
		g->lock = open(g->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (g->lock < 0 || fstat(g->lock, &locked))
			return -errno;
		g->shared = locked.st_mode & S_ISGID;
		if (access != GATE_WRITE)
			return 0;
		if (eaccess(g->dir, W_OK))
			return -errno;
		err = wait_for_lock(g);
		if (err)
			return err;
		if (stat(g->dir, &now))
			return -errno;
		/* Who held it may have taken the gate away, and another made it anew. */
	} while (locked.st_ino != now.st_ino);
	return 0;
}

bool gate_is_gone(const struct gate *g)
{
	struct stat here, now;

	return stat(g->dir, &now) || fstat(g->lock, &here) || now.st_ino != here.st_ino;
}

bool gate_pause(struct gate *g, unsigned int usec)
{
	flock(g->lock, LOCK_UN);
	usleep(usec);
	return !wait_for_lock(g) && !gate_is_gone(g);
}

/* The same for making an instance, and for clearing away one that is half made. */
static int lock_root(void)
{
	int fd = open(GATE_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

static int read_meta(struct gate *g)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(g->maps[GATE_META], &zero, &g->meta))
		return no_access(g, errno);
	if (g->meta.layout == STRAYGATE_LAYOUT)
		return 0;
	return fail(-EPROTO,
		    "instance %s runs with layout %u (build %s), this build has layout %u; `straygate down`, "
		    "then `up` again (its counters are lost)",
		    g->instance, g->meta.layout, g->meta.build, STRAYGATE_LAYOUT);
}

/* What `status` and `show` want; see may_be_shared(). */
static const bool read_by_all[GATE_MAPS] = {
	[GATE_CONTROL] = true,	   [GATE_FLOWS] = true,	      [GATE_FLOW_ENDS] = true,
	[GATE_ENGAGEMENTS] = true, [GATE_STRAY_NAMES] = true, [GATE_STRAY_SOURCES] = true,
	[GATE_META] = true,	   [GATE_ROOM] = true,	      [GATE_ALARMS] = true,
	[GATE_PACE] = true,	   [GATE_EVENTS] = true,      [GATE_STRAY_SUFFIXES] = true,
	[GATE_LEARNED] = true,	   [GATE_CLIENT_ROOM] = true,
};

static int open_maps(struct gate *g)
{
	int i;

	/* meta first: nothing else may be touched before the layout is known. */
	for (i = GATE_MAPS - 1; i >= 0; i--) {
		if (g->read_only && !read_by_all[i])
			continue;
		g->maps[i] = pin_open(g, gate_map_names[i]);
		if (g->maps[i] < 0)
			return errno == ENOENT
				       ? fail(-EIO, "%s/%s is missing; `straygate down` clears the rest",
					      g->dir, gate_map_names[i])
				       : no_access(g, errno);
		if (i == GATE_META) {
			int err = read_meta(g);

			if (err)
				return err;
		}
	}
	return 0;
}

/* What is pinned in some other bpffs cannot be seen, and may well be running. */
static int not_mounted(void)
{
	return fail(-ENODEV,
		    "%s is no bpffs here, so a running gate cannot be seen; `mount -t bpf bpf %s`, or leave "
		    "`ip netns exec`",
		    BPFFS, BPFFS);
}

static int is_instance(const struct dirent *entry)
{
	return gate_name_fits(entry->d_name);
}

int gate_not_up(int err, const char *instance, const char *advice)
{
	struct dirent **others;
	char up[400] = "";
	int i, count = scandir(GATE_ROOT, &others, is_instance, alphasort);

	for (i = 0; i < count; i++) {
		size_t n = strlen(up);

		snprintf(up + n, sizeof(up) - n, "%s%.31s", i ? ", " : "", others[i]->d_name);
		free(others[i]);
	}
	if (count >= 0)
		free(others);
	return fail(err, "instance %s is not up%s%s%s; %s", instance, *up ? " (up: " : "", up, *up ? ")" : "",
		    advice);
}

int gate_open(struct gate *g, const char *instance, enum gate_access access)
{
	char advice[80];
	int err = name_instance(g, instance);

	if (err)
		return err;
	g->read_only = access == GATE_READ;
	err = take_lock(g, access);
	if (err == -ENOENT && !pin_mounted())
		return not_mounted();
	if (err == -ENOENT) {
		snprintf(advice, sizeof(advice), "`straygate up DEV%s%s` starts it",
			 strcmp(instance, "default") ? " --instance " : "",
			 strcmp(instance, "default") ? instance : "");
		return gate_not_up(err, instance, advice);
	}
	if (err)
		return no_access(g, -err);
	err = open_maps(g);
	if (!err)
		err = gate_enter_netns(g->meta.netns);
	if (!err)
		gate_follow_names(g, access == GATE_WRITE);
	return err;
}

int gate_open_any(struct gate *g, const char *instance)
{
	char half_made[PATH_MAX];
	cleanup_fd int root = -1;
	int err = name_instance(g, instance);

	if (err)
		return err;
	if (!pin_mounted())
		return not_mounted();
	snprintf(half_made, sizeof(half_made), "%s/%.31s+new", GATE_ROOT, instance);
	root = lock_root();
	pin_remove_dir(half_made);
	close_fd(&root);
	err = take_lock(g, GATE_WRITE);
	return err && err != -ENOENT ? no_access(g, -err) : err;
}

int gate_note_build(struct gate *g)
{
	memcpy(g->meta.build, gate_build, sizeof(g->meta.build));
	return gate_write_meta(g);
}

int gate_write_meta(struct gate *g)
{
	uint32_t zero = 0;

	return bpf_map_update_elem(g->maps[GATE_META], &zero, &g->meta, BPF_ANY) ? no_access(g, errno) : 0;
}

static int pin_maps(struct gate *g, struct bpf_object *object)
{
	struct bpf_map *map;
	int i, err;

	for (i = 0; i < GATE_MAPS; i++) {
		map = bpf_object__find_map_by_name(object, gate_map_names[i]);
		if (!map)
			return fail(-ENOENT, "the object has no map %s", gate_map_names[i]);
		err = pin_put(g, gate_map_names[i], bpf_map__fd(map));
		if (err)
			return err;
		g->maps[i] = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		if (g->maps[i] < 0)
			return -errno;
	}
	return 0;
}

/* What the map of bound visits was made with. */
static uint64_t bound_limit(const struct gate *g)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(g->maps[GATE_BOUND], &info, &size) ? BOUND_MAX : info.max_entries;
}

static int write_first_meta(struct gate *g, const char *netns)
{
	struct control control = {
		.word = CONTROL_WORD(CONTROL_NO_SLOT, CONTROL_NO_SLOT, 0, 0),
	};
	struct room room = {.limit = bound_limit(g)};
	struct pace pace = alarm_pace();
	uint32_t zero = 0;

	g->meta = (struct meta){
		.layout = STRAYGATE_LAYOUT,
	};
	snprintf(g->meta.netns, sizeof(g->meta.netns), "%s", netns ? netns : "");
	if (bpf_map_update_elem(g->maps[GATE_CONTROL], &zero, &control, BPF_ANY) ||
	    bpf_map_update_elem(g->maps[GATE_ROOM], &zero, &room, BPF_ANY) ||
	    bpf_map_update_elem(g->maps[GATE_PACE], &zero, &pace, BPF_ANY))
		return no_access(g, errno);
	return gate_note_build(g);
}

/* The maps of a new instance, complete before they get their name. */
static int make_instance(struct gate *g, const char *netns, uint32_t bound)
{
	__attribute__((cleanup(object_close))) struct bpf_object *object = NULL;
	struct gate fresh = *g;
	int err;

	snprintf(fresh.dir, sizeof(fresh.dir), "%s/%s+new", GATE_ROOT, g->instance);
	pin_remove_dir(fresh.dir);
	err = pin_make_dir(&fresh, fresh.dir);
	if (err)
		return no_access(g, -err);
	err = object_make(&object, bound);
	if (!err)
		err = pin_maps(&fresh, object);
	if (!err)
		err = write_first_meta(&fresh, netns);
	fault_point();
	if (!err && rename(fresh.dir, g->dir))
		err = no_access(g, errno);
	if (err) {
		pin_remove_dir(fresh.dir);
		return err;
	}
	memcpy(g->maps, fresh.maps, sizeof(g->maps));
	g->meta = fresh.meta;
	err = take_lock(g, GATE_WRITE);
	return err ? no_access(g, -err) : 0;
}

static bool is_there(const struct gate *g)
{
	struct stat s;

	return !stat(g->dir, &s);
}

static int same_netns(const struct gate *g, const char *netns)
{
	if (!netns || !strcmp(netns, g->meta.netns))
		return 0;
	return fail(-EEXIST, "instance %s is in network namespace \"%s\", not \"%s\"; use --instance",
		    g->instance, g->meta.netns, netns);
}

int gate_make(struct gate *g, const char *instance, const char *netns, uint32_t bound)
{
	cleanup_fd int root = -1;
	int err = name_instance(g, instance);

	if (err)
		return err;
	if (netns && strlen(netns) >= sizeof(g->meta.netns))
		return fail(-ENAMETOOLONG, "network namespace \"%.40s...\": name too long", netns);
	if (is_there(g)) {
		err = gate_open(g, instance, GATE_WRITE);
		return err ? err : same_netns(g, netns);
	}
	err = pin_mount();
	if (err)
		return err;
	if (mkdir(GATE_ROOT, 0700) && errno != EEXIST)
		return no_access(g, errno);
	err = gate_enter_netns(netns ? netns : "");
	root = lock_root();
	/* Another command may have been quicker. */
	if (!err && is_there(g)) {
		close_fd(&root);
		return gate_make(g, instance, netns, bound);
	}
	return err ? err : make_instance(g, netns, bound);
}

/* Links first: from then on no packet is judged, whatever happens next. */
int gate_destroy(struct gate *g)
{
	struct gate_device *devices;
	size_t count, i;
	int err = gate_devices(g, &devices, &count);

	if (!err) {
		for (i = 0; i < count; i++)
			gate_detach(g, devices[i].name);
		gate_devices_free(devices, count);
	}
	err = pin_remove_dir(g->dir);
	if (err)
		return no_access(g, -err);
	rmdir(GATE_ROOT);
	return 0;
}
