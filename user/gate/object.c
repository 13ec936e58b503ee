// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/object.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "lib/progress.h"
#include "lib/say.h"
#include "straygate.skel.h"

#ifndef STRAYGATE_BUILD
#define STRAYGATE_BUILD "unknown"
#endif
const char gate_build[64] = STRAYGATE_BUILD;

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	if (!say_debug || (level == LIBBPF_DEBUG && say_debug < 2))
		return 0;
	progress_hide();
	vfprintf(stderr, format, args);
	progress_unhide();
	return 0;
}

/* "0-3,8-11": the last number is the highest. Not how many there are, which is
 * less where ids are left out. */
size_t cpu_ids(void)
{
	static size_t ids;
	char text[256] = "", *last = text;
	FILE *f = ids ? NULL : fopen("/sys/devices/system/cpu/possible", "re");

	if (f) {
		if (fgets(text, sizeof(text), f))
			for (char *at = text; *at; at++)
				last = *at == '-' || *at == ',' ? at + 1 : last;
		ids = strtoul(last, NULL, 10) + 1;
		fclose(f);
	}
	return ids ? ids : (size_t)libbpf_num_possible_cpus();
}

/* Owns the skeleton's object; the skeleton itself is only a way in. */
static int open_object(struct bpf_object **object)
{
	const void *data;
	size_t size;

	libbpf_set_print(print);
	data = straygate_bpf__elf_bytes(&size);
	*object = bpf_object__open_mem(data, size, NULL);
	return *object ? 0 : fail(-errno, "the BPF object of this build: %s", strerror(errno));
}

void object_close(struct bpf_object **object)
{
	bpf_object__close(*object);
}

int object_try(void)
{
	__attribute__((cleanup(object_close))) struct bpf_object *object = NULL;
	struct bpf_program *p;
	int err = open_object(&object);

	if (err)
		return err;
	bpf_object__for_each_program(p, object)
		bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), "straygate"));
	return bpf_object__load(object);
}

/* The first of the privileges that are needed and not there; NULL: all are. */
static const char *lacking(void)
{
	static const struct {
		unsigned int number;
		const char *name;
	} needed[] = {{CAP_BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_PERFMON, "CAP_PERFMON"}};
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2] = {0};
	size_t i;

	if (syscall(SYS_capget, &head, caps))
		return NULL;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!(caps[needed[i].number / 32].effective >> needed[i].number % 32 & 1))
			return needed[i].name;
	return NULL;
}

/* EACCES is also what the verifier says of a program that it does not like, and
 * that cannot be helped by whoever has all privileges. */
bool lacks_privilege(int err)
{
	return err == -EPERM || (err == -EACCES && lacking());
}

static int cannot_load(int err)
{
	struct utsname u = {0};

	uname(&u);
	if (lacks_privilege(err))
		return fail(err,
			    "the kernel refuses to load a BPF program: %s; %s is lacking, run as root "
			    "(CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON)",
			    strerror(-err), lacking() ? lacking() : "some privilege");
	if (err == -ENOMEM)
		return fail(err,
			    "no memory in the kernel for what the gate remembers: %s; that is about 120 MB, "
			    "which a limit of this command's cgroup must allow as well",
			    strerror(-err));
	return fail(err,
		    "kernel %s does not take the program: %s; Linux 6.1 or later with BTF is needed, "
		    "see `straygate features` (--debug shows the verifier's output)",
		    u.release, strerror(-err));
}

/* How large a piece is goes by the machine: the kernel takes its word for all of
 * them from this one. */
static int size_pieces(struct bpf_object *object, int piece)
{
	const char *name = gate_map_names[GATE_RULE_COUNTERS];

	return bpf_map__set_inner_map_fd(bpf_object__find_map_by_name(object, name), piece);
}

static int size_map(struct bpf_object *object, enum gate_map map, size_t entries)
{
	return bpf_map__set_max_entries(bpf_object__find_map_by_name(object, gate_map_names[map]),
					(uint32_t)entries);
}

int object_make(struct bpf_object **object, uint32_t bound)
{
	cleanup_fd int piece = rule_counters_piece();
	struct bpf_program *p;
	int err = open_object(object);

	if (err)
		return err;
	err = piece < 0 ? piece : size_pieces(*object, piece);
	if (!err)
		err = size_map(*object, GATE_ALARM_COUNTS, cpu_ids() * (LISTENERS_MAX + 1));
	if (!err && bound)
		err = size_map(*object, GATE_BOUND, bound);
	if (err)
		return cannot_load(err);
	bpf_object__for_each_program(p, *object) bpf_program__set_autoload(p, false);
	err = bpf_object__load(*object);
	return err ? cannot_load(err) : 0;
}

void loaded_close(struct loaded *l)
{
	bpf_object__close(l->object);
	*l = (struct loaded)LOADED_INIT;
}

static int reuse(struct bpf_object *object, const char *name, int fd)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		return -ENOENT;
	return fd < 0 ? 0 : bpf_map__reuse_fd(map, fd);
}

static int share_maps(struct gate *g, struct loaded *l)
{
	int i, err = 0;

	for (i = 0; i < GATE_MAPS && !err; i++)
		err = reuse(l->object, gate_map_names[i], g->maps[i]);
	if (!err)
		err = reuse(l->object, "counters", l->counters);
	if (!err)
		err = reuse(l->object, "crossings", l->crossings);
	if (!err)
		err = reuse(l->object, "device", l->device);
	if (!err)
		err = reuse(l->object, "chain", l->chain);
	return err ? fail(err, "the maps of instance %s do not fit this build: %s", g->instance,
			  strerror(-err))
		   : 0;
}

static int program_fd(struct bpf_object *object, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(object, name));
}

static int map_fd(struct bpf_object *object, const char *name)
{
	return bpf_map__fd(bpf_object__find_map_by_name(object, name));
}

/* An object with the programs that are named, NULL behind the last, on the instance's
 * maps, to be loaded. */
static int prepare(struct gate *g, struct loaded *l, const char *const *names)
{
	struct bpf_program *p;
	const char *const *name;
	int err = open_object(&l->object);

	if (err)
		return err;
	bpf_object__for_each_program(p, l->object)
	{
		for (name = names; *name && strcmp(bpf_program__name(p), *name); name++)
			;
		bpf_program__set_autoload(p, *name);
	}
	return share_maps(g, l);
}

static void note_loaded(struct loaded *l, const char *const *names)
{
	l->program = program_fd(l->object, names[0]);
	l->ingress = program_fd(l->object, "straygate_ingress");
	l->egress = program_fd(l->object, "straygate_egress");
	l->counters = map_fd(l->object, "counters");
	l->crossings = map_fd(l->object, "crossings");
	l->device = map_fd(l->object, "device");
	l->chain = map_fd(l->object, "chain");
}

static int load(struct gate *g, struct loaded *l, const char *const *names)
{
	int err = prepare(g, l, names);

	if (err)
		return err;
	progress(NULL, 0, "the kernel verifies the programs");
	err = bpf_object__load(l->object);
	progress_end();
	if (err)
		return cannot_load(err);
	note_loaded(l, names);
	return 0;
}

int object_load(struct gate *g, struct loaded *l)
{
	static const char *const names[] = {"straygate", "straygate_ingress", "straygate_egress", NULL};

	return load(g, l, names);
}

/* One way of several; -EINVAL: not this one. -EBUSY is not said either: functions of that
 * program are replaced (freplace), and it cannot be called (prog_fd_array_get_ptr() in
 * kernel/bpf/arraymap.c: Linux 6.13, and stable kernels since). */
static int load_chain(struct gate *g, struct loaded *l, const char *name, enum bpf_attach_type type,
		      int behind)
{
	const char *const names[] = {name, "straygate_ingress", "straygate_egress", NULL};
	struct loaded fresh = *l;
	uint32_t zero = 0;
	int err = prepare(g, &fresh, names);

	if (!err) {
		bpf_program__set_expected_attach_type(bpf_object__find_program_by_name(fresh.object, name),
						      type);
		progress(NULL, 0, "the kernel verifies the programs");
		err = bpf_object__load(fresh.object);
		progress_end();
	}
	if (!err && l->chain < 0 &&
	    bpf_map_update_elem(map_fd(fresh.object, "chain"), &zero, &behind, BPF_ANY))
		err = -errno;
	if (err) {
		bpf_object__close(fresh.object);
		return err == -EINVAL || err == -EBUSY ? err : cannot_load(err);
	}
	note_loaded(&fresh, names);
	*l = fresh;
	return 0;
}

/* A map of programs has those alone that are all made for frames in pieces, or none; and
 * from Linux 6.18 those of one expected attach type, which older loaders leave at 0. None
 * of that can be asked of a program. */
int object_load_chain(struct gate *g, struct loaded *l, int behind)
{
	static const struct {
		const char *name;
		enum bpf_attach_type type;
	} ways[] = {
		{"straygate_chain", BPF_XDP},
		{"straygate_chain_linear", BPF_XDP},
		{"straygate_chain", (enum bpf_attach_type)0},
		{"straygate_chain_linear", (enum bpf_attach_type)0},
	};
	int err = -EINVAL;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && err == -EINVAL; i++)
		err = load_chain(g, l, ways[i].name, ways[i].type, behind);
	return err;
}

int object_load_explain(struct gate *g, struct loaded *l)
{
	static const char *const names[] = {"straygate_explain", NULL};

	return load(g, l, names);
}
