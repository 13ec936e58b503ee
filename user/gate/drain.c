// SPDX-License-Identifier: GPL-2.0-or-later
/* Bound visits, as `down` sees them: to be waited for, or to be cut. */
#include "gate/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "bpf/handshake/cookie.h"
#include "host/socket_diag.h"
#include "lib/say.h"

int gate_room(struct gate *g, struct room *out)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(g->maps[GATE_ROOM], &zero, out) ? -errno : 0;
}

/* Says nothing: whatever keeps `down` from this, it has to go on. */
int gate_open_room(struct gate *g)
{
	static const enum gate_map wanted[] = {GATE_META, GATE_ROOM, GATE_BOUND, GATE_SHAKEN_PORTS,
					       GATE_EVENTS};
	uint32_t zero = 0;
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		g->maps[wanted[i]] = pin_open(g, gate_map_names[wanted[i]]);
		if (g->maps[wanted[i]] < 0)
			return -errno;
		if (wanted[i] == GATE_META && (bpf_map_lookup_elem(g->maps[GATE_META], &zero, &g->meta) ||
					       g->meta.layout != STRAYGATE_LAYOUT))
			return -EPROTO;
	}
	return gate_enter_netns(g->meta.netns);
}

/* Has a SYN been answered within the life of a cookie? */
bool gate_cookies_about(struct gate *g)
{
	struct shaken_ports *s = malloc(sizeof(*s));
	uint32_t zero = 0;
	bool about = s && !bpf_map_lookup_elem(g->maps[GATE_SHAKEN_PORTS], &zero, s) && s->cookie_tick &&
		     (monotonic_ns() >> COOKIE_TICK_SHIFT) - s->cookie_tick <= 2;

	free(s);
	return about;
}

/* The map's own memory: a field is written, not the struct over what programs count. */
static struct room *map_room(struct gate *g)
{
	struct room *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED, g->maps[GATE_ROOM], 0);

	return r == MAP_FAILED ? NULL : r;
}

int gate_drain(struct gate *g, bool on)
{
	struct room *r = map_room(g);

	if (!r)
		return fail(-errno, "%s/room: %s", g->dir, strerror(errno));
	__atomic_store_n(&r->draining, on ? FLOW_CLOCK(monotonic_ns()) | 1 : 0, __ATOMIC_RELEASE);
	if (!on)
		__atomic_store_n(&r->cut, 0, __ATOMIC_RELEASE);
	munmap(r, sizeof(*r));
	return 0;
}

bool gate_is_draining(struct gate *g)
{
	struct room r;

	return !gate_room(g, &r) && r.draining;
}

#define BATCH 4096 /* entries a system call */

/* Each batch takes up where the last one ended, in the order of the table's buckets. */
int gate_bound_by_listener(struct gate *g, uint32_t count[LISTENERS_MAX + 1])
{
	struct flow_key *keys = calloc(BATCH, sizeof(*keys));
	struct bound *values = calloc(BATCH, sizeof(*values));
	cleanup_fd int fd = pin_open(g, gate_map_names[GATE_BOUND]);
	int err = keys && values ? fd < 0 ? -errno : 0 : -ENOMEM;
	uint32_t from = 0, to = 0, n, i;
	bool first = true;

	memset(count, 0, (LISTENERS_MAX + 1) * sizeof(*count));
	while (!err) {
		n = BATCH;
		if (bpf_map_lookup_batch(fd, first ? NULL : &from, &to, keys, values, &n, NULL))
			err = -errno;
		for (i = 0; (!err || err == -ENOENT) && i < n; i++)
			count[values[i].listener <= LISTENERS_MAX ? values[i].listener : 0]++;
		from = to;
		first = false;
	}
	free(keys);
	free(values);
	return err == -ENOENT ? 0 : err;
}

typedef void bound_fn(const struct flow_key *key, const struct bound *b, void *arg);

/* Calls fn for each; entries may be deleted meanwhile, and then some are met twice or
 * not at all: who counts comes again. */
static int each_bound(struct gate *g, unsigned int ifindex, bound_fn *fn, void *arg)
{
	struct flow_key key, next;
	struct flow_key *at = NULL;
	struct bound b;

	while (!bpf_map_get_next_key(g->maps[GATE_BOUND], at, &next)) {
		key = next;
		at = &key;
		if (!bpf_map_lookup_elem(g->maps[GATE_BOUND], &key, &b) && (!ifindex || b.ifindex == ifindex))
			fn(&key, &b, arg);
	}
	return errno == ENOENT ? 0 : -errno;
}

struct counting {
	struct gate *g;
	struct room *room;
	int diag;
	int64_t count;
};

/* One whose socket is gone has nothing that could be translated any more. */
static void count_visit(const struct flow_key *key, const struct bound *b, void *arg)
{
	struct counting *c = arg;

	if (b->agreed & AGREED_LOCAL && c->diag >= 0 && !socket_diag_exists(c->diag, key)) {
		if (!bpf_map_delete_elem(c->g->maps[GATE_BOUND], key))
			__atomic_fetch_sub(&c->room->bound, 1, __ATOMIC_RELAXED);
		return;
	}
	c->count++;
}

int64_t gate_bound(struct gate *g, unsigned int ifindex)
{
	struct counting c = {.g = g, .room = map_room(g)};
	int err;

	if (!c.room)
		return -errno;
	c.diag = socket_diag_open();
	err = each_bound(g, ifindex, count_visit, &c);
	close_fd(&c.diag);
	munmap(c.room, sizeof(*c.room));
	return err ? err : c.count;
}

int64_t gate_bound_elsewise(struct gate *g)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	cleanup_fd int fd = pin_open(g, gate_map_names[GATE_BOUND]);
	uint8_t key[256];
	bool first = true;
	int64_t count = 0;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) || info.key_size > sizeof(key))
		return 0;
	for (; !bpf_map_get_next_key(fd, first ? NULL : key, key); first = false)
		count++;
	return count;
}

/* The host's own RST leaves by tc egress, translated, and ends the entry there. */
static void cut_visit(const struct flow_key *key, const struct bound *b, void *arg)
{
	struct counting *c = arg;

	if (!(b->agreed & AGREED_LOCAL) || c->diag < 0 || socket_diag_destroy(c->diag, key))
		c->count++;
}

int64_t gate_cut(struct gate *g, unsigned int ifindex)
{
	struct counting c = {.g = g, .room = map_room(g)};
	int err;

	if (!c.room)
		return -errno;
	__atomic_store_n(&c.room->cut, 1, __ATOMIC_RELEASE);
	c.diag = socket_diag_open();
	err = each_bound(g, ifindex, cut_visit, &c);
	close_fd(&c.diag);
	munmap(c.room, sizeof(*c.room));
	return err ? err : c.count;
}
